"""Whose approval on the code host counts for a service (R3)."""

from incidents.models.duty import Identity
from incidents.models.service import Service
from incidents.queries.duty import holders_of


def people_who_review(service: Service) -> dict[str, str]:
    """Verified code host logins, lower case, of those whose approval counts, with the console's name for each.

    Reviewers of the service, and its engineers: Code Review's own rules on the code host say who may (R3).
    """
    rights = ("review_service", "respond_service")
    people = {person.pk for right in rights for person in holders_of(service, right)}
    linked = Identity.objects.filter(
        person_id__in=people, place=Identity.Place.GITHUB, verified_at__isnull=False, person__is_active=True
    )
    return {each.login.lower(): each.person.username for each in linked.select_related("person")}
