"""The proof that a login is a person's: a code sent there, or the console's sentence found there."""

from uuid import UUID

from django.conf import settings

from incidents.effects.wiring import World
from incidents.integrations.chat import Chat
from incidents.integrations.errors import IntegrationError
from incidents.integrations.paging import Call, Pager
from incidents.models.duty import Identity
from incidents.queries.linking import sentence_of
from incidents.services.clock import database_now
from incidents.services.linking import LinkRefused, confirm_login, issue_code, name_login, say_of_claim

TYPE_IT = "Type it here within ten minutes."


class Unreachable(Exception):
    """Nobody of that name is there; the words say what to do."""


def send_code(identity_id: UUID, world: World) -> None:
    """Send one code to a claimed login, and say on its page what came of it."""
    claimed = Identity.objects.select_related("person").filter(pk=identity_id, verified_at__isnull=True).first()
    if claimed is None:
        return
    try:
        words = _by_chat(claimed, world.chat) if claimed.place == Identity.Place.SLACK else _by_phone(claimed, world)
    except (Unreachable, LinkRefused) as refused:
        say_of_claim(identity_id=identity_id, words=getattr(refused, "words", str(refused)), lost=True)
    except IntegrationError as failure:
        say_of_claim(identity_id=identity_id, words=f"{failure.words} Ask for another code.", lost=True)
    else:
        say_of_claim(identity_id=identity_id, words=words)


def _by_chat(claimed: Identity, chat: Chat) -> str:
    if "@" in claimed.login:
        found = chat.person_by_email(claimed.login)
        if found is None:
            raise Unreachable(f"Slack knows nobody by {claimed.login}: type your member id.")
        name_login(identity_id=claimed.pk, login=found)
        claimed.login = found
    place, code = chat.direct(claimed.login), issue_code(identity_id=claimed.pk, now=database_now())
    if code is not None:
        chat.post(place, _told(claimed, code), key=f"{claimed.pk}:{claimed.challenged_at}")
    return f"A code was sent to you in Slack. {TYPE_IT}"


def _by_phone(claimed: Identity, world: World) -> str:
    """The pager's own title carries it: whoever answers there reads it out, or shows it."""
    if world.pager is None:
        raise Unreachable("The console has no pager to ring with: an administrator verifies the number.")
    code = issue_code(identity_id=claimed.pk, now=database_now())
    if code is not None:
        _ring(claimed, code, world.pager)
    return f"You are being rung with a code. {TYPE_IT}"


def _ring(claimed: Identity, code: str, pager: Pager) -> None:
    told = _told(claimed, code)
    call = Call(
        requester=claimed.person.email or settings.DEFAULT_FROM_EMAIL,
        name=f"Code {_spaced(code)} for the Rollback Console",
        summary=told,
        description=told,
        number=claimed.login,
    )
    pager.resolve(pager.page(call, key=f"{claimed.pk}:{claimed.challenged_at}"))


def _told(claimed: Identity, code: str) -> str:
    name = claimed.person.get_username()
    return (
        f"{_spaced(code)} is your code for the Rollback Console. It links you here to the account {name} there, and"
        " holds for ten minutes. If you are not that person, tell an administrator, and nobody the code."
    )


def _spaced(code: str) -> str:
    return f"{code[:3]} {code[3:]}"


def look_for_proof(identity_id: UUID, repository: str, number: int, world: World) -> None:
    """Read a pull request's reviews for the console's sentence, written by exactly that login."""
    claimed = Identity.objects.select_related("person").filter(pk=identity_id, verified_at__isnull=True).first()
    if claimed is None:
        return
    try:
        reviews = world.code_host.reviews(repository, number)
    except IntegrationError as failure:
        say_of_claim(identity_id=identity_id, words=failure.words)
        return
    wanted = sentence_of(claimed)
    own = [each for each in reviews if each.login.lower() == claimed.login.lower() and wanted in each.body]
    if own:
        confirm_login(identity_id=identity_id, by=own[-1].url, now=database_now())
    else:
        words = f"No review by {claimed.login} with that sentence on #{number} yet. Write it there, then look again."
        say_of_claim(identity_id=identity_id, words=words)
