"""Small pages for people, where GitHub's html_url would lead. They say on every one that this is the sandbox."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.codehost.accounts import PEOPLE
from sandbox.codehost.forge import DEFAULT_BRANCH, FULL_NAME, Forge
from sandbox.codehost.records import CommitStatus, PullRequest
from sandbox.codehost.refusals import Refused
from sandbox.codehost.repository import FileChange

_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:0 1rem 3rem;
  color:light-dark(#1c2733,#e6eaf0);background:light-dark(#fff,#14181f)}
h1{overflow-wrap:anywhere}a{color:light-dark(#1d4fb8,#8db4ff)}
.sandbox{background:light-dark(#fff3c4,#332b0e);border:1px solid light-dark(#d9a400,#8a6d12);border-radius:6px;
  padding:.4rem .8rem;margin:1rem 0}
code,pre{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}pre{white-space:pre-wrap}
table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}
button{font:inherit;padding:.4rem .8rem;margin:.2rem .4rem .2rem 0;cursor:pointer}
.muted{color:light-dark(#5b6875,#a3afbd)}
"""
Html = str
_ENDS = ("completed", "not_planned")


def page(title: str, *sections: Html) -> HTMLResponse:
    """A page of trusted `sections`; whatever came from outside was escaped when they were made."""
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)} · sandbox</title><link rel=icon href='data:,'><style>{_STYLE}</style>"
        f"<main><p class=sandbox><strong>Sandbox.</strong> This is not GitHub: it is the demo's own code host, "
        f"and nothing here reaches the outside world.</p><h1>{escape(title)}</h1>{''.join(sections)}</main></html>"
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[Html]]) -> Html:
    head = "".join(f"<th>{escape(word)}" for word in heads)
    return f"<table><tr>{head}{''.join('<tr>' + ''.join(f'<td>{cell}' for cell in row) for row in rows)}</table>"


def link(address: str, words: str) -> Html:
    return f'<a href="{escape(address)}">{escape(words)}</a>'


def routes(forge: Callable[[], Forge]) -> list[BaseRoute]:
    root = f"/github/{FULL_NAME}"

    async def pull(request: Request) -> Response:
        return await run_in_threadpool(pull_page, forge(), request.path_params["number"])

    async def approve(request: Request) -> Response:
        login = parse_qs((await request.body()).decode()).get("login", [""])[0]
        return await run_in_threadpool(approve_as, forge(), request.path_params["number"], login)

    async def comment(request: Request) -> Response:
        asked = {name: said[0] for name, said in parse_qs((await request.body()).decode()).items()}
        number, login = request.path_params["number"], asked.get("login", "")
        return await run_in_threadpool(comment_as, forge(), number, login, asked.get("body", ""))

    async def issue(request: Request) -> Response:
        return await run_in_threadpool(issue_page, forge(), request.path_params["number"])

    async def settle(request: Request) -> Response:
        asked = {name: said[0] for name, said in parse_qs((await request.body()).decode()).items()}
        return await run_in_threadpool(settle_issue, forge(), request.path_params["number"], asked)

    async def commit(request: Request) -> Response:
        return await run_in_threadpool(commit_page, forge(), request.path_params["sha"])

    async def commits(request: Request) -> Response:
        return await run_in_threadpool(commits_page, forge())

    return [
        Route(root, commits),
        Route(root + "/pull/{number:int}", pull),
        Route(root + "/pull/{number:int}/approve", approve, methods=["POST"]),
        Route(root + "/pull/{number:int}/comment", comment, methods=["POST"]),
        Route(root + "/issues/{number:int}", issue),
        Route(root + "/issues/{number:int}/settle", settle, methods=["POST"]),
        Route(root + "/commit/{sha}", commit),
    ]


def commits_page(forge: Forge) -> Response:
    rows = [
        [link(f"{forge.links.page}/commit/{one.sha}", one.sha[:10]), escape(one.title), escape(one.author.who.name)]
        for one in forge.repository.log(DEFAULT_BRANCH, limit=50)
    ]
    return page(FULL_NAME, table(["commit", "title", "author"], rows))


def commit_page(forge: Forge, sha: str) -> Response:
    found = forge.repository.resolve(sha)
    if found is None:
        return HTMLResponse("No such commit.", 404)
    commit = forge.repository.commit(found)
    files = forge.repository.changed_files(commit.parents[0], found) if commit.parents else []
    who = (
        f"<p class=muted>{escape(commit.author.who.name)}, {commit.author.at:%Y-%m-%d %H:%M} UTC, <code>{found}</code>"
    )
    return page(commit.title, who, f"<pre>{escape(commit.message)}</pre>", _files(files))


def pull_page(forge: Forge, number: int, notice: str = "") -> Response:
    with forge.store.lock:
        if number not in forge.store.pulls:
            return HTMLResponse("No such pull request.", 404)
        pull = forge.pulls.get(number)
        files = forge.repository.changed_files(pull.base_sha, pull.head_sha)
        statuses = forge.store.statuses_of(pull.head_sha)
    state = "merged" if pull.merged else pull.state
    words = (
        f"{escape(pull.author)} wants to merge <code>{escape(pull.head_ref)}</code> into <code>{pull.base_ref}</code>"
    )
    reviews = [
        [escape(review.login), escape(review.state), escape(review.body), review.submitted_at]
        for review in pull.reviews
    ]
    return page(
        f"{pull.title} #{number}",
        f"<p class=sandbox role=alert>{escape(notice)}</p>" if notice else "",
        f"<p><strong>{state}</strong> · {words}</p><pre>{escape(pull.body)}</pre>",
        _files(files),
        "<h2>Reviews</h2>",
        table(["who", "state", "words", "when"], reviews) if reviews else "<p class=muted>None yet.</p>",
        _statuses(statuses),
        _buttons(pull),
        _comment_form(pull),
    )


def issue_page(forge: Forge, number: int) -> Response:
    with forge.store.lock:
        found = forge.store.issues.get(number)
    if found is None:
        return HTMLResponse("No such issue.", 404)
    reason = f" ({escape(found.state_reason)})" if found.state_reason else ""
    buttons = "".join(f"<button name=state value={each}>Close as {each}</button>" for each in _ENDS)
    who = "<input type=hidden name=login value=engineer>"
    form = f'<form method=post action="{number}/settle">{who}{buttons}</form>' if found.state == "open" else ""
    said = f"<p><strong>{found.state}</strong>{reason} · {escape(found.author)}</p><pre>{escape(found.body)}</pre>"
    return page(f"{found.title} #{number}", said, form)


def settle_issue(forge: Forge, number: int, asked: Mapping[str, str]) -> Response:
    """Close it as one of the demo's people."""
    if asked.get("login") not in PEOPLE or asked.get("state") not in _ENDS:
        return HTMLResponse("Nobody of that name, or no such end.", 400)
    with forge.store.lock:
        forge.issues.set_state(number, asked["login"], state="closed", reason=asked["state"])
    return RedirectResponse(f"{forge.links.page}/issues/{number}", status_code=303)


def approve_as(forge: Forge, number: int, login: str) -> Response:
    """Submit an approving review as one of the demo's people; a refusal is shown on the page."""
    if login not in PEOPLE:
        return HTMLResponse("Nobody of that name.", 400)
    try:
        forge.pulls.review(number, login, event="APPROVE")
    except Refused as refused:
        return pull_page(forge, number, notice=refused.message)
    return RedirectResponse(f"{forge.links.page}/pull/{number}", status_code=303)


def comment_as(forge: Forge, number: int, login: str, body: str) -> Response:
    """Submit a review that only says something, which its author may do, too, and on a merged pull request."""
    if login not in PEOPLE:
        return HTMLResponse("Nobody of that name.", 400)
    forge.pulls.review(number, login, event="COMMENT", body=body)
    return RedirectResponse(f"{forge.links.page}/pull/{number}", status_code=303)


def _files(files: list[FileChange]) -> Html:
    rows = [
        [f"<code>{escape(file.path)}</code>", file.status, f"+{file.additions} −{file.deletions}"] for file in files
    ]
    return "<h2>Files</h2>" + table(["file", "change", "lines"], rows)


def _statuses(statuses: Sequence[CommitStatus]) -> Html:
    """The newest of each context, where anybody has set one."""
    newest = {status.context: status for status in reversed(statuses)}
    rows = [[escape(each.context), each.state, escape(each.description)] for each in newest.values()]
    return "<h2>Statuses</h2>" + table(["context", "state", "words"], rows) if rows else ""


def _buttons(pull: PullRequest) -> Html:
    if not pull.open:
        return ""
    buttons = "".join(f'<button name=login value="{who}">Approve as {who}</button>' for who in PEOPLE)
    return f'<h2>Review</h2><form method=post action="{pull.number}/approve">{buttons}</form>'


def _comment_form(pull: PullRequest) -> Html:
    buttons = "".join(f'<button name=login value="{who}">Comment as {who}</button>' for who in PEOPLE)
    return (
        f'<form method=post action="{pull.number}/comment"><p><label>A review that only says something<br>'
        f"<input name=body size=60 required></label></p>{buttons}</form>"
    )
