"""The machines' door: verify, store, answer; a worker acts on it after (integrations.md: Alerts in, GitHub, Slack)."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from incidents.integrations import alertmanager, github_events, slack_actions
from incidents.integrations.errors import UnreadableDelivery
from incidents.integrations.signatures import bearer_holds, github_signature_holds, slack_signature_holds
from incidents.services.clock import database_now
from incidents.services.intake import call_unreadable, store_delivery


@csrf_exempt
@require_POST
def receive_github(request: HttpRequest) -> JsonResponse:
    """A delivery of the code host: a hint to look, never the source of a verdict."""
    signature = request.headers.get("X-Hub-Signature-256")
    if not github_signature_holds(settings.GITHUB_WEBHOOK_SECRET, request.body, signature):
        return _refused("The signature does not hold.")
    event = request.headers.get("X-GitHub-Event", "")
    key = request.headers.get("X-GitHub-Delivery", "")
    return _kept(request, "github", key, event, lambda body: github_events.parse(event, body))


@csrf_exempt
@require_POST
def receive_alertmanager(request: HttpRequest) -> JsonResponse:
    """A notification of Alertmanager (version 4), or of whatever speaks its format."""
    if not bearer_holds(settings.ALERT_WEBHOOK_TOKEN, request.headers.get("Authorization")):
        return _refused("The bearer token does not hold.")
    return _kept(request, "alertmanager", "", "alert", alertmanager.parse)


@csrf_exempt
@require_POST
def receive_slack(request: HttpRequest) -> JsonResponse:
    """A press of a button. Slack wants 200 within three seconds, so it is only kept here; a worker answers it."""
    signature, timestamp = request.headers.get("X-Slack-Signature"), request.headers.get("X-Slack-Request-Timestamp")
    secret, now = settings.SLACK_SIGNING_SECRET, database_now()
    if not slack_signature_holds(secret, request.body, signature=signature, timestamp=timestamp, now=now):
        return _refused("The signature does not hold, or is too old.")
    return _kept(request, "slack", "", "press", slack_actions.parse, status=200)


def _kept(
    request: HttpRequest, source: str, key: str, event: str, parse: Callable[[bytes], object], *, status: int = 202
) -> JsonResponse:
    kept = store_delivery(source=source, key=key, event=event, body=request.body, now=database_now())
    try:
        parse(request.body)
    except UnreadableDelivery as unreadable:
        if kept:
            call_unreadable(delivery=kept, words=str(unreadable))
        return JsonResponse({"error": str(unreadable), "stored": kept is not None}, status=400)
    return JsonResponse({"delivery": str(kept.pk) if kept else None, "seen_before": kept is None}, status=status)


def _refused(words: str) -> JsonResponse:
    return JsonResponse({"error": words}, status=401)
