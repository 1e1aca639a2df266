"""Slack's Web API, as much of it as the console uses, and people who press its buttons.

Errors are HTTP 200 with `ok: false`: https://api.slack.com/web
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import secrets, slack_press
from sandbox.control import body_of
from sandbox.forms import form_of
from sandbox.parts import Memory, Part
from sandbox.slack_blocks import Unfit, check_blocks
from sandbox.slack_press import TEAM
from sandbox.world import World

CHANNELS = {"C0ENGINC1DT": "engineering-incidents", "C0GENERAL01": "general"}
PEOPLE = ("oncall", "engineer", "reviewer", "cto", "ciso", "dba", "auditor", "administrator", "deputy")
BOT_USER, BOT = "U0R0LLBACK1", "B0R0LLBACK1"
_DOMAIN = "acme.example"
_LONGEST_TEXT = 40_000
SCOPES = "chat:write,channels:history,users:read,users:read.email"
_MOST_ON_A_PAGE = 999

Asked = Mapping[str, Any]
Answer = dict[str, Any]


class SlackError(Exception):
    """Refused by the name Slack gives the refusal."""


class SlackPart:
    name = "slack"
    world: World
    memory: Memory
    messages: list[Answer]
    opened: list[str]

    async def start(self, world: World) -> None:
        self.world, self.memory = world, world.memory(self.name)
        kept = self.memory.read()
        self.messages, self.opened = kept.get("messages", []), kept.get("opened", [])

    async def stop(self, world: World) -> None:
        """Nothing runs here."""

    def routes(self, world: World) -> list[BaseRoute]:
        methods: dict[str, Callable[[Asked], Answer]] = {
            "auth.test": self.auth_test,
            "chat.postMessage": self.post_message,
            "chat.update": self.update,
            "conversations.history": self.history,
            "conversations.open": self.open_direct,
            "conversations.list": self.list_channels,
            "users.lookupByEmail": self.look_up_by_email,
            "users.info": self.user_info,
        }

        async def call(request: Request) -> Response:
            return await _answered(request, methods)

        return [
            Route("/slack/api/{method}", call, methods=["GET", "POST"]),
            Route("/slack/archives/{channel}/{message}", _to_the_page),
            Route("/control/slack/press", self.press, methods=["POST"]),
        ]

    def state(self) -> dict[str, object]:
        """A direct message's `to` is its person; `buttons` are those that can be pressed."""
        people = {direct_id(person): person for person in self.opened}
        seen = [
            {**one, "to": people.get(one["channel"], ""), "buttons": slack_press.buttons_of(one)}
            for one in self.messages[-30:]
        ]
        return {"channels": CHANNELS, "people": PEOPLE, "messages": seen}

    async def press(self, request: Request) -> Response:
        """{channel, ts, action_id, person}: that person presses that button, and the console is told, signed."""
        asked = await body_of(request)
        message = next((one for one in self.messages if (one["channel"], one["ts"]) == _place(asked)), None)
        button = _named(asked.get("action_id"), slack_press.buttons_of(message) if message else [])
        person = str(asked.get("person", ""))
        if message is None or button is None or person not in PEOPLE:
            raise HTTPException(422, "There is no such message, button or person.")
        told = {"user": user_id(person), "name": person, "address": self.world.address}
        delivery = slack_press.press(message, button, **told)
        self.world.journal.record(self.name, "button.pressed", key=delivery.key, value=button.get("value", ""))
        self.world.spawn(self.world.deliveries.deliver(delivery))
        return JSONResponse({"pressed": button["action_id"], "by": person})

    def auth_test(self, asked: Asked) -> Answer:
        who = {"team": "acme", "user": "rollback-console", "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT}
        return {"url": f"{self.world.address}/slack/", **who, "is_enterprise_install": False}

    def post_message(self, asked: Asked) -> Answer:
        """Two posts with one key are two messages: Slack promises no deduplication, and the journal is the judge."""
        channel = self._channel(asked)
        message = _message(asked) | {"ts": self._next_ts(), "channel": channel}
        self.messages.append(message)
        self._keep("message.posted", message)
        return {"channel": channel, "ts": message["ts"], "message": _shown(message, with_metadata=True)}

    def update(self, asked: Asked) -> Answer:
        channel, ts = self._channel(asked), str(asked.get("ts", ""))
        found = next((one for one in self.messages if (one["channel"], one["ts"]) == (channel, ts)), None)
        if found is None:
            raise SlackError("message_not_found")
        found.update(_message({"metadata": found.get("metadata"), **asked}), edited={"user": BOT_USER, "ts": ts})
        self._keep("message.updated", found)
        return {"channel": channel, "ts": ts, "text": found["text"], "message": _shown(found, with_metadata=True)}

    def history(self, asked: Asked) -> Answer:
        """Newest first, from after `oldest`; `cursor` goes on where the page before ended."""
        channel, limit = self._channel(asked), _limit(asked)
        oldest, latest = float(asked.get("oldest") or 0), str(asked.get("cursor") or asked.get("latest") or "")
        inclusive, with_metadata = _is_true(asked.get("inclusive")), _is_true(asked.get("include_all_metadata"))
        found = [
            one
            for one in reversed(self.messages)
            if one["channel"] == channel
            and (float(one["ts"]) > oldest or (inclusive and float(one["ts"]) == oldest))
            and (not latest or float(one["ts"]) < float(latest))
        ]
        page, more = found[:limit], len(found) > limit
        shown = [_shown(one, with_metadata=with_metadata) for one in page]
        cursor = {"response_metadata": {"next_cursor": page[-1]["ts"] if more else ""}}
        return {"messages": shown, "has_more": more, "pin_count": 0, **cursor}

    def open_direct(self, asked: Asked) -> Answer:
        """The same person always has the same channel; it is there once it was opened."""
        person = next((one for one in PEOPLE if user_id(one) == asked.get("users")), None)
        if person is None:
            raise SlackError("user_not_found" if asked.get("users") else "users_list_not_supplied")
        already = person in self.opened
        if not already:
            self.opened.append(person)
            self._write()
        return {"no_op": already, "already_open": already, "channel": {"id": direct_id(person)}}

    def list_channels(self, asked: Asked) -> Answer:
        channels = [_channel_shown(channel, name) for channel, name in CHANNELS.items()]
        return {"channels": channels, "response_metadata": {"next_cursor": ""}}

    def look_up_by_email(self, asked: Asked) -> Answer:
        person, _, domain = str(asked.get("email", "")).partition("@")
        if person not in PEOPLE or domain != _DOMAIN:
            raise SlackError("users_not_found")
        return {"user": _person(person)}

    def user_info(self, asked: Asked) -> Answer:
        person = next((one for one in PEOPLE if user_id(one) == asked.get("user")), None)
        if person is None:
            raise SlackError("user_not_found")
        return {"user": _person(person)}

    def _next_ts(self) -> str:
        newest = float(self.messages[-1]["ts"]) if self.messages else 0.0
        return f"{max(time.time(), newest + 1e-6):.6f}"

    def _channel(self, asked: Asked) -> str:
        """A channel's id, or its name with or without `#`; an open conversation's id."""
        wanted = str(asked.get("channel", ""))
        by_name = {name: channel for channel, name in CHANNELS.items()}
        here = {*CHANNELS, *map(direct_id, self.opened)}
        channel = wanted if wanted in here else by_name.get(wanted.removeprefix("#"))
        if channel is None:
            raise SlackError("channel_not_found")
        return channel

    def _write(self) -> None:
        self.memory.write({"messages": self.messages, "opened": self.opened})

    def _keep(self, effect: str, message: Answer) -> None:
        self._write()
        key = message.get("metadata", {}).get("event_payload", {}).get("key", "")
        self.world.journal.record(
            self.name, effect, key=str(key), ts=message["ts"], channel=message["channel"], text=message["text"]
        )


def part() -> Part:
    return SlackPart()


def user_id(person: str) -> str:
    return f"U0{person.upper():0<9.9}"


def direct_id(person: str) -> str:
    return f"D0{person.upper():0<9.9}"


async def _to_the_page(request: Request) -> Response:
    """A message's own address leads to where messages are shown."""
    return RedirectResponse("/#chat-title")


def _place(asked: Asked) -> tuple[str, str]:
    return str(asked.get("channel", "")), str(asked.get("ts", ""))


def _named(action: object, buttons: list[Answer]) -> Answer | None:
    return next((button for button in buttons if button.get("action_id") == action), None)


async def _answered(request: Request, methods: Mapping[str, Callable[[Asked], Answer]]) -> Response:
    method = methods.get(request.path_params["method"], _unknown)
    try:
        asked = await _asked(request)
        _check_token(request, asked)
        return JSONResponse({"ok": True, **method(asked)}, headers={"X-OAuth-Scopes": SCOPES})
    except SlackError as refused:
        return JSONResponse({"ok": False, "error": str(refused)})


def _unknown(asked: Asked) -> Answer:
    raise SlackError("unknown_method")


async def _asked(request: Request) -> Asked:
    """Arguments from the query, a form, or JSON; in a form, `blocks` and `metadata` are JSON texts."""
    asked: Answer = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        asked |= _read_json(await request.body() or b"{}", "invalid_json")
    elif request.method == "POST":
        asked |= await form_of(request)
    return {name: _unpacked(name, value) for name, value in asked.items()}


def _unpacked(name: str, value: object) -> object:
    if name in ("blocks", "metadata") and isinstance(value, str):
        return _read_json(value, "invalid_blocks_format" if name == "blocks" else "invalid_metadata_format")
    return value


def _read_json(text: str | bytes, refusal: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as wrong:
        raise SlackError(refusal) from wrong


def _check_token(request: Request, asked: Asked) -> None:
    token = request.headers.get("authorization", "").removeprefix("Bearer ") or str(asked.get("token", ""))
    if not token:
        raise SlackError("not_authed")
    if token != secrets.SLACK_TOKEN:
        raise SlackError("invalid_auth")


def _message(asked: Asked) -> Answer:
    text, blocks, metadata = str(asked.get("text") or ""), asked.get("blocks") or [], asked.get("metadata")
    if not text and not blocks:
        raise SlackError("no_text")
    if len(text) > _LONGEST_TEXT:
        raise SlackError("msg_too_long")
    try:
        message: Answer = {"text": text, "blocks": check_blocks(blocks)}
    except Unfit as unfit:
        raise SlackError("invalid_blocks") from unfit
    if metadata:
        message["metadata"] = _checked_metadata(metadata)
    return message


def _checked_metadata(metadata: object) -> Answer:
    """https://api.slack.com/reference/metadata: an event_type and a flat event_payload."""
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    return metadata


def _shown(message: Answer, *, with_metadata: bool) -> Answer:
    hidden = {"channel"} if with_metadata else {"channel", "metadata"}
    said = {name: value for name, value in message.items() if name not in hidden}
    return {"type": "message", "user": BOT_USER, "bot_id": BOT, "team": TEAM, **said}


def _limit(asked: Asked) -> int:
    try:
        limit = int(asked.get("limit") or 100)
    except ValueError as wrong:
        raise SlackError("invalid_limit") from wrong
    return max(1, min(limit, _MOST_ON_A_PAGE))


def _is_true(value: object) -> bool:
    return str(value).lower() in ("1", "true")


def _channel_shown(channel: str, name: str) -> Answer:
    return {"id": channel, "name": name, "is_channel": True, "is_member": True, "is_archived": False}


def _person(person: str) -> Answer:
    profile = {"email": f"{person}@{_DOMAIN}", "real_name": person, "display_name": person}
    return {
        "id": user_id(person),
        "team_id": TEAM,
        "name": person,
        "deleted": False,
        "is_bot": False,
        "profile": profile,
    }
