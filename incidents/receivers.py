"""What other apps tell the console: who signed in, who signed out, who failed to (stream `access`)."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.dispatch import receiver

from incidents.services.clock import database_now
from incidents.services.recording import record_in


@receiver(user_logged_in)
def record_sign_in(sender: object, user: User, **_: Any) -> None:
    """A session begins."""
    with transaction.atomic():
        record_in("access", "access.signed_in", at=database_now(), actor=user)


@receiver(user_logged_out)
def record_sign_out(sender: object, user: User | None, **_: Any) -> None:
    """A session ends, and with it every open stream of the person (live.md, Access)."""
    if user is not None:
        with transaction.atomic():
            record_in("access", "access.signed_out", at=database_now(), actor=user)
