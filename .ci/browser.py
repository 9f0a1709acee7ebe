"""A real browser, by the WebDriver protocol, and what is judged by it."""

import base64
import json
import pathlib
import shutil
import time
import urllib.error
import urllib.request

PATIENCE = 60  # seconds for anything the page does; the cores may be busy compiling
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element, as WebDriver has it

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by a proxy


class Fault(Exception):
    """What the judge says of a page."""


class Refused(Exception):
    """An error of the driver; its code is in `code`."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


def fetch(address):
    """What an address answers, by 200, when no browser asks."""
    try:
        with direct.open(address, timeout=PATIENCE) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise Fault(f"{address} answers {error.code}") from None


def call(driver, method, path, body=None):
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
    """A session of the driver, whose profile is in `work` and whose screenshots go to `out`."""

    def __init__(self, driver, work, out):
        self.driver, self.out = driver, pathlib.Path(out)
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
        begun = call(driver, "POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.at = f"/session/{begun['sessionId']}"
        self.version = begun["capabilities"]["browserVersion"]
        self.messages = []  # of the console: (level, source, text)
        self.requested = []  # addresses of all requests
        self.call("POST", "/window/rect", {"width": 1280, "height": 1600})
        # Leave the browser's own first page, and forget what that one loaded.
        self.open("about:blank")
        self.read_logs()
        self.messages.clear()
        self.requested.clear()

    def call(self, method, path, body=None):
        return call(self.driver, method, self.at + path, body)

    def quit(self):
        self.call("DELETE", "")

    def open(self, address):
        self.call("POST", "/url", {"url": address})

    def run(self, script, *arguments):
        """What a script in the page returns."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, css):
        """All elements that match."""
        return self.call("POST", "/elements", {"using": "css selector", "value": css})

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
            self.call("POST", f"/element/{element}/click")
            return True

        self.wait(f"a click on {css}", clicked)

    def type(self, css, text):
        def typed():
            self.call("POST", f"/element/{self.one(css)}/value", {"text": text})
            return True

        self.wait(f"typing into {css}", typed)

    def read_logs(self):
        """Keeps what the browser logged since the last time."""
        for entry in self.call("POST", "/se/log", {"type": "browser"}):
            self.messages.append((entry["level"], entry.get("source", ""), entry["message"]))
        for entry in self.call("POST", "/se/log", {"type": "performance"}):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                self.requested.append(event["params"]["request"]["url"])
            elif event["method"] == "Network.webSocketCreated":
                self.requested.append(event["params"]["url"])

    def screenshot(self, name):
        # A token may be on the page, in the command that the console shows.
        self.run("""for (const e of document.querySelectorAll('.curl-command')) e.remove();
                    for (const e of document.querySelectorAll('.auth-container input[type=text]')) e.value = '';""")
        (self.out / name).write_bytes(base64.b64decode(self.call("GET", "/screenshot")))
        print(f"screenshot: {self.out / name}")

    def look(self, width, dark):
        """What readers have: a window of this width, and whether they prefer dark pages."""
        sizes = {"width": width, "height": 1600, "deviceScaleFactor": 1, "mobile": False}
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        for command, parameters in (
            ("Emulation.setDeviceMetricsOverride", sizes),
            ("Emulation.setEmulatedMedia", {"features": [feature]}),
        ):
            self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})


# What holds and what doesn't; a fault doesn't keep the rest from being judged.
faults = []


def judge(holds, what, otherwise=""):
    print(f"{'ok' if holds else 'FAULT'}: {what}{'' if holds or not otherwise else f': {otherwise}'}", flush=True)
    if not holds:
        faults.append(what)
