"""Mail to a small server of our own."""

import email
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from incidents.integrations.errors import IntegrationError
from incidents.integrations.mail import Mail, SmtpMail, message_id

SENDER = "Rollback console <console@acme.example>"


@dataclass
class MailServer:
    """Speaks as much SMTP as one message takes; `answers` replaces what it says to a command, None hangs up."""

    port: int
    answers: dict[str, str | None] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as lines:
                self._talk(lines)

    def _talk(self, lines) -> None:
        self._say(lines, "220 ready")
        while line := lines.readline():
            verb = line.split()[0].decode().upper()
            self.commands.append(line.decode().strip())
            answer = self.answers.get(verb, {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 fine"))
            if answer is None:
                return
            self._say(lines, answer)
            if answer.startswith("354"):
                taken = iter(lines.readline, b".\r\n")
                self.messages.append(b"".join(line.removeprefix(b".") for line in taken))
                end = self.answers.get("END", "250 queued")
                if end is None:
                    return
                self._say(lines, end)
            if verb == "QUIT":
                return

    def _say(self, lines, text: str) -> None:
        lines.write(text.encode() + b"\r\n")
        lines.flush()


@contextmanager
def mail_server(**answers: str | None) -> Iterator[tuple[Mail, MailServer]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = MailServer(listening.getsockname()[1], answers)
        thread = threading.Thread(target=server.serve, args=(listening,), daemon=True)
        thread.start()
        yield SmtpMail(f"smtp://127.0.0.1:{server.port}", sender=SENDER), server
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_a_message_arrives_with_its_subject_text_and_key():
    with mail_server() as (mail, server):
        mail.send("cto@acme.example", "INC-2026-0001:\nrollback", "Grüße\n.\nend", key="k-1")
    message = email.message_from_bytes(server.messages[0], policy=email.policy.default)
    assert (message["Subject"], message["To"]) == ("INC-2026-0001: rollback", "cto@acme.example")
    assert message.get_content().replace("\r\n", "\n") == "Grüße\n.\nend\n"
    assert message["Message-ID"] == message_id("k-1", SENDER)


def test_the_same_key_is_the_same_message():
    assert message_id("k-1", SENDER) == message_id("k-1", SENDER) != message_id("k-2", SENDER)
    assert message_id("k-1", SENDER).endswith("@acme.example>")


@pytest.mark.parametrize("to", ["", "a@b.example\nBcc: all@acme.example", "a@b.example, c@d.example,,\r\n"])
def test_what_is_no_address_is_refused(to):
    with mail_server() as (mail, server), pytest.raises(IntegrationError, match="no address"):
        mail.send(to, "s", "t", key="k")
    assert server.messages == []


@pytest.mark.parametrize(
    ("answers", "retryable", "in_doubt"),
    [
        ({"RCPT": "550 no such person"}, False, False),
        ({"RCPT": "451 greylisted"}, True, False),
        ({"MAIL": "550 not you"}, False, False),
        ({"DATA": "554 no"}, False, False),
        ({"END": "452 disk full"}, True, False),
        ({"END": None}, True, True),
        ({"EHLO": None}, True, False),
    ],
)
def test_each_failure_is_told_apart(answers, retryable, in_doubt):
    with mail_server(**answers) as (mail, _), pytest.raises(IntegrationError) as caught:
        mail.send("cto@acme.example", "s", "t", key="k")
    assert (caught.value.retryable, caught.value.in_doubt) == (retryable, in_doubt)


def test_a_server_that_is_not_there_is_worth_another_try():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(IntegrationError) as caught:
        SmtpMail(f"smtp://127.0.0.1:{port}", sender=SENDER).send("cto@acme.example", "s", "t", key="k")
    assert (caught.value.retryable, caught.value.in_doubt) == (True, False)


def test_a_password_is_not_sent_unencrypted_to_another_machine(monkeypatch):
    monkeypatch.setattr("incidents.integrations.mail._is_this_machine", lambda host: False)
    with mail_server(EHLO="250-here\r\n250 AUTH PLAIN") as (_, server):
        mail = SmtpMail(f"smtp://console:hush@127.0.0.1:{server.port}", sender=SENDER)
        with pytest.raises(IntegrationError, match="no encryption") as caught:
            mail.send("cto@acme.example", "s", "t", key="k")
    assert "hush" not in f"{caught.value!r} {mail!r}"
    assert not any(command.startswith("AUTH") for command in server.commands)


def test_on_this_machine_the_password_is_used():
    with mail_server(EHLO="250-here\r\n250 AUTH PLAIN", AUTH="235 welcome") as (_, server):
        SmtpMail(f"smtp://console:hush@127.0.0.1:{server.port}", sender=SENDER).send(
            "cto@acme.example", "s", "t", key="k"
        )
    assert any(command.startswith("AUTH PLAIN") for command in server.commands)
    assert len(server.messages) == 1


def test_a_refused_password_is_not_quoted():
    with mail_server(EHLO="250-here\r\n250 AUTH PLAIN", AUTH="535 wrong") as (_, server):
        mail = SmtpMail(f"smtp://console:hush@127.0.0.1:{server.port}", sender=SENDER)
        with pytest.raises(IntegrationError, match="535") as caught:
            mail.send("cto@acme.example", "s", "t", key="k")
    assert "hush" not in caught.value.words
    assert not caught.value.retryable


@pytest.mark.parametrize("url", ["", "http://host", "smtp://", "host:25"])
def test_an_address_that_is_no_mail_server_is_named(url):
    with pytest.raises(ValueError, match="EMAIL_URL"):
        SmtpMail(url, sender=SENDER)
