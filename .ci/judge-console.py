"""Judges the console at /docs/ in a real browser, by the WebDriver protocol.

judge-console.py API CHROMEDRIVER CLIENT_FILE WORK OUT

API: the service's address. CHROMEDRIVER: the driver's. CLIENT_FILE: a first-client.json; what it
says is typed into the page and never printed. WORK: where the browser's profile goes. OUT: where
screenshots go on failure.
"""

import base64
import json
import pathlib
import shutil
import sys
import time
import urllib.error
import urllib.request

PATIENCE = 60  # seconds for anything the page does; the cores may be busy compiling
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element, as WebDriver has it

api, driver, client_file, work, out = sys.argv[1:]
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by a proxy


class Fault(Exception):
    """What the judge says of the console."""


class Refused(Exception):
    """An error of the driver; its code is in `code`."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


def call(method, path, body=None):
    """One command to the driver; gives the `value` of its answer."""
    data = None if method in ("GET", "DELETE") else json.dumps(body or {}).encode()
    request = urllib.request.Request(driver + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with direct.open(request, timeout=2 * PATIENCE) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        value = json.load(error)["value"]
        raise Refused(value["error"], value["message"].partition("\n")[0]) from None


class Browser:
    """A session of the driver."""

    def __init__(self):
        flags = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={work}/profile",
            # Offline: no name resolves and no other address than the service's is found.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ]
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": shutil.which("chromium"), "args": flags},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "timeouts": {"pageLoad": PATIENCE * 1000, "script": PATIENCE * 1000, "implicit": 0},
        }
        begun = call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.at = f"/session/{begun['sessionId']}"
        self.version = begun["capabilities"]["browserVersion"]
        self.messages = []  # of the console: (level, source, text)
        self.requested = []  # addresses of all requests
        call("POST", f"{self.at}/window/rect", {"width": 1280, "height": 1600})
        # Leave the browser's own first page, and forget what that one loaded.
        self.open("about:blank")
        self.read_logs()
        self.messages.clear()
        self.requested.clear()

    def quit(self):
        call("DELETE", self.at)

    def open(self, address):
        call("POST", f"{self.at}/url", {"url": address})

    def run(self, script, *arguments):
        """What a script in the page returns."""
        return call("POST", f"{self.at}/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, css):
        """All elements that match."""
        return call("POST", f"{self.at}/elements", {"using": "css selector", "value": css})

    def texts(self, css):
        return self.run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent.trim())", css)

    def wait(self, what, ask):
        """Asks until the answer is true, and gives it; fails after PATIENCE seconds."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                answer = ask()
            except Refused as error:
                # React may have drawn the element anew, or something may yet be moving.
                if error.code not in ("stale element reference", "element click intercepted", "element not interactable"):
                    raise
                answer = None
            if answer:
                return answer
            if time.monotonic() > end:
                raise Fault(f"waited {PATIENCE} s for {what}")
            time.sleep(0.2)

    def one(self, css):
        """The only element that matches, once it is there."""
        found = self.wait(f"one {css}", lambda: self.find(css))
        if len(found) != 1:
            raise Fault(f"{len(found)} elements are {css}")
        return found[0][ELEMENT]

    def click(self, css):
        """Clicks as a user does: it must be seen, and nothing may lie over it."""

        def clicked():
            element = self.one(css)
            self.run("arguments[0].scrollIntoView({block: 'center'})", {ELEMENT: element})
            call("POST", f"{self.at}/element/{element}/click")
            return True

        self.wait(f"a click on {css}", clicked)

    def type(self, css, text):
        def typed():
            call("POST", f"{self.at}/element/{self.one(css)}/value", {"text": text})
            return True

        self.wait(f"typing into {css}", typed)

    def read_logs(self):
        """Keeps what the browser logged since the last time."""
        for entry in call("POST", f"{self.at}/se/log", {"type": "browser"}):
            self.messages.append((entry["level"], entry.get("source", ""), entry["message"]))
        for entry in call("POST", f"{self.at}/se/log", {"type": "performance"}):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                self.requested.append(event["params"]["request"]["url"])
            elif event["method"] == "Network.webSocketCreated":
                self.requested.append(event["params"]["url"])

    def screenshot(self, name):
        path = pathlib.Path(out)
        path.mkdir(parents=True, exist_ok=True)
        # A token may be on the page, in the command that the console shows.
        self.run("""for (const e of document.querySelectorAll('.curl-command')) e.remove();
                    for (const e of document.querySelectorAll('.auth-container input[type=text]')) e.value = '';""")
        (path / name).write_bytes(base64.b64decode(call("GET", f"{self.at}/screenshot")))
        print(f"screenshot: {path / name}")


# What holds and what doesn't; a fault doesn't keep the rest from being judged.
faults = []


def judge(holds, what, otherwise=""):
    print(f"{'ok' if holds else 'FAULT'}: {what}{'' if holds or not otherwise else f': {otherwise}'}", flush=True)
    if not holds:
        faults.append(what)


def operations_of(document):
    return {
        (method, path)
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


def open_tags(browser):
    """Opens every tag; the console has them closed at first."""
    for tag in browser.run("return [...document.querySelectorAll('h3.opblock-tag[data-is-open=false]')].map(e => e.id)"):
        browser.click(f"[id='{tag}']")
        browser.wait(f"{tag} to open", lambda tag=tag: browser.find(f"[id='{tag}'][data-is-open=true]"))


def rendered_operations(browser):
    rows = browser.run("""return [...document.querySelectorAll('.opblock')].map(e => [
        e.querySelector('.opblock-summary-method').textContent.trim().toLowerCase(),
        e.querySelector('.opblock-summary-path').dataset.path])""")
    return [tuple(row) for row in rows]


def authorize(browser, client):
    browser.click(".auth-wrapper .btn.authorize")
    form = ".dialog-ux .auth-container"
    browser.wait("the form of oauth2", lambda: browser.find(f"{form} #client_id_clientCredentials"))
    for name, text in (("client_id", client["client_id"]), ("client_secret", client["client_secret"])):
        field = f"{form} #{name}_clientCredentials"
        browser.type(field, text)
        typed = browser.run("return document.querySelector(arguments[0]).value === arguments[1]", field, text)
        if not typed:
            raise Fault(f"the form's {name} did not take what was typed")
    # The button is the one in the same form as the field; the other form is for `basic`.
    browser.click(f"{form}:has(#client_id_clientCredentials) .btn.authorize")

    def answered():
        return browser.run("""
            const form = [...document.querySelectorAll(arguments[0])].find(e => /OAuth2, clientCredentials/.test(e.textContent));
            const error = form?.querySelector('.errors');
            if (error) return {error: error.textContent};
            const logout = [...(form?.querySelectorAll('button') ?? [])].some(e => e.textContent.trim() === 'Logout');
            return logout ? {text: form.textContent} : null""", form)

    answer = browser.wait("Logout or an error in the form", answered)
    if "error" in answer:
        raise Fault(f"Authorize says: {answer['error']}")
    judge("Authorized" in answer["text"], "Authorize gets a token and offers Logout")
    browser.click(".dialog-ux .close-modal")
    browser.wait("the dialogue to close", lambda: not browser.find(".dialog-ux"))


def execute(browser, method, path):
    """Tries an operation with what the form holds; gives the live status and body."""
    row = browser.run("""const row = [...document.querySelectorAll('.opblock')].find(e =>
        e.querySelector('.opblock-summary-method').textContent.trim().toLowerCase() === arguments[0]
        && e.querySelector('.opblock-summary-path').dataset.path === arguments[1]);
        return row ? row.id : null""", method, path)
    if row is None:
        raise Fault(f"no {method} {path} to try")
    at = f"[id='{row}']"
    browser.click(f"{at} .opblock-summary-control")
    browser.click(f"{at} .try-out__btn")
    browser.click(f"{at} .btn.execute")

    def answered():
        return browser.run("""const live = document.querySelector(`${arguments[0]} .live-responses-table`);
            const status = live?.querySelector('.response .response-col_status')?.textContent.trim();
            return status ? {status, body: live.querySelector('.response .highlight-code, .response .microlight')?.textContent ?? ''}
                          : null""", at)

    answer = browser.wait(f"the live response of {method} {path}", answered)
    # "200", or "200Undocumented" where the document doesn't have it.
    return answer["status"], answer["body"]


def judge_answer(browser, method, path, wanted):
    status, body = execute(browser, method, path)
    judge(status == wanted, f"{method.upper()} {path} is answered by {wanted}", f"{status} {body[:400]}")


def judge_logs(browser, when):
    """No error in the console, and no request to anybody else."""
    browser.read_logs()
    # An answer of the API that is an error is judged by its status, where it was asked for.
    errors = [text for level, source, text in browser.messages
              if "Content Security Policy" in text
              or level == "SEVERE" and not (source == "network" and text.startswith(f"{api}/v1/"))]
    judge(not errors, f"{when}: no error in the browser's console", "; ".join(errors))
    strangers = sorted({
        address for address in browser.requested
        if not address.startswith((f"{api}/", "data:", f"blob:{api}/"))
    })
    judge(not strangers, f"{when}: none of {len(browser.requested)} requests to another host", "; ".join(strangers))
    judge(f"{api}/docs/" in browser.requested, f"{when}: the log of requests is whole")


def judge_console(browser):
    with direct.open(f"{api}/openapi.json", timeout=PATIENCE) as answer:
        document = json.load(answer)
    client = json.loads(pathlib.Path(client_file).read_text(encoding="utf-8"))

    browser.open(f"{api}/docs/")
    browser.wait("the tags", lambda: browser.find("h3.opblock-tag"))
    title = browser.run("return document.querySelector('.info .title')?.firstChild?.textContent.trim()")
    judge(title == document["info"]["title"], "the title is the document's", str(title))
    tags = browser.run("return [...document.querySelectorAll('h3.opblock-tag')].map(e => e.dataset.tag)")
    wanted_tags = [tag["name"] for tag in document["tags"]]
    judge(tags == wanted_tags, f"all {len(wanted_tags)} tags are there, in order", f"{tags}, not {wanted_tags}")

    open_tags(browser)
    wanted = operations_of(document)
    browser.wait("the operations", lambda: len(browser.find(".opblock")) >= len(wanted))
    rendered = rendered_operations(browser)
    judge(len(rendered) == len(wanted) and set(rendered) == wanted, f"all {len(wanted)} operations are rendered",
          f"{len(rendered)}; differing: {sorted(set(rendered) ^ wanted)}")
    problems = browser.texts(".errors-wrapper")
    judge(not problems, "the console finds no fault in the document", "; ".join(problems)[:400])
    judge_logs(browser, "after loading")

    authorize(browser, client)
    judge_answer(browser, "get", "/v1/organizations", "200")
    judge_answer(browser, "post", "/v1/organizations", "201")
    judge_logs(browser, "at the end")
    return len(wanted)


count = 0
browser = Browser()
try:
    print(f"chromium {browser.version}, {api}/docs/", flush=True)
    try:
        count = judge_console(browser)
    except (Fault, Refused) as fault:
        judge(False, str(fault))
    if faults:
        browser.read_logs()
        for level, source, text in browser.messages:
            print(f"console, {level}, {source}: {text}")
        browser.screenshot("failure.png")
finally:
    browser.quit()

if faults:
    sys.exit(f"console: FAILED, {len(faults)} faults: {'; '.join(faults)}")
print(f"console: {count} operations, authorize works, GET 200, POST 201")
