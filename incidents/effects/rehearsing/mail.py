"""The mail server: does it greet us and let us in (E15); no mail is sent."""

from collections.abc import Iterator
from smtplib import SMTPException

from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend

from incidents.effects.rehearsing.checks import Check, Finding, caveat, missing, ready
from incidents.effects.wiring import World
from incidents.models.service import Service


def checks(_: World, services: list[Service]) -> Iterator[Check]:
    """One for all services."""
    if services:
        yield Check("mail.greets", "Mail can be sent", "E15", mail)


def mail() -> Finding:
    """Connect, encrypt and sign in as for a mail, then leave."""
    server = get_connection()
    if not isinstance(server, EmailBackend):
        return caveat("Mails are printed, not sent: name a server in EMAIL_URL, so that approvers are woken by mail.")
    try:
        server.open()
    except (OSError, SMTPException) as failure:
        return missing(f"{server.host}:{server.port} does not let us in: {failure}. Correct EMAIL_URL.")
    server.close()
    return ready(f"{server.host}:{server.port} greets us and lets us in. No mail was sent.")
