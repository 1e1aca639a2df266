"""The workers' door: short tasks that claim, perform and report; a lost or doubled message does no harm."""

from uuid import UUID

from celery import shared_task
from django.db import OperationalError

from incidents import dispatch
from incidents.effects import (
    beating,
    credentials,
    drilling,
    fixes,
    following,
    keeping,
    linking,
    previewing,
    reading,
    sampling,
    suspecting,
)
from incidents.effects.exporting import making
from incidents.effects.performing import perform
from incidents.effects.rehearsing import rehearsal
from incidents.effects.wiring import world
from incidents.models.service import Service
from incidents.services import minding, reminding
from incidents.services.beating import note_sweep
from incidents.services.clock import database_now
from incidents.services.intake import unread_deliveries
from incidents.services.rendering import write_public_page as write_page
from incidents.services.running import due_steps
from incidents.services.summing import sum_up_courses as sum_up


@shared_task(name="incidents.perform_step")
def perform_step(step_id: str) -> None:
    """One attempt at one step; nothing where it is not due."""
    perform(UUID(step_id), world())


@shared_task(name="incidents.read_delivery")
def read_delivery(delivery_id: str) -> None:
    """Act on a stored webhook."""
    reading.read(UUID(delivery_id))


@shared_task(name="incidents.look_up_suspect")
def look_up_suspect(incident_id: str, reference: str, actor_id: int) -> None:
    """Look up a commit that a person named."""
    suspecting.look_up_suspect(UUID(incident_id), reference, actor_id, world())


@shared_task(name="incidents.look_up_fix")
def look_up_fix(decision_id: str) -> None:
    """Read the pull request of a fix, and make its plan."""
    fixes.look_up_fix(UUID(decision_id), world())


@shared_task(name="incidents.look_up_credential")
def look_up_credential(decision_id: str) -> None:
    """Ask for the metadata of the credential that a rollback brings back."""
    credentials.look_up_credential(UUID(decision_id), world())


@shared_task(name="incidents.send_code")
def send_code(identity_id: str) -> None:
    """Send a code to a login that somebody claims."""
    linking.send_code(UUID(identity_id), world())


@shared_task(name="incidents.look_for_proof")
def look_for_proof(identity_id: str, repository: str, number: int) -> None:
    """Look for the sentence that proves a login at the code host."""
    linking.look_for_proof(UUID(identity_id), repository, number, world())


@shared_task(name="incidents.refresh_mirror")
def refresh_mirror(repository: str) -> None:
    """Fetch one repository and compute its previews again."""
    previewing.refresh(repository, world())


@shared_task(name="incidents.refresh_mirrors")
def refresh_mirrors() -> None:
    """Nudge a refresh of every repository in the catalogue."""
    for repository in Service.objects.in_use().values_list("repository", flat=True).order_by("repository").distinct():
        dispatch.refresh_mirror(repository)


@shared_task(name="incidents.sample_series")
def sample_series() -> None:
    """Follow the alerts' own series."""
    sampling.sample_series(world())


@shared_task(name="incidents.follow_issues")
def follow_issues() -> None:
    """Look at the issues of open follow-ups whose turn it is."""
    following.follow_issues(world())


@shared_task(name="incidents.rehearse")
def rehearse() -> None:
    """Try each integration and permission that is due."""
    rehearsal.rehearse(world())


@shared_task(name="incidents.keep_record", soft_time_limit=300, time_limit=330)
def keep_record() -> None:
    """Sign what is new in the record, pin it outside, and verify the streams again."""
    keeping.keep_record(world())


@shared_task(name="incidents.make_export", soft_time_limit=3600, time_limit=3660)
def make_export(export_id: str) -> None:
    """Copy the record into a file."""
    making.make_export(UUID(export_id))


@shared_task(name="incidents.mind_exports")
def mind_exports() -> None:
    """Remove exports that have expired, and nudge those that nobody is making."""
    for export_id in making.mind_exports():
        dispatch.make_export(export_id)


@shared_task(name="incidents.write_public_page")
def write_public_page() -> None:
    """Keep the public page's files true to what was posted, and to the catalogue."""
    write_page(now=database_now())


@shared_task(name="incidents.sum_up_courses")
def sum_up_courses() -> None:
    """Keep the courses of incidents true, of which figures are made."""
    sum_up()


@shared_task(name="incidents.sweep", autoretry_for=(OperationalError,), max_retries=1)
def sweep() -> None:
    """Nudge whatever is due: what a dead worker, a lost broker or a slept-through timer left behind."""
    now = database_now()
    for step_id in due_steps(now):
        dispatch.perform_step(step_id)
    for delivery_id in unread_deliveries(now):
        dispatch.read_delivery(delivery_id)
    note_sweep(now=now)


@shared_task(name="incidents.mind_questions", autoretry_for=(OperationalError,), max_retries=1)
def mind_questions() -> None:
    """Find what a lost answer, an ended question or an empty seat left behind."""
    minding.mind_questions(now=database_now())


@shared_task(name="incidents.mind_deadlines", autoretry_for=(OperationalError,), max_retries=1)
def mind_deadlines() -> None:
    """Follow what is due, and tell whoever is to be told."""
    reminding.mind_deadlines(now=database_now())


@shared_task(name="incidents.beat_outside", autoretry_for=(OperationalError,), max_retries=1)
def beat_outside() -> None:
    """Tell the outside watcher that the console lives, where it does."""
    beating.beat_outside(world(), database_now())


@shared_task(name="incidents.advance_drill", autoretry_for=(OperationalError,), max_retries=1)
def advance_drill() -> None:
    """Follow the running drill, and act for whom the console plays."""
    drilling.advance_drill(world(), database_now())
