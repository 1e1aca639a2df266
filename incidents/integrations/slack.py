"""The chat that is Slack (S4, D7), by its official client on our own way out."""

import html
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import Request

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from incidents.integrations import slack_blocks
from incidents.integrations.chat import Button, Message
from incidents.integrations.errors import IntegrationError
from incidents.integrations.fields import Fields
from incidents.integrations.outbound import DOUBT, Outbound, unsendable, wait_told
from incidents.integrations.slack_metadata import carrying, key_of

_POST: Final = "chat.postMessage"
_HISTORY: Final = "conversations.history"
_LOOK_UP: Final = "users.lookupByEmail"
_WORKSPACE: Final = "auth.test"
_REVISE: Final = "chat.update"
_DIRECT: Final = "conversations.open"
_WRITES: Final = {_POST, _REVISE}
_DOING: Final = {
    _POST: "posting a message",
    _HISTORY: "looking through the channel",
    _LOOK_UP: "looking up a person",
    _WORKSPACE: "asking for the workspace's address",
    _REVISE: "revising a message",
    _DIRECT: "opening a conversation with a person",
}
_PAGE: Final = 200
_MOST_PAGES: Final = 20
_CLOCKS_APART: Final = timedelta(minutes=1)
_MENTION: Final = re.compile(r"&lt;@([UW][A-Z0-9]+)&gt;")
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
_LIMITS: Final = {"ratelimited", "rate_limited"}
_ITS_FAULT: Final = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
_CHANNEL: Final = "Correct the service's channel in the catalogue: its id (C…), as the channel's details show it."
_CREDENTIAL: Final = "The console's token is wrong or revoked: have an administrator renew it."
_ADVICE: Final = {
    "channel_not_found": _CHANNEL,
    "message_not_found": "Somebody has removed the message.",
    "user_not_found": "Slack knows no such person: have them link their Slack identity anew.",
    "user_disabled": "That person's Slack account is switched off.",
    "invalid_blocks": "Slack does not take the message's buttons.",
    "is_archived": "The channel is archived: restore it, or correct the service's channel in the catalogue.",
    "not_in_channel": "Invite the console's app to the channel, then retry.",
    "missing_scope": "Have an administrator give the console's app the scope it lacks, and install it anew.",
    "msg_too_long": "The message is too long.",
    "restricted_action": "A rule of the workspace forbids it: post by hand.",
    "invalid_auth": _CREDENTIAL,
    "not_authed": _CREDENTIAL,
    "token_revoked": _CREDENTIAL,
    "token_expired": _CREDENTIAL,
    "account_inactive": _CREDENTIAL,
}


class Slack:
    """A Chat. Our key travels in each message's metadata, which is how a message is found again."""

    def __init__(
        self,
        token: str,
        *,
        base_url: str = "https://slack.com/api/",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._out = Outbound("Slack", base_url, headers={}, advice={}, transport=transport)
        self._client = _Client(self._out, token=token.strip(), base_url=f"{base_url.rstrip('/')}/")
        self._workspace = ""

    def find(self, channel: str, *, key: str, since: datetime) -> list[Message]:
        """Slack's clock and ours may differ by a minute."""
        oldest = f"{(since - _CLOCKS_APART).timestamp():.6f}"
        with self._answered(_HISTORY):
            found = [message for message in self._history(channel, oldest) if key_of(message) == key]
            stamps = [(message.text("ts"), message.text("text", default="")) for message in reversed(found)]
        return [Message(channel, ts, html.unescape(text), key, self._url(channel, ts)) for ts, text in stamps]

    def post(self, channel: str, text: str, *, key: str, buttons: Sequence[Button] = ()) -> Message:
        """The text is plain: nothing in it is a link's label or wakes anybody, but for mentions of people (`<@U…>`)."""
        blocks = slack_blocks.with_buttons(_escaped(text), buttons) if buttons else None
        with self._answered(_POST):
            answer = _fields(
                self._client.chat_postMessage(
                    channel=channel,
                    text=_escaped(text),
                    blocks=blocks,
                    metadata=carrying(key),
                    unfurl_links=False,
                    unfurl_media=False,
                )
            )
            channel, ts = answer.text("channel", default=channel), answer.text("ts")
        return Message(channel, ts, text, key, self._url(channel, ts))

    def revise(self, message: Message, text: str) -> None:
        """Without new metadata Slack keeps the old, so the message is still found by its key."""
        with self._answered(_REVISE):
            self._client.chat_update(channel=message.channel, ts=message.ts, text=_escaped(text), blocks=[])

    def direct(self, person: str) -> str:
        """https://docs.slack.dev/reference/methods/conversations.open: the same person, the same channel."""
        with self._answered(_DIRECT):
            return _fields(self._client.conversations_open(users=person)).text("channel", "id")

    def person_by_email(self, email: str) -> str | None:
        with self._answered(_LOOK_UP):
            try:
                return _fields(self._client.users_lookupByEmail(email=email)).text("user", "id")
            except SlackApiError as error:
                if _code(error) == "users_not_found":
                    return None
                raise

    def rights(self) -> frozenset[str] | None:
        """The token's scopes: Slack names them beside every answer (docs.slack.dev, "Inspecting scopes")."""
        with self._answered(_WORKSPACE):
            told = httpx.Headers(self._client.auth_test().headers).get("x-oauth-scopes")
        return None if told is None else frozenset(scope.strip() for scope in told.split(",") if scope.strip())

    def _history(self, channel: str, oldest: str) -> Iterator[Fields]:
        """Newest first; where there is more than we look through, not having found means nothing, so it is an error."""
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = _fields(
                self._client.conversations_history(
                    channel=channel, oldest=oldest, include_all_metadata=True, limit=_PAGE, cursor=cursor or None
                )
            )
            yield from page.each("messages")
            cursor = page.text("response_metadata", "next_cursor", default="")
            if not cursor:
                return
        words = f"Slack's channel has more than {_PAGE * _MOST_PAGES} messages since then: look for ours by hand."
        raise IntegrationError(words, retryable=False)

    def _url(self, channel: str, ts: str) -> str | None:
        """The message's permanent address, None where Slack does not tell it: a link is worth no failure."""
        try:
            with self._answered(_WORKSPACE):
                self._workspace = self._workspace or _fields(self._client.auth_test()).text("url")
        except IntegrationError:
            return None
        return f"{self._workspace.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"

    @contextmanager
    def _answered(self, method: str) -> Iterator[None]:
        try:
            with self._out.understood(_DOING[method], writes=method in _WRITES):
                yield
        except SlackApiError as error:
            raise _refusal(method, error) from None  # its request, which it carries, holds the token
        except UnicodeError:
            raise unsendable("Slack", _DOING[method]) from None


class _Client(WebClient):
    """Slack's client, its requests sent our way: its own would follow a redirect anywhere, token in hand."""

    def __init__(self, out: Outbound, *, token: str, base_url: str) -> None:
        super().__init__(token, base_url, retry_handlers=[])
        self._out = out

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        method = urlsplit(url).path.rpartition("/")[2]
        content = req.data if isinstance(req.data, bytes) else b""
        headers = {name: value for name, value in req.header_items() if content or name != "Content-type"}
        request = self._out.build("POST", url, headers=headers, content=content)
        reply = self._out.exchange(request, doing=_DOING[method], writes=method in _WRITES)
        if reply.status == httpx.codes.OK:
            Fields.parse(reply.body)
        return {"status": reply.status, "headers": reply.headers, "body": reply.body.decode("utf-8", "replace")}


def _refusal(method: str, error: SlackApiError) -> IntegrationError:
    """Slack refuses with 200 and a code, limits with 429, and is out of order with 5xx."""
    code, status, writes = _code(error), error.response.status_code, method in _WRITES
    words = f"Slack refused {_DOING[method]} ({code or status})."
    if status == httpx.codes.TOO_MANY_REQUESTS or code in _LIMITS:
        wait = wait_told(httpx.Headers(error.response.headers), time.time)
        words += f" It limits how often it may be asked: again in {wait:.0f} s."
        return IntegrationError(words, retryable=True, status=status, retry_after=wait)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or code in _ITS_FAULT:
        words += " The fault is on its side." + (DOUBT if writes else "")
        return IntegrationError(words, retryable=True, in_doubt=writes, status=status)
    return IntegrationError(f"{words} {_ADVICE.get(code, '')}".strip(), retryable=False, status=status)


def _code(error: SlackApiError) -> str:
    """Slack's own short code, empty where the answer is not Slack's at all."""
    data = error.response.data
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) and re.fullmatch("[a-z_]{1,60}", code) else ""


def _fields(response: SlackResponse) -> Fields:
    return Fields(response.data)


def _escaped(text: str) -> str:
    """https://docs.slack.dev/messaging/formatting-message-text#escaping, mentions of people kept."""
    return _MENTION.sub(r"<@\1>", html.escape(text, quote=False))
