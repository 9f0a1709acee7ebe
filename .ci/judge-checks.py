"""Counts the tester's checks by name and outcome, its cases by phase, and the statuses of each operation, chains too, from
its events: judge-checks.py < EVENTS > COUNTS

Runs in the tester's own Python, and so knows every check that the tester has.
"""

import collections
import json
import sys

from schemathesis.checks import CHECKS, load_all_checks

load_all_checks()
checks = {name: collections.Counter() for name in sorted(CHECKS.get_all_names())}
phases: collections.Counter[str] = collections.Counter()
statuses: dict[str, collections.Counter[int]] = {}
for line in sys.stdin:
    scenario = json.loads(line).get("ScenarioFinished")
    if not scenario:
        continue
    recorder = scenario.get("recorder") or {}
    phases[scenario["phase"]] += len(recorder.get("cases") or {})
    for name, case in (recorder.get("cases") or {}).items():
        response = ((recorder.get("interactions") or {}).get(name) or {}).get("response") or {}
        operation = f"{case['value']['method']} {case['value']['path']}"
        statuses.setdefault(operation, collections.Counter())[response.get("status_code")] += 1
    for outcomes in (recorder.get("checks") or {}).values():
        for outcome in outcomes:
            checks.setdefault(outcome["name"], collections.Counter())[outcome["status"]] += 1
json.dump({"checks": checks, "phases": phases, "statuses": statuses}, sys.stdout)
