"""Judges the pages of /docs in a real browser: the reference, the console and the guide.

judge-docs.py API CHROMEDRIVER CLIENT_FILE WORK OUT

API: the service's address. CHROMEDRIVER: the driver's. CLIENT_FILE: a first-client.json; what it
says is typed into the console and never printed. WORK: where the browser's profile goes. OUT: where
screenshots go on failure.
"""

import json
import pathlib
import sys
import time

from browser import PATIENCE, Browser, Fault, Refused, faults, fetch, judge
from docs_console import judge_console

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# The lowest contrast of a text with what lies behind it, as WCAG has it.
CONTRAST = """
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
    const light = colour => {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const clear = colour => colour === "transparent" || colour === "rgba(0, 0, 0, 0)";
    let lowest = [22, ""];
    for (const element of document.querySelectorAll("body *")) {
        if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
        let behind = element;
        while (behind.parentElement && clear(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
        const pair = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(light);
        const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
        if (contrast < lowest[0]) lowest = [contrast, element.outerHTML.slice(0, 120)];
    }
    return lowest"""

# The operations whose section is drawn, with their code sample; goes on by a screen or two.
DRAWN = """
    const drawn = [...document.querySelectorAll('section[id*="/tag/"]')].filter(e => e.querySelector('code.hljs'));
    const before = scrollY;
    scrollBy(0, 2 * innerHeight);
    if (scrollY === before) scrollTo(0, 0);
    return drawn.map(e => e.id.replace(/^.*?[/]tag[/]/, ''))"""

api, driver, client_file, work, out = sys.argv[1:]


def operations_of(document):
    return {
        (method, path)
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


def judge_logs(browser, page):
    """No error in the browser's console, and no request to anybody else, since this was last asked."""
    browser.read_logs()
    # An answer of the API that is an error is judged by its status, where it was asked for.
    errors = [text for level, source, text in browser.messages
              if "Content Security Policy" in text
              or level == "SEVERE" and not (source == "network" and text.startswith(f"{api}/v1/"))]
    judge(not errors, f"{page}: no error in the browser's console", "; ".join(errors))
    strangers = sorted({
        address for address in browser.requested
        if not address.startswith((f"{api}/", "data:", f"blob:{api}/"))
    })
    judge(not strangers, f"{page}: none of {len(browser.requested)} requests to another host", "; ".join(strangers))
    judge(f"{api}{page}" in browser.requested, f"{page}: the log of requests is whole")
    browser.messages.clear()
    browser.requested.clear()


def judge_reference(browser, document, wanted):
    began = time.monotonic()
    browser.open(f"{api}/docs/")
    side = "aside li[data-sidebar-id]"
    browser.wait("the list of operations", lambda: browser.find(side))
    sample = "section[id*='/tag/'] code.hljs"
    browser.wait("a code sample", lambda: any("curl" in text for text in browser.texts(sample)))
    print(f"the reference is there after {time.monotonic() - began:.1f} s")

    tags = browser.run(f"""
        const links = [...document.querySelectorAll("{side} > * > a[href^='#tag/']")];
        return links.map(e => e.getAttribute('href').slice(5)).filter(tag => !tag.includes('/'))""")
    wanted_tags = [tag["name"] for tag in document["tags"]]
    judge(tags == wanted_tags, f"all {len(wanted_tags)} tags are there, in order", f"{tags}, not {wanted_tags}")

    browser.run("""for (const e of document.querySelectorAll('aside li[data-sidebar-id*="/tag/"] button[aria-expanded=false]'))
                     e.click()""")
    listed = {f"{tag}/{method.upper()}{path}" for method, path in wanted
              for tag in document["paths"][path][method]["tags"]}

    def in_list():
        links = browser.run("return [...document.querySelectorAll(\"aside a[href^='#tag/']\")].map(e => e.getAttribute('href'))")
        return listed <= {link.removeprefix("#tag/") for link in links}

    browser.wait("every operation in the list", in_list)
    judge(True, f"all {len(listed)} operations are listed")
    end = time.monotonic() + 5 * PATIENCE
    missing = set(listed)
    while missing and time.monotonic() < end:
        missing -= set(browser.run(DRAWN))
    judge(not missing, f"all {len(listed)} operations are drawn, with a code sample", f"not {sorted(missing)}")

    browser.run("scrollTo(0, 0)")
    browser.click("aside button:has(.sidebar-search-placeholder)")
    browser.type("[role=dialog] input[role=combobox]", "submit an assessment")
    found = "[role=option][id$='/POST/v1/assessments/{id}/submit']"
    browser.click(found)
    at = "#tag/assessments/POST/v1/assessments/{id}/submit"
    browser.wait("the operation that was found", lambda: browser.run("return decodeURI(location.hash)") == at)
    judge(True, "the search finds an operation")


def judge_guide(browser):
    pages, answered = {}, set()
    for language in ("ja", "en"):
        first = f"{api}/docs/guide/{language}/"
        browser.open(first)
        links = browser.run("return [...document.querySelectorAll('.pages > ol > li > a')].map(e => e.href)")
        pages[language] = links
        judge(links[:1] == [first] and len(set(links)) == len(links), f"the list of {len(links)} pages begins with this one")
        for link in links:
            browser.open(link)
            there = link.replace(f"/guide/{language}/", f"/guide/{'en' if language == 'ja' else 'ja'}/")
            told = browser.run("""return {
                language: document.documentElement.lang, title: document.querySelector('main h1')?.textContent,
                scripts: document.scripts.length, styled: document.querySelectorAll('style, [style]').length,
                twin: [...document.querySelectorAll('.bar a[hreflang]')].some(e => e.href === arguments[0]),
                marked: document.querySelector('.pages a[aria-current]')?.href === location.href}""", there)
            title = told.pop("title")
            holds = {"language": language, "scripts": 0, "styled": 0, "twin": True, "marked": True}
            judge(title and told == holds, f"{language}: {title}", f"{told}")
            for width, dark in ((390, True), (1280, False)):
                browser.look(width, dark)
                contrast, where = browser.run(CONTRAST)
                judge(contrast >= 4.5, f"{'dark' if dark else 'light'}: contrasts from {contrast:.1f}", where)
                wide = browser.run("return document.documentElement.scrollWidth")
                judge(wide <= width, f"no wider than {width}", f"{wide}")
            for address in browser.run("return [...document.querySelectorAll('nav a, .bar a')].map(e => e.href)"):
                if address not in answered:
                    fetch(address)
                    answered.add(address)
    swapped = [link.replace("/guide/ja/", "/guide/en/") for link in pages["ja"]]
    judge(swapped == pages["en"], "the same pages in both languages", f"{pages}")


document = json.loads(fetch(f"{api}/openapi.json"))
wanted = operations_of(document)
client = json.loads(pathlib.Path(client_file).read_text(encoding="utf-8"))
browser = Browser(driver, work, out)
try:
    print(f"chromium {browser.version}, {api}/docs/", flush=True)
    for page, ask in (
        ("/docs/", lambda: judge_reference(browser, document, wanted)),
        ("/docs/console/", lambda: judge_console(browser, api, document, wanted, client)),
        ("/docs/guide/ja/", lambda: judge_guide(browser)),
    ):
        try:
            ask()
            judge_logs(browser, page)
        except (Fault, Refused) as fault:
            judge(False, f"{page}: {fault}")
            browser.read_logs()
            for level, source, text in browser.messages:
                print(f"console, {level}, {source}: {text}")
            browser.screenshot(f"failure-{page.strip('/').replace('/', '-')}.png")
finally:
    browser.quit()

if faults:
    sys.exit(f"docs: FAILED, {len(faults)} faults: {'; '.join(faults)}")
print(f"docs: {len(wanted)} operations in reference and console, authorize works, GET 200, POST 201; the guide in two languages")
