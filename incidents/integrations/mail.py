"""Mail, by which people are told when chat is not enough."""

import hashlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from ipaddress import ip_address
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from incidents.integrations.errors import IntegrationError

_TIMEOUT_SECONDS: Final = 10.0


class Mail(Protocol):
    """Look-up is impossible; a repeated message carries the same Message-ID, so that the reader's program sees one."""

    def send(self, to: str, subject: str, text: str, *, key: str) -> None:
        """Hands one message for one address to the mail server; raises IntegrationError."""


class SmtpMail:
    """Mail through one server: `smtp://user:password@host:port` (encrypted where offered) or `smtps://…`.

    A password is never sent unencrypted, except to this very machine.
    """

    def __init__(self, url: str, *, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("EMAIL_URL is not smtp://… or smtps://…")
        self._host = parts.hostname
        self._implicit_tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._implicit_tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender

    def send(self, to: str, subject: str, text: str, *, key: str) -> None:
        message = self._message(to, subject, text, key)
        with self._failures("signing in to the mail server", writes=False):
            server = self._connected()
        try:
            with self._failures(f"mailing {to}", writes=True):
                server.send_message(message)
        finally:
            _leave(server)

    def _message(self, to: str, subject: str, text: str, key: str) -> EmailMessage:
        message = EmailMessage()
        try:
            message["From"] = self._sender
            message["To"] = Address(addr_spec=to)
            message["Subject"] = " ".join(subject.split())
            message["Message-ID"] = message_id(key, self._sender)
            message["Date"] = formatdate()
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(text)
        except (ValueError, IndexError, HeaderParseError):
            raise IntegrationError(f"No mail can be written to {to!r}: it is no address.", retryable=False) from None
        return message

    def _connected(self) -> smtplib.SMTP:
        secure = ssl.create_default_context()
        if self._implicit_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT_SECONDS, context=secure)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_SECONDS)
        try:
            self._enter(server, secure)
        except BaseException:
            server.close()
            raise
        return server

    def _enter(self, server: smtplib.SMTP, secure: ssl.SSLContext) -> None:
        server.ehlo()
        encrypted = self._implicit_tls
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=secure)
            encrypted = True
        if not self._user:
            return
        if not encrypted and not _is_this_machine(self._host):
            words = "The mail server offers no encryption, so the console does not send it its password. Use smtps://."
            raise IntegrationError(words, retryable=False)
        server.login(self._user, self._password)

    @contextmanager
    def _failures(self, doing: str, *, writes: bool) -> Iterator[None]:
        try:
            yield
        except smtplib.SMTPRecipientsRefused as error:
            status, said = next(iter(error.recipients.values()))
            raise _refused(doing, status, said) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(doing, error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as error:
            raise IntegrationError(f"The mail server refused {doing}: {error}.", retryable=False) from error
        except (smtplib.SMTPException, OSError) as error:
            words = f"The mail server cannot be reached, or broke off, while {doing}."
            raise IntegrationError(words, retryable=True, in_doubt=writes) from error


def message_id(key: str, sender: str) -> str:
    """The same Message-ID for the same key, always."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def _refused(doing: str, status: int, said: bytes | str) -> IntegrationError:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    words = f"The mail server refused {doing} ({status} {' '.join(text.split())[:200]})."
    return IntegrationError(words, retryable=400 <= status < 500, status=status)


def _leave(server: smtplib.SMTP) -> None:
    """The message is with the server or it is not; a failing farewell changes nothing."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
