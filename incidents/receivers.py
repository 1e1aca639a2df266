"""What other apps tell the console: who signed in and out (stream `access`), and what approvers answered."""

from typing import Any
from uuid import UUID

from allauth.mfa.signals import authentication_failed
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.dispatch import receiver

from approvals.ports import News
from approvals.quorum import State
from incidents.models.circumstances import circumstances
from incidents.queries.grants import SUBJECT
from incidents.queries.words import SUBJECT as WORDS
from incidents.services.approving import continue_plan
from incidents.services.clock import database_now
from incidents.services.knocking import note_failed_sign_in
from incidents.services.publishing import approval_heard
from incidents.services.recording import record_in
from incidents.services.standing_in import let_answered_rest


@receiver(user_logged_in)
def record_sign_in(sender: object, user: User, **_: Any) -> None:
    """A session begins."""
    with transaction.atomic():
        record_in("access", "access.signed_in", at=database_now(), actor=user)


@receiver(authentication_failed)
def count_wrong_code(sender: object, user: User, **_: Any) -> None:
    """A second factor that was wrong."""
    note_failed_sign_in(login=user.username, address=circumstances().address, how="code", now=database_now())


@receiver(user_logged_out)
def record_sign_out(sender: object, user: User | None, **_: Any) -> None:
    """A session ends, and with it every open stream of the person (live.md, Access)."""
    if user is not None:
        with transaction.atomic():
            record_in("access", "access.signed_out", at=database_now(), actor=user)


class Answers:
    """The listener that `approvals` is given by settings: wakes what asks its gate again, lets phones rest."""

    def heard(self, news: News) -> None:
        """After the commit: what waited for this goes on, or says anew for whom it waits."""
        let_answered_rest(request_id=news.request_id, now=database_now())
        if news.subject.type == SUBJECT and news.state is not State.CONSUMED:
            continue_plan(incident_id=UUID(news.subject.id), now=database_now())
        if news.subject.type == WORDS and news.state is not State.CONSUMED:
            approval_heard(update_id=UUID(news.subject.id), now=database_now())
