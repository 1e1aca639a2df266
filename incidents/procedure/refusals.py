"""What every refusal of the procedure carries: the rule that refuses, and words for the on-call engineer."""


class Refusal(Exception):
    """The procedure says no. Its kinds are named as facts, beside what raises them; a view answers 409."""

    def __init__(self, rule: str, words: str) -> None:
        super().__init__(rule, words)
        self.rule = rule
        self.words = words

    def __str__(self) -> str:
        return f"{self.words} ({self.rule})"
