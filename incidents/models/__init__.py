"""Memory: the rows that are the truth, with their constraints in the database."""

from incidents.models.alert import Alert, Delivery
from incidents.models.change import Assessment, Change, Deployment, Reversion
from incidents.models.checkpoint import Checkpoint, CheckpointHead, CheckpointSink, StreamCheck
from incidents.models.course import Course
from incidents.models.deadline import Deadline, Reminder
from incidents.models.decision import Confirmation, Decision, Plan
from incidents.models.drill import Drill
from incidents.models.duty import Deputy, Identity, Seat, Shift
from incidents.models.export import Export
from incidents.models.incident import Incident, IncidentNumber, Suspect, Trigger
from incidents.models.knocking import FailedSignIn
from incidents.models.ledger import LedgerEntry, LedgerPersonal, LedgerStream
from incidents.models.readiness import Rehearsal
from incidents.models.retrospective import (
    FollowUp,
    Retrospective,
    RetrospectiveSection,
    SectionDraft,
    SectionRevision,
)
from incidents.models.series import SeriesSample
from incidents.models.service import Service, ServiceGroupObjectPermission, ServiceUserObjectPermission
from incidents.models.step import Step
from incidents.models.words import StatusUpdate

__all__ = [
    "Alert",
    "Assessment",
    "Change",
    "Checkpoint",
    "CheckpointHead",
    "CheckpointSink",
    "Confirmation",
    "Course",
    "Deadline",
    "Decision",
    "Delivery",
    "Deployment",
    "Deputy",
    "Drill",
    "Export",
    "FailedSignIn",
    "FollowUp",
    "Identity",
    "Incident",
    "IncidentNumber",
    "LedgerEntry",
    "LedgerPersonal",
    "LedgerStream",
    "Plan",
    "Rehearsal",
    "Reminder",
    "Retrospective",
    "RetrospectiveSection",
    "Reversion",
    "Seat",
    "SectionDraft",
    "SectionRevision",
    "SeriesSample",
    "Service",
    "ServiceGroupObjectPermission",
    "ServiceUserObjectPermission",
    "Shift",
    "StatusUpdate",
    "Step",
    "StreamCheck",
    "Suspect",
    "Trigger",
]
