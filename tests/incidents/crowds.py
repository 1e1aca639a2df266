"""Several people at once: each with a browser and a database connection of their own, let go by one barrier."""

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from threading import Barrier
from typing import TypeVar

from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

T = TypeVar("T")
EIGHT = 8
PASSWORD = "a-password-of-the-tests"
TOGETHER = 60


@dataclass(frozen=True)
class Browser:
    """Somebody signed in, in a browser of their own."""

    client: Client
    person: User

    def press(self, address: str, form: Mapping[str, object], *, follow: bool = True) -> "Answer":
        """Post the form and go where it leads; what the server raises is an answer of 500, as in production."""
        return Answer.of(self.person, self.client.post(address, form, follow=follow))


@dataclass(frozen=True)
class Answer:
    """What somebody was answered: the status, and the page as a reader sees it."""

    person: User
    status: int
    words: str

    @classmethod
    def of(cls, person: User, response: HttpResponse) -> "Answer":
        page = response.content.decode().partition("<main")[2]
        return cls(person, response.status_code, " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split()))


def browser_of(person: User) -> Browser:
    """Signed in, as any other session."""
    browser = Browser(_client(), person)
    browser.client.force_login(person)
    return browser


def proved_browser_of(person: User) -> Browser:
    """Signed in and asked anew for the password, as an answer under M3 wants it (E16)."""
    person.set_password(PASSWORD)
    person.save()
    browser = Browser(_client(), person)
    browser.client.post(reverse("account_login"), {"login": person.username, "password": PASSWORD})
    browser.client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return browser


def _client() -> Client:
    """One whose middleware is loaded already, as a server's is before its first request."""
    client = Client(raise_request_exception=False)
    client.get("/healthz")
    return client


def at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Everybody presses at the same moment; what each was answered, in their order."""
    gate = Barrier(len(acts))

    def press(act: Callable[[], T]) -> T:
        try:
            connection.ensure_connection()
            gate.wait(timeout=TOGETHER)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as crowd:
        return list(crowd.map(press, acts))
