"""A pager, flags, drains, a status page, secrets and a chat of an organisation's own, behind the signed webhook."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from incidents.integrations.chat import Button, Message
from incidents.integrations.drains import Duty, Pool, Server
from incidents.integrations.errors import IntegrationError
from incidents.integrations.fields import Fields, Unexpected
from incidents.integrations.flags import Flag
from incidents.integrations.paging import Call, Page
from incidents.integrations.secrets import Secret, Version
from incidents.integrations.signed_webhook import SignedWebhook
from incidents.integrations.status_page import Affected, Component, Report, Update, to_the_second

_DUTIES: Final = ", ".join(Duty)


class WebhookPager:
    """A Pager behind the signed webhook."""

    def __init__(self, hook: SignedWebhook) -> None:
        self._hook = hook

    def find(self, *, key: str, since: datetime) -> list[Page]:
        answer = self._hook.ask("page.find", "looking for our page", find=key, since=since.isoformat())
        with self._hook.understood("looking for our page"):
            return [_page(each, key) for each in answer.each("pages")]

    def page(self, call: Call, *, key: str) -> Page:
        facts = {"requester": call.requester, "name": call.name, "summary": call.summary, "number": call.number}
        doing = "paging whoever is on call"
        answer = self._hook.order("page.open", doing, key=key, **facts, description=call.description)
        with self._hook.understood(doing, writes=True):
            return _page(answer, key)

    def resolve(self, page: Page) -> None:
        """An order of its own, so under a key of its own."""
        self._hook.order("page.resolve", "resolving our page", key=f"{page.key}:resolve", page=page.id)


class WebhookFlags:
    """Flags behind the signed webhook."""

    def __init__(self, hook: SignedWebhook) -> None:
        self._hook = hook

    def read(self, name: str) -> Flag:
        doing = f"reading the flag {name}"
        answer = self._hook.ask("flag.read", doing, flag=name)
        with self._hook.understood(doing):
            on = answer.optional_flag("on")
            if on is None:
                raise Unexpected("on is not true or false")
            return Flag(name, answer.text("environment", default=""), on, answer.text("url", default=""))

    def turn(self, name: str, *, on: bool, key: str) -> None:
        where = "on" if on else "off"
        self._hook.order(f"flag.turn_{where}", f"turning {name} {where}", key=key, flag=name)


class WebhookDrains:
    """Drains behind the signed webhook."""

    def __init__(self, hook: SignedWebhook) -> None:
        self._hook = hook

    def read(self, target: str) -> Pool:
        doing = f"asking how {target} stands"
        answer = self._hook.ask("target.read", doing, target=target)
        with self._hook.understood(doing):
            servers = [_server(each) for each in answer.each("servers")]
        own = next((server for server in servers if server.name == target), None)
        if own is None:
            words = f"The signed webhook knows no target {target}: correct the service's drain targets."
            raise IntegrationError(words, retryable=False)
        return Pool(own, tuple(server for server in servers if server is not own))

    def drain(self, target: str, *, key: str) -> None:
        self._hook.order("target.drain", f"draining {target}", key=key, target=target)

    def put_back(self, target: str, *, key: str) -> None:
        self._hook.order("target.put_back", f"putting {target} back in service", key=key, target=target)


class WebhookStatusPage:
    """A StatusPage behind the signed webhook. There each order has its key, so whoever answers can do it once."""

    def __init__(self, hook: SignedWebhook) -> None:
        self._hook = hook

    def components(self) -> list[Component]:
        doing = "reading the status page's components"
        answer = self._hook.ask("status.components", doing)
        with self._hook.understood(doing):
            return [_component(each) for each in answer.each("components")]

    def reports(self, *, since: datetime) -> list[Report]:
        doing = "looking through the status page's reports"
        answer = self._hook.ask("status.reports", doing, since=since.isoformat())
        with self._hook.understood(doing):
            return [
                Report(each.text("id"), each.text("title"), each.moment("starts_at"), *_state_and_url(each))
                for each in answer.each("reports")
            ]

    def updates(self, report_id: str) -> list[Update]:
        doing = "looking through what was published under the report"
        answer = self._hook.ask("status.updates", doing, report=report_id)
        with self._hook.understood(doing):
            return [
                Update(
                    each.text("id"),
                    report_id,
                    each.text("message"),
                    each.moment("published_at"),
                    each.optional_flag("notified"),
                )
                for each in answer.each("updates")
            ]

    def open_report(
        self,
        title: str,
        message: str,
        *,
        affected: Sequence[Affected],
        notify: bool,
        published_at: datetime,
        key: str,
    ) -> Report:
        doing, at = "posting a report on the status page", to_the_second(published_at)
        words = _public_words(message, affected, notify=notify, at=at)
        answer = self._hook.order("status.open_report", doing, key=key, title=title, **words)
        with self._hook.understood(doing, writes=True):
            return Report(answer.text("id", default=key), title, at, *_state_and_url(answer))

    def post_update(
        self,
        report_id: str,
        message: str,
        *,
        affected: Sequence[Affected],
        notify: bool,
        published_at: datetime,
        key: str,
    ) -> Update:
        doing, at = "posting an update on the status page", to_the_second(published_at)
        words = _public_words(message, affected, notify=notify, at=at)
        answer = self._hook.order("status.post_update", doing, key=key, report=report_id, **words)
        with self._hook.understood(doing, writes=True):
            return Update(answer.text("id", default=key), report_id, message, at, notify)


class WebhookSecrets:
    """Secrets behind the signed webhook: their versions, never a value."""

    def __init__(self, hook: SignedWebhook) -> None:
        self._hook = hook

    def versions(self, path: str) -> Secret:
        doing = f"asking which versions of {path} there are"
        answer = self._hook.ask("secret.versions", doing, path=path)
        with self._hook.understood(doing):
            found = [_version(each) for each in answer.each("versions")]
            current = answer.number("current", default=max((each.number for each in found), default=0))
        return Secret(path, current, tuple(sorted(found, key=_number, reverse=True)))


class WebhookChat:
    """A Chat behind the signed webhook."""

    def __init__(self, hook: SignedWebhook) -> None:
        self._hook = hook

    def find(self, channel: str, *, key: str, since: datetime) -> list[Message]:
        doing = "looking through the channel"
        answer = self._hook.ask("message.find", doing, channel=channel, find=key, since=since.isoformat())
        with self._hook.understood(doing):
            return [_message(each, channel, key) for each in answer.each("messages")]

    def post(self, channel: str, text: str, *, key: str, buttons: Sequence[Button] = ()) -> Message:
        """There is no way back for a press: only buttons that open an address are sent along."""
        doing = "posting a message"
        links = [{"label": button.label, "url": button.url} for button in buttons if button.url]
        facts = {"channel": channel, "text": text, **({"links": links} if links else {})}
        answer = self._hook.order("message.post", doing, key=key, **facts)
        with self._hook.understood(doing, writes=True):
            return _message(answer, channel, key, text)

    def revise(self, message: Message, text: str) -> None:
        facts = {"channel": message.channel, "id": message.ts, "text": text}
        self._hook.order("message.revise", "revising a message", key=f"{message.key}/revised", **facts)

    def direct(self, person: str) -> str:
        doing = "opening a conversation with a person"
        answer = self._hook.ask("person.channel", doing, person=person)
        with self._hook.understood(doing):
            return answer.text("channel", default=person)

    def person_by_email(self, email: str) -> str | None:
        answer = self._hook.ask("person.find", "looking up a person", email=email)
        with self._hook.understood("looking up a person"):
            return answer.optional_text("id")

    def rights(self) -> frozenset[str] | None:
        return None


def _page(answer: Fields, key: str) -> Page:
    return Page(
        id=answer.text("id", default=key),
        key=key,
        status=answer.text("status", default="sent"),
        url=answer.text("url", default=""),
        acknowledged_by=answer.text("acknowledged_by", default=""),
        resolved=answer.text("status", default="").lower() == "resolved",
    )


def _component(answer: Fields) -> Component:
    name = answer.text("name")
    return Component(answer.text("id", default=name), name, answer.text("state", default=""))


def _state_and_url(answer: Fields) -> tuple[str, str]:
    return answer.text("state", default=""), answer.text("url", default="")


def _public_words(message: str, affected: Sequence[Affected], *, notify: bool, at: datetime) -> dict[str, object]:
    told = [{"component": each.component, "health": each.health.value} for each in affected]
    return {"message": message, "affected": told, "notify": notify, "published_at": at.isoformat()}


def _version(answer: Fields) -> Version:
    times = answer.moment("created_at"), answer.optional_moment("deleted_at")
    return Version(answer.number("number"), *times, answer.flag("destroyed"))


def _number(version: Version) -> int:
    return version.number


def _server(answer: Fields) -> Server:
    word = answer.text("duty")
    if word not in list(Duty):
        raise Unexpected(f"duty is none of {_DUTIES}")
    healthy = answer.flag("healthy", default=True)
    return Server(
        answer.text("name"), answer.text("pool", default=""), Duty(word), healthy, answer.number("sessions", default=0)
    )


def _message(answer: Fields, channel: str, key: str, text: str = "") -> Message:
    said = answer.text("text", default=text)
    return Message(channel, answer.text("id", default=key), said, key, answer.optional_text("url"))
