"""Memory: the rows that are the truth, with their constraints in the database."""

from incidents.models.alert import Alert, Delivery
from incidents.models.change import Assessment, Change, Deployment, Reversion
from incidents.models.course import Course
from incidents.models.deadline import Deadline, Reminder
from incidents.models.decision import Confirmation, Decision, Plan
from incidents.models.drill import Drill
from incidents.models.duty import Deputy, Identity, Seat, Shift
from incidents.models.incident import Incident, IncidentNumber, Suspect, Trigger
from incidents.models.ledger import LedgerEntry, LedgerStream
from incidents.models.readiness import Rehearsal
from incidents.models.series import SeriesSample
from incidents.models.service import Service, ServiceGroupObjectPermission, ServiceUserObjectPermission
from incidents.models.step import Step
from incidents.models.words import FollowUp, Retrospective, StatusUpdate

__all__ = [
    "Alert",
    "Assessment",
    "Change",
    "Confirmation",
    "Course",
    "Deadline",
    "Decision",
    "Delivery",
    "Deployment",
    "Deputy",
    "Drill",
    "FollowUp",
    "Identity",
    "Incident",
    "IncidentNumber",
    "LedgerEntry",
    "LedgerStream",
    "Plan",
    "Rehearsal",
    "Reminder",
    "Retrospective",
    "Reversion",
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
