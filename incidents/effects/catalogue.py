"""Which effect performs which kind of step."""

from collections.abc import Mapping

from incidents.effects.announce import Announce, InformCto, PostCommands
from incidents.effects.deploy import FollowDeploy
from incidents.effects.drain import DrainTarget, PutBack
from incidents.effects.find_fix import FindFix
from incidents.effects.flag_off import FlagOff, FlagOn
from incidents.effects.follow_up_issue import CloseIssue, OpenIssue
from incidents.effects.freeze import LiftWarnings, WarnOfMerges
from incidents.effects.merge import Merge
from incidents.effects.open_pull_request import OpenPullRequest
from incidents.effects.orders import Effect
from incidents.effects.page_on_call import PageOnCall
from incidents.effects.post_status import PostStatus
from incidents.effects.prove_recovery import ProveRecovery
from incidents.effects.publish_status import PublishStatus
from incidents.effects.push_revert import PushRevert
from incidents.effects.reapply import ProposeReapply, PushReapply
from incidents.effects.register_retro import RegisterRetro
from incidents.effects.review import FollowReview
from incidents.effects.rotate_credential import RotateCredential
from incidents.effects.wake_by_chat import WakeByChat
from incidents.effects.wake_by_mail import WakeByMail
from incidents.effects.wake_by_phone import WakeByPhone
from incidents.procedure.steps import StepKind

EFFECTS: Mapping[StepKind, Effect] = {
    StepKind.PAGE_ON_CALL: PageOnCall(),
    StepKind.FLAG_OFF: FlagOff(),
    StepKind.FLAG_ON: FlagOn(),
    StepKind.DRAIN: DrainTarget(),
    StepKind.UNDRAIN: PutBack(),
    StepKind.ANNOUNCE: Announce(),
    StepKind.INFORM_CTO: InformCto(),
    StepKind.POST_COMMANDS: PostCommands(),
    StepKind.FREEZE: WarnOfMerges(),
    StepKind.UNFREEZE: LiftWarnings(),
    StepKind.PUSH_REAPPLY: PushReapply(),
    StepKind.PROPOSE_REAPPLY: ProposeReapply(),
    StepKind.PUSH_REVERT: PushRevert(),
    StepKind.OPEN_PULL_REQUEST: OpenPullRequest(),
    StepKind.REVIEW: FollowReview(),
    StepKind.MERGE: Merge(),
    StepKind.DEPLOY: FollowDeploy(),
    StepKind.PROVE_RECOVERY: ProveRecovery(),
    StepKind.PUBLISH_STATUS: PublishStatus(),
    StepKind.POST_STATUS: PostStatus(),
    StepKind.WAKE_BY_PHONE: WakeByPhone(),
    StepKind.WAKE_BY_CHAT: WakeByChat(),
    StepKind.WAKE_BY_MAIL: WakeByMail(),
    StepKind.REMIND_BY_CHAT: WakeByChat(),
    StepKind.REMIND_BY_MAIL: WakeByMail(),
    StepKind.FIND_FIX: FindFix(),
    StepKind.ISOLATE: FlagOff(),
    StepKind.ROTATE_CREDENTIAL: RotateCredential(),
    StepKind.REGISTER_RETRO: RegisterRetro(),
    StepKind.OPEN_ISSUE: OpenIssue(),
    StepKind.CLOSE_ISSUE: CloseIssue(),
}


def effect_of(kind: str) -> Effect:
    """The effect of a kind; a KeyError names a kind that this release cannot perform."""
    return EFFECTS[StepKind(kind)]
