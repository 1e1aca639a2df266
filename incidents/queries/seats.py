"""Who may fill which seat of an approval: roles by group, the DBA by shift, and the named deputies (E14, E15)."""

from datetime import datetime

from django.contrib.auth.models import User

from approvals.ports import Matter
from approvals.quorum import Holding
from incidents.models.duty import Deputy
from incidents.models.incident import Incident
from incidents.models.words import StatusUpdate
from incidents.queries.deputies import ROLE_WORDS, able_to_answer, holders_now
from incidents.queries.duty import visible_services
from incidents.queries.grants import GLASS, SUBJECT


def incident_of(subject_type: str, subject_id: str) -> Incident | None:
    """The incident that a question is about: a rollback's own, or that of public words."""
    found = Incident.objects.select_related("service")
    if subject_type in (SUBJECT, GLASS):
        return found.filter(pk=subject_id).first()
    of_words = StatusUpdate.objects.filter(pk=subject_id).values("incident")
    return found.filter(pk__in=of_words).first() if subject_type == "status_update" else None


class Seats:
    """The seat resolver that `approvals` is given by settings."""

    def holdings(self, person: User, matter: Matter, now: datetime) -> frozenset[Holding]:
        """The seats this person may fill now; a deputy's from the moment deputies are asked, or the holder cannot."""
        own = {role for role in ROLE_WORDS if person in holders_now(role, now=now)}
        deputising = {role for role in _deputyships(person) if _deputy_may(role, matter, now)}
        return frozenset({Holding(role) for role in own} | {Holding(role, deputy=True) for role in deputising - own})

    def has_role(self, person: User, role: str, matter: Matter) -> bool:
        """Whether the person still holds the role or its deputyship, whatever the shift."""
        return person.is_active and (person.groups.filter(name=role).exists() or role in _deputyships(person))

    def may_see(self, person: User, matter: Matter, now: datetime) -> bool:
        """Whoever may see the incident may read what is asked about it."""
        incident = incident_of(matter.subject.type, matter.subject.id)
        return incident is not None and visible_services(person).filter(pk=incident.service_id).exists()


def _deputyships(person: User) -> set[str]:
    return set(Deputy.objects.filter(person=person).values_list("role", flat=True)) if person.is_active else set()


def _deputy_may(role: str, matter: Matter, now: datetime) -> bool:
    """From the moment deputies are asked; at once where nobody who holds the role could answer (E14, E15)."""
    if matter.deputies_from is not None and now >= matter.deputies_from:
        return True
    incident, asker = incident_of(matter.subject.type, matter.subject.id), User.objects.get(pk=matter.asked_by_id)
    return incident is not None and not able_to_answer(role, incident=incident, asked_by=asker, now=now)
