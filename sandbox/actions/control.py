"""Orders to the runner, and a run's page for people."""

from html import escape
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.actions.records import WAITING, Run
from sandbox.actions.rest import Desk
from sandbox.actions.runner import BEHAVIOURS
from sandbox.codehost.forge import FULL_NAME
from sandbox.codehost.pages import page, table
from sandbox.codehost.refusals import Refused
from sandbox.control import body_of

_ROOT = f"/github/{FULL_NAME}/actions/runs/{{run:int}}"


def routes(desk: Desk) -> list[BaseRoute]:
    async def actions(request: Request) -> Response:
        """{next: ok|fail|hang|gate|never}: what the next run will do."""
        asked = (await body_of(request)).get("next")
        if asked not in BEHAVIOURS:
            return JSONResponse({"message": f"next is one of {', '.join(BEHAVIOURS)}."}, 422)
        desk.book.next = str(asked)
        desk.book.keep()
        return JSONResponse({"next": asked}, 201)

    async def approve_gate(request: Request) -> Response:
        """{run_id, login, state?}: a required reviewer answers."""
        asked = await body_of(request)
        state = str(asked.get("state", "approved"))
        return await run_in_threadpool(_answer, desk, str(asked.get("run_id")), str(asked.get("login")), state)

    async def cancel_run(request: Request) -> Response:
        """{run_id}: somebody cancels it."""
        try:
            desk.runner.cancel(_run(desk, str((await body_of(request)).get("run_id"))))
        except Refused as refused:
            return JSONResponse(refused.body(), refused.status)
        return JSONResponse({}, 202)

    async def show(request: Request) -> Response:
        return _page(desk, request.path_params["run"])

    async def approve_on_page(request: Request) -> Response:
        login = parse_qs((await request.body()).decode()).get("login", [""])[0]
        run_id = request.path_params["run"]
        answer = await run_in_threadpool(_answer, desk, str(run_id), login, "approved")
        return answer if answer.status_code >= 400 else RedirectResponse(f"../{run_id}", status_code=303)

    return [
        Route("/control/actions", actions, methods=["POST"]),
        Route("/control/approve-gate", approve_gate, methods=["POST"]),
        Route("/control/cancel-run", cancel_run, methods=["POST"]),
        Route(_ROOT, show),
        Route(_ROOT + "/approve", approve_on_page, methods=["POST"]),
    ]


def line(desk: Desk, run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "sha": run.sha,
        "title": run.title,
        "actor": run.actor,
        "status": run.status,
        "conclusion": run.conclusion,
        "words": run.words,
        "at": run.updated_at,
        "steps": [{"name": step.name, "status": step.status, "conclusion": step.conclusion} for step in run.steps],
        "url": f"{desk.book.forge.links.page}/actions/runs/{run.id}",
    }


def _run(desk: Desk, run_id: str) -> Run:
    return desk.book.run(int(run_id) if run_id.isdecimal() else 0)


def _answer(desk: Desk, run_id: str, login: str, state: str) -> Response:
    try:
        run = _run(desk, run_id)
        desk.runner.answer_gate(run, login, state)
    except Refused as refused:
        return JSONResponse(refused.body(), refused.status)
    return JSONResponse(line(desk, run), 201)


def _page(desk: Desk, run_id: int) -> Response:
    if run_id not in desk.book.runs:
        return HTMLResponse("No such run.", 404)
    run = desk.book.runs[run_id]
    steps = [[escape(step.name), step.status, step.conclusion or ""] for step in run.steps]
    buttons = ""
    if run.status == WAITING:
        people = "".join(f'<button name=login value="{who}">Approve as {who}</button>' for who in run.gate_reviewers)
        buttons = f'<h2>Waiting for a required reviewer</h2><form method=post action="{run.id}/approve">{people}</form>'
    words = f"<p><strong>{run.conclusion or run.status}</strong> {escape(run.words)} · <code>{run.sha[:10]}</code></p>"
    return page(f"{run.title} · run {run.number}", words, table(["step", "status", "conclusion"], steps), buttons)
