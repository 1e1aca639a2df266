"""E15, T1: a mail to one person. Its Message-ID is made of the step's key: a repeat is the same mail to its reader."""

import smtplib
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Outcome
from incidents.effects.wiring import World
from incidents.integrations.errors import IntegrationError
from incidents.procedure.steps import StepKind

LONGEST_SUBJECT = 120
GREETED = 500
"""From here on a mail server's code is a refusal for good; a 4xx only asks for patience (RFC 5321, section 4.2.1)."""


class WakeByMail:
    """A mail server cannot be asked what it was given: the same mail is given once more where an answer was lost."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        return None

    def act(self, order: Order, world: World) -> Outcome:
        mail = _mail(order)
        order.ask_lease()
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as refused:
            raise _refusal(order, *next(iter(refused.recipients.values()))) from None
        except smtplib.SMTPResponseException as refused:
            raise _refusal(order, refused.smtp_code, refused.smtp_error) from None
        except (smtplib.SMTPException, OSError) as lost:
            words = f"The mail server gave no answer ({type(lost).__name__}). The same mail is sent again."
            raise IntegrationError(words, retryable=True, in_doubt=True) from lost
        to, tries = order.step.parameters["to"], order.step.attempts
        again = f", at try {tries}: the same mail may lie there twice" if tries > 1 else ""
        return Done(f"Mailed to {to}{again}.", {"message_id": message_id(order.key), "to": to})


def message_id(key: str) -> str:
    """The same for every try of a step."""
    return f"<{key}@{urlsplit(settings.PUBLIC_URL).hostname}>"


def _mail(order: Order) -> EmailMessage:
    asked, incident = order.step.parameters, order.incident
    subject = " ".join(f"[{incident.number}] {asked['words']}".split())[:LONGEST_SUBJECT]
    body = f"{asked['words']}\n\n{asked['url']}\n\n{incident.title} ({order.service.name})\n"
    urgent = {"X-Priority": "1"} if order.step.kind == StepKind.WAKE_BY_MAIL else {}
    headers = {"Message-ID": message_id(order.key), "Auto-Submitted": "auto-generated", **urgent}
    return EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [str(asked["to"])], headers=headers)


def _refusal(order: Order, code: int, said: bytes | str) -> IntegrationError:
    told = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    words = f"The mail server refused the mail to {order.step.parameters['to']}: {code} {' '.join(told.split())[:200]}."
    if code < GREETED:
        return IntegrationError(words, retryable=True, status=code)
    return IntegrationError(f"{words} Tell them by hand.", retryable=False, status=code)
