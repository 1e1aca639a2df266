"""The two failures that leave an integration."""


class IntegrationError(Exception):
    """The outside world did not do what was asked; `words` says so to the on-call engineer.

    `retryable`: worth trying again by itself, not before `retry_after` seconds where that is known.
    `in_doubt`: a write was sent and its answer lost, so the effect may have taken place: look it up before a repeat.
    """

    def __init__(
        self,
        words: str,
        *,
        retryable: bool,
        in_doubt: bool = False,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(words)
        self.words = words
        self.retryable = retryable
        self.in_doubt = in_doubt
        self.status = status
        self.retry_after = retry_after


class UnreadableDelivery(Exception):
    """A webhook's body is not what its sender documents; `words` names what is wrong, never quoting the body."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words
