"""Mail servers that answer as RFC 5321 lets them: patience asked for, a refusal for good, silence."""

import smtplib
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class Busy(BaseEmailBackend):
    """Asks for patience (4xx)."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        raise smtplib.SMTPRecipientsRefused({messages[0].to[0]: (450, b"4.2.1 mailbox busy")})


class Refusing(BaseEmailBackend):
    """Refuses for good (5xx)."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        raise smtplib.SMTPDataError(554, b"5.7.1 no relaying")


class Silent(BaseEmailBackend):
    """Takes the mail and loses its answer."""

    taken: list[EmailMessage] = []

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        self.taken.extend(messages)
        if len(self.taken) == 1:
            raise smtplib.SMTPServerDisconnected("connection unexpectedly closed")
        return len(messages)
