"""What every refusal of this house carries: the rule that refuses, and words for the person who pressed."""


class Refusal(Exception):
    """The approval's rule says no. Its kinds are named as facts; a view answers 409."""

    def __init__(self, rule: str, words: str) -> None:
        super().__init__(rule, words)
        self.rule = rule
        self.words = words

    def __str__(self) -> str:
        return f"{self.words} ({self.rule})"


class AlreadyEnded(Refusal):
    """The request is consumed, withdrawn, voided or expired: nothing about it can change."""


class ContentChanged(Refusal):
    """What was shown, or what would run, is not what the request asks about (E13)."""


class StaleView(Refusal):
    """Somebody acted between the page and the click; the words say who did what."""


class NoSuchSeat(Refusal):
    """The rule has no such seat."""


class AskedByYou(Refusal):
    """Nobody votes on what they asked for (E14)."""


class NotEligible(Refusal):
    """The person does not hold that seat now: by role, activity, shift or deputyship."""


class AnsweredAlready(Refusal):
    """The person's vote in that seat says so already."""


class SeatedElsewhere(Refusal):
    """The person fills another seat, and nobody fills two (E14)."""


class SeatTaken(Refusal):
    """Somebody was faster; the words say who."""


class AlreadyGranted(Refusal):
    """Enough people have approved; the words say who."""


class NotGranted(Refusal):
    """What would run is not approved now; the words say who is missing, or who refused."""


class StillRefused(Refusal):
    """Exactly this was refused a moment ago: asking again does not take a refusal away."""


class NothingToWithdraw(Refusal):
    """The person has no live vote in this request."""


class NotYourRequest(Refusal):
    """Only who asked takes the question back."""


class AskedAlready(Refusal):
    """The same question about the same subject is open."""


class ContentUnchanged(Refusal):
    """The content is what was approved: there is nothing to void (E13)."""
