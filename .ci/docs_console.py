"""What is judged of the console at /docs/console/: that one can authorize and try calls."""

from browser import Fault, judge


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


def judge_console(browser, api, document, wanted, client):
    browser.open(f"{api}/docs/console/")
    browser.wait("the tags", lambda: browser.find("h3.opblock-tag"))
    title = browser.run("return document.querySelector('.info .title')?.firstChild?.textContent.trim()")
    judge(title == document["info"]["title"], "the title is the document's", str(title))
    tags = browser.run("return [...document.querySelectorAll('h3.opblock-tag')].map(e => e.dataset.tag)")
    wanted_tags = [tag["name"] for tag in document["tags"]]
    judge(tags == wanted_tags, f"all {len(wanted_tags)} tags are there, in order", f"{tags}, not {wanted_tags}")

    open_tags(browser)
    browser.wait("the operations", lambda: len(browser.find(".opblock")) >= len(wanted))
    rendered = rendered_operations(browser)
    judge(len(rendered) == len(wanted) and set(rendered) == wanted, f"all {len(wanted)} operations are rendered",
          f"{len(rendered)}; differing: {sorted(set(rendered) ^ wanted)}")
    problems = browser.texts(".errors-wrapper")
    judge(not problems, "the console finds no fault in the document", "; ".join(problems)[:400])
    authorize(browser, client)
    judge_answer(browser, "get", "/v1/organizations", "200")
    judge_answer(browser, "post", "/v1/organizations", "201")
