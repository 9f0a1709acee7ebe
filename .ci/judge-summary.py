"""Sums up the tester's report in a few lines; fails if the run itself was not whole.

judge-summary.py ENGINE REPORT CHECKS STATUS PHASES
"""

import json
import pathlib
import sys

engine, path, counted, status = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), int(sys.argv[4])
if not path.exists():
    sys.exit(f"judge-server {engine}: no report; the tester did not run")
report = json.loads(path.read_text(encoding="utf-8"))
operations, cases = report["operations"] or {}, report["test_cases"]

faults = []
if not report["complete"]:
    faults.append(f"the run ended early: {report['stop_reason']}")
if not operations.get("total") or operations.get("tested") != operations.get("selected"):
    faults.append(f"only {operations.get('tested')} of {operations.get('selected')} operations were tested")
for name in sys.argv[5].split(","):
    phase = (report["phases"] or {}).get(name) or {"status": "absent", "skip_reason": None}
    # A document without examples has nothing to do in that phase.
    if phase["status"] in ("skip", "absent") and name != "examples":
        faults.append(f"phase {name} did not run: {phase['skip_reason']}")

counts = json.loads(counted.read_text(encoding="utf-8") or '{"checks": {}, "phases": {}, "statuses": {}}')
print("cases by phase: " + ", ".join(f"{phase} {count}" for phase, count in counts["phases"].items()))
for name, outcomes in counts["checks"].items():
    print(f"check {name}: " + (", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())) or "never made"))
    if not outcomes:
        faults.append(f"check {name} was never made")
if not counts["checks"]:
    faults.append("no checks were counted")

document = json.loads(pathlib.Path("openapi/openapi.json").read_text(encoding="utf-8"))
known = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
answered = {operation: statuses for operation, statuses in counts["statuses"].items() if operation in known}
never = sorted(name for name, statuses in answered.items() if not any(code.startswith("2") for code in statuses))
print(f"operations that answered 2xx, chains too: {len(answered) - len(never)}; never: {'; '.join(never) or 'none'}")
# A sandbox's three are all within reach; of the others some need what the tester does not come by in its time.
if never and engine == "sandbox":
    faults.append(f"never answered 2xx: {'; '.join(never)}")
for failure in report["failures"]:
    print(f"{failure['severity']}: {failure['title']} ({failure['count']}): {'; '.join(failure['operations'])}")
for error in report["errors"]:
    print(f"error: {error['title']} ({error['count']})")
for fault in faults:
    print(f"fault: {fault}")
failed = bool(status or faults or report["failures"] or report["errors"])
print(
    f"judge-server {engine}: {operations.get('tested')} of {operations.get('total')} operations, "
    f"{cases['generated']} cases, {cases['unique_failures']} distinct failures in {cases['with_failures']} cases, "
    f"{report['running_time']:.0f} s, seed {report['seed']}: {'FAILED' if failed else 'passed'}"
)
sys.exit(1 if failed else 0)
