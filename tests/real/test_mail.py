"""The console's mail against a real SMTP server: accepted, put off (4xx), refused (5xx), and nobody there."""

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from django.core import mail
from django.test import Client

from rollback_console import addresses


@dataclass
class PostOffice:
    """Takes mail, or answers what a test wants."""

    port: int = 0
    to_recipients: str = "250 OK"
    to_content: str = "250 accepted"
    taken: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.to_recipients.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipients

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.to_content.startswith("250"):
            self.taken.append(message_from_bytes(bytes(envelope.content or b"")))
            self.recipients += envelope.rcpt_tos
        return self.to_content


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    """A server on a port that the system chose; aiosmtpd's own controller cannot say which."""
    office = PostOffice()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: SMTP(office, loop=loop), "127.0.0.1", 0))
    office.port = server.sockets[0].getsockname()[1]
    serving = threading.Thread(target=loop.run_forever)
    serving.start()
    yield office
    loop.call_soon_threadsafe(loop.stop)
    serving.join(10)
    server.close()
    loop.run_until_complete(server.wait_closed())
    loop.close()


@pytest.fixture(autouse=True)
def by_smtp(settings: Any, post_office: PostOffice) -> None:
    """EMAIL_URL as production reads it."""
    for name, value in addresses.mail(f"smtp://127.0.0.1:{post_office.port}").items():
        setattr(settings, name, value)


def send() -> int:
    return mail.send_mail("The rollback waits for you", "Open the console.", None, ["cto@example.com"])


def test_mail_is_accepted_with_its_sender_and_words(post_office: PostOffice, settings: Any) -> None:
    assert send() == 1
    (letter,) = post_office.taken
    assert (letter["Subject"], letter["From"]) == ("The rollback waits for you", settings.DEFAULT_FROM_EMAIL)
    assert post_office.recipients == ["cto@example.com"]


@pytest.mark.parametrize("answer", ["451 try again later", "554 refused"])
def test_a_letter_put_off_or_refused_is_told_with_its_code(post_office: PostOffice, answer: str) -> None:
    post_office.to_content = answer
    with pytest.raises(smtplib.SMTPDataError) as failed:
        send()
    assert failed.value.smtp_code == int(answer[:3])
    assert post_office.taken == []


@pytest.mark.parametrize("answer", ["450 mailbox busy", "550 no such user"])
def test_a_recipient_put_off_or_refused_is_told_by_name_and_code(post_office: PostOffice, answer: str) -> None:
    post_office.to_recipients = answer
    with pytest.raises(smtplib.SMTPRecipientsRefused) as failed:
        send()
    assert failed.value.recipients["cto@example.com"][0] == int(answer[:3])


def test_a_mail_server_that_is_not_there_fails_at_once(settings: Any) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(ConnectionRefusedError):
        send()


def test_a_forgotten_password_is_mailed_to_the_account(post_office: PostOffice, cto: Any, client: Client) -> None:
    answer = client.post("/accounts/password/reset/", {"email": cto.email})
    assert answer.status_code == 302
    (letter,) = post_office.taken
    assert post_office.recipients == [cto.email]
    assert "/accounts/password/reset/key/" in str(letter.get_payload(decode=True), "utf-8")
