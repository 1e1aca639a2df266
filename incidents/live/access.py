"""Who may follow what, and as which audience: one query for everybody who reads."""

from collections.abc import Collection, Mapping
from typing import Any, Final, cast
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection

from incidents.live.audiences import Audience
from incidents.live.tickets import DASHBOARD, INCIDENT_PREFIX, Watch, stream_of_incident
from incidents.models import Incident

APPROVERS: Final = ("cto", "ciso", "dba")
READERS: Final = ("auditor", "administrator")
FACTS: Final = """
    SELECT watched.user_id, watched.stream,
        COALESCE(bool_or(permission.codename = 'respond_service'), FALSE),
        EXISTS (SELECT FROM auth_user_groups AS seat JOIN auth_group AS role ON role.id = seat.group_id
                WHERE seat.user_id = person.id AND role.name = ANY(%(approvers)s)),
        EXISTS (SELECT FROM auth_user_groups AS seat JOIN auth_group AS role ON role.id = seat.group_id
                WHERE seat.user_id = person.id AND role.name = ANY(%(readers)s)),
        COALESCE(bool_or(permission.codename = 'review_service'), FALSE)
    FROM unnest(%(users)s::int[], %(streams)s::text[], %(incidents)s::uuid[]) AS watched(user_id, stream, incident_id)
    JOIN auth_user AS person ON person.id = watched.user_id AND person.is_active
    LEFT JOIN incidents_incident AS incident ON incident.id = watched.incident_id
    LEFT JOIN (
        SELECT user_id, content_object_id, permission_id FROM incidents_serviceuserobjectpermission
        UNION ALL
        SELECT seat.user_id, granted.content_object_id, granted.permission_id
        FROM incidents_servicegroupobjectpermission AS granted
        JOIN auth_user_groups AS seat ON seat.group_id = granted.group_id
    ) AS given ON given.user_id = person.id AND given.content_object_id = incident.service_id
    LEFT JOIN auth_permission AS permission ON permission.id = given.permission_id
    WHERE incident.id IS NOT NULL OR watched.stream = %(dashboard)s
    GROUP BY watched.user_id, watched.stream, person.id
"""


def audiences_of(watches: Collection[Watch]) -> Mapping[Watch, Audience]:
    """Who may follow what now, asked in one query; a watch that is missing in the answer is not permitted.

    The same people as `queries.duty.visible_services` (a test compares them): engineers of the service respond; CTO,
    CISO and DBA approve; auditors, administrators and the service's reviewers read. The dashboard's stream says only
    that something moved, and is open to every active account.
    """
    asked = list(watches)
    values = {
        "users": [watch.user_id for watch in asked],
        "streams": [watch.stream for watch in asked],
        "incidents": [_incident_of(watch.stream) for watch in asked],
        "approvers": list(APPROVERS),
        "readers": list(READERS),
        "dashboard": DASHBOARD,
    }
    with connection.cursor() as cursor:
        cursor.execute(FACTS, cast("Any", values))  # the stubs know no arrays
        answers = ((Watch(user_id, stream), _audience(stream, *facts)) for user_id, stream, *facts in cursor.fetchall())
        return {watch: audience for watch, audience in answers if audience is not None}


def audience_of(user: User, incident: Incident) -> Audience | None:
    """As whom a person may follow an incident; None where they may not."""
    watch = Watch(user.pk, stream_of_incident(incident.pk))
    return audiences_of([watch]).get(watch)


def _audience(stream: str, responds: bool, approves: bool, reads: bool, reviews: bool) -> Audience | None:
    if stream == DASHBOARD:
        return Audience.VIEWER
    if responds:
        return Audience.RESPONDER
    if approves:
        return Audience.APPROVER
    return Audience.VIEWER if reads or reviews else None


def _incident_of(stream: str) -> UUID | None:
    if not stream.startswith(INCIDENT_PREFIX):
        return None
    try:
        return UUID(stream.removeprefix(INCIDENT_PREFIX))
    except ValueError:
        return None
