"""Memory: the rows that are the truth, with their constraints in the database."""

from incidents.models.alert import Alert, Delivery
from incidents.models.change import Assessment, Change, Deployment
from incidents.models.decision import Decision, Plan
from incidents.models.duty import Identity, Seat, Shift
from incidents.models.incident import Incident, IncidentNumber, Suspect, Trigger
from incidents.models.ledger import LedgerEntry, LedgerStream
from incidents.models.series import SeriesSample
from incidents.models.service import Service, ServiceGroupObjectPermission, ServiceUserObjectPermission
from incidents.models.step import Step
from incidents.models.words import FollowUp, Retrospective, StatusUpdate

__all__ = [
    "Alert",
    "Assessment",
    "Change",
    "Decision",
    "Delivery",
    "Deployment",
    "FollowUp",
    "Identity",
    "Incident",
    "IncidentNumber",
    "LedgerEntry",
    "LedgerStream",
    "Plan",
    "Retrospective",
    "Seat",
    "SeriesSample",
    "Service",
    "ServiceGroupObjectPermission",
    "ServiceUserObjectPermission",
    "Shift",
    "StatusUpdate",
    "Step",
    "Suspect",
    "Trigger",
]
