"""Who may fill which seat of an approval: roles by group, the DBA by shift, and the named deputies (E14, E15)."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User

from approvals.ports import Matter
from approvals.quorum import Holding
from incidents.models.incident import Incident
from incidents.models.words import StatusUpdate
from incidents.queries.deputies import ROLE_WORDS, Seating, able_to_answer, seated_at
from incidents.queries.duty import deputyships_of, groups_of, visible_services
from incidents.queries.grants import GLASS, SUBJECT


def incident_of(subject_type: str, subject_id: str) -> Incident | None:
    """The incident that a question is about: a rollback's own, or that of public words."""
    found = Incident.objects.select_related("service")
    if subject_type in (SUBJECT, GLASS):
        return found.filter(pk=subject_id).first()
    of_words = StatusUpdate.objects.filter(pk=subject_id).values("incident")
    return found.filter(pk__in=of_words).first() if subject_type == "status_update" else None


class Seats:
    """The seat resolver that `approvals` is given by settings; it reads who sits where once, for one moment."""

    def __init__(self) -> None:
        self._seatings: dict[datetime, Seating] = {}
        self._open_to_deputies: dict[tuple[str, UUID, datetime], bool] = {}

    def holdings(self, person: User, matter: Matter, now: datetime) -> frozenset[Holding]:
        """The seats this person may fill now; a deputy's from the moment deputies are asked, or the holder cannot."""
        seating = self._seating(now)
        own = {role for role, holders in seating.holders.items() if person.pk in holders}
        deputyships = seating.deputyships.get(person.pk, set())
        deputising = {role for role in deputyships - own if self._deputy_may(role, matter, now)}
        return frozenset({Holding(role) for role in own} | {Holding(role, deputy=True) for role in deputising})

    def sits_somewhere(self, person: User) -> bool:
        """By group or as a deputy, whatever the shift."""
        return person.is_active and bool(groups_of(person) & ROLE_WORDS.keys() or deputyships_of(person))

    def has_role(self, person: User, role: str, matter: Matter) -> bool:
        """Whether the person still holds the role or its deputyship, whatever the shift."""
        held = person.groups.filter(name=role).exists() or person.deputyships.filter(role=role).exists()
        return person.is_active and held

    def may_see(self, person: User, matter: Matter, now: datetime) -> bool:
        """Whoever may see the incident may read what is asked about it."""
        incident = incident_of(matter.subject.type, matter.subject.id)
        return incident is not None and visible_services(person).filter(pk=incident.service_id).exists()

    def _seating(self, now: datetime) -> Seating:
        if now not in self._seatings:
            self._seatings[now] = seated_at(now)
        return self._seatings[now]

    def _deputy_may(self, role: str, matter: Matter, now: datetime) -> bool:
        asked = (role, matter.request_id, now)
        if asked not in self._open_to_deputies:
            self._open_to_deputies[asked] = _open_to_deputies(role, matter, now)
        return self._open_to_deputies[asked]


def _open_to_deputies(role: str, matter: Matter, now: datetime) -> bool:
    """From the moment deputies are asked; at once where nobody who holds the role could answer (E14, E15)."""
    if matter.deputies_from is not None and now >= matter.deputies_from:
        return True
    incident, asker = incident_of(matter.subject.type, matter.subject.id), User.objects.get(pk=matter.asked_by_id)
    return incident is not None and not able_to_answer(role, incident=incident, asked_by=asker, now=now)
