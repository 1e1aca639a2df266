"""P1: publish approved words on the console's own page; the row says once, and the file follows it."""

from django.conf import settings
from django.urls import reverse

from incidents.effects.orders import Order
from incidents.effects.outcomes import Done, Failed, Outcome
from incidents.effects.wiring import World
from incidents.models.words import StatusUpdate
from incidents.services.clock import database_now
from incidents.services.publishing import NotWhatWasApproved, publish_update
from incidents.services.rendering import PAGE, kept_file, write_public_page


class PublishStatus:
    """Keyed by the update: what is posted stays posted, and the page is written again until it shows it."""

    def look_up(self, order: Order, world: World) -> Outcome | None:
        update = order.step.parameters["update"]
        posted = StatusUpdate.objects.posted().filter(pk=update).exists()
        return _published(order) if posted and f'id="update-{update}"'.encode() in (kept_file(PAGE) or b"") else None

    def act(self, order: Order, world: World) -> Outcome:
        update, digest = order.step.parameters["update"], order.step.parameters["digest"]
        order.ask_lease()
        try:
            publish_update(update_id=update, digest=digest, now=database_now())
            write_public_page(now=database_now())
        except NotWhatWasApproved as refusal:
            return Failed(refusal.words, {"refused": refusal.rule})
        except OSError as fault:
            return Failed(f"The page's folder cannot be written ({fault.strerror}). Make room, then try again.")
        return _published(order)


def _published(order: Order) -> Done:
    page = f"{settings.PUBLIC_URL}{reverse('incidents:status')}#update-{order.step.parameters['update']}"
    return Done("It stands on the public page.", {"digest": order.step.parameters["digest"]}, page)
