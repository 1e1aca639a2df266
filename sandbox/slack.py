"""Slack's Web API, as much of it as the console uses. Errors are HTTP 200 with `ok: false`: https://api.slack.com/web"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import secrets
from sandbox.forms import form_of
from sandbox.parts import Memory, Part
from sandbox.world import World

CHANNELS = {"C0ENGINC1DT": "engineering-incidents", "C0GENERAL01": "general"}
PEOPLE = ("oncall", "engineer", "reviewer", "cto", "ciso", "dba", "auditor", "administrator")
BOT_USER, BOT, TEAM = "U0R0LLBACK1", "B0R0LLBACK1", "T0ACME00001"
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

    async def start(self, world: World) -> None:
        self.world, self.memory = world, world.memory(self.name)
        self.messages = self.memory.read().get("messages", [])

    async def stop(self, world: World) -> None:
        """Nothing runs here."""

    def routes(self, world: World) -> list[BaseRoute]:
        methods: dict[str, Callable[[Asked], Answer]] = {
            "auth.test": self.auth_test,
            "chat.postMessage": self.post_message,
            "chat.update": self.update,
            "conversations.history": self.history,
            "conversations.list": self.list_channels,
            "users.lookupByEmail": self.look_up_by_email,
            "users.info": self.user_info,
        }

        async def call(request: Request) -> Response:
            return await _answered(request, methods)

        return [Route("/slack/api/{method}", call, methods=["GET", "POST"])]

    def state(self) -> dict[str, object]:
        return {"channels": CHANNELS, "messages": self.messages[-30:]}

    def auth_test(self, asked: Asked) -> Answer:
        who = {"team": "acme", "user": "rollback-console", "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT}
        return {"url": f"{self.world.address}/slack/", **who, "is_enterprise_install": False}

    def post_message(self, asked: Asked) -> Answer:
        """Two posts with one key are two messages: Slack promises no deduplication, and the journal is the judge."""
        channel = _channel(asked)
        message = _message(asked) | {"ts": self._next_ts(), "channel": channel}
        self.messages.append(message)
        self._keep("message.posted", message)
        return {"channel": channel, "ts": message["ts"], "message": _shown(message, with_metadata=True)}

    def update(self, asked: Asked) -> Answer:
        channel, ts = _channel(asked), str(asked.get("ts", ""))
        found = next((one for one in self.messages if (one["channel"], one["ts"]) == (channel, ts)), None)
        if found is None:
            raise SlackError("message_not_found")
        found.update(_message({"metadata": found.get("metadata"), **asked}), edited={"user": BOT_USER, "ts": ts})
        self._keep("message.updated", found)
        return {"channel": channel, "ts": ts, "text": found["text"], "message": _shown(found, with_metadata=True)}

    def history(self, asked: Asked) -> Answer:
        """Newest first, from after `oldest`; `cursor` goes on where the page before ended."""
        channel, limit = _channel(asked), _limit(asked)
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

    def _keep(self, effect: str, message: Answer) -> None:
        self.memory.write({"messages": self.messages})
        key = message.get("metadata", {}).get("event_payload", {}).get("key", "")
        self.world.journal.record(
            self.name, effect, key=str(key), ts=message["ts"], channel=message["channel"], text=message["text"]
        )


def part() -> Part:
    return SlackPart()


def user_id(person: str) -> str:
    return f"U0{person.upper():0<9.9}"


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


def _channel(asked: Asked) -> str:
    """A channel's id, or its name with or without `#`."""
    wanted = str(asked.get("channel", ""))
    by_name = {name: channel for channel, name in CHANNELS.items()}
    channel = wanted if wanted in CHANNELS else by_name.get(wanted.removeprefix("#"))
    if channel is None:
        raise SlackError("channel_not_found")
    return channel


def _message(asked: Asked) -> Answer:
    text, blocks, metadata = str(asked.get("text") or ""), asked.get("blocks") or [], asked.get("metadata")
    if not text and not blocks:
        raise SlackError("no_text")
    if len(text) > _LONGEST_TEXT:
        raise SlackError("msg_too_long")
    _check_blocks(blocks)
    message: Answer = {"text": text, "blocks": blocks}
    if metadata:
        message["metadata"] = _checked_metadata(metadata)
    return message


def _check_blocks(blocks: object) -> None:
    """Validated by slack_sdk's own models; Slack takes at most fifty."""
    if not isinstance(blocks, list) or len(blocks) > 50:
        raise SlackError("invalid_blocks")
    for written in blocks:
        block = Block.parse(written) if isinstance(written, dict) else None
        if block is None or type(block) is Block:
            raise SlackError("invalid_blocks")
        try:
            block.validate_json()
        except SlackObjectFormationError as wrong:
            raise SlackError("invalid_blocks") from wrong


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
