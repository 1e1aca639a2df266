"""The clock in production is the database's; every service takes the moment as an argument."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """The database's wall clock, with its time zone; unlike now() it moves within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    found: datetime = moment
    return found
