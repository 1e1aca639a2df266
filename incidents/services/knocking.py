"""Sign-ins that failed: counted in rows of their own at once, told to the record together, so that no attack queues."""

from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from incidents.services.recording import record_in

MOST_TOLD: Final = 50
LONGEST_LOGIN: Final = 150
THROTTLED: Final = "throttled"
KNOCK: Final = """
    INSERT INTO incidents_failedsignin (login, address, how, first_at, last_at, times)
    VALUES (%(login)s, %(address)s, %(how)s, %(now)s, %(now)s, 1)
    ON CONFLICT (login, address, how)
    DO UPDATE SET times = incidents_failedsignin.times + 1, last_at = EXCLUDED.last_at
"""
TAKE: Final = "DELETE FROM incidents_failedsignin RETURNING login, address, how, first_at, last_at, times"


def note_failed_sign_in(*, login: str, address: str, how: str, now: datetime) -> None:
    """Somebody was not let in: by a wrong password or code, or because they had tried too often."""
    row: dict[str, Any] = {
        "login": login[:LONGEST_LOGIN].replace("\0", ""),
        "address": address[:60],
        "how": how,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(KNOCK, row)


@transaction.atomic
def tell_failed_sign_ins(*, now: datetime) -> int:
    """One entry for all since the last one, the most frequent of them by name; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE)
        knocks = sorted(map(_told, cursor.fetchall()), key=lambda knock: (-knock["times"], knock["first_at"]))
    times: int = sum(knock["times"] for knock in knocks)
    if knocks:
        put_off = sum(knock["times"] for knock in knocks if knock["how"] == THROTTLED)
        record_in(
            "access", "access.sign_ins_failed", at=now, times=times, throttled=put_off, tries=knocks[:MOST_TOLD],
            untold=len(knocks[MOST_TOLD:]),
        )  # fmt: skip
    return times


def _told(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(("login", "address", "how", "first_at", "last_at", "times"), row, strict=True))
