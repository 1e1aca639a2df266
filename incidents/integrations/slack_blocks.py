"""A message with buttons, as Slack's Block Kit lays it out: https://docs.slack.dev/reference/block-kit/blocks"""

from collections.abc import Sequence
from textwrap import TextWrapper
from typing import Final

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, MarkdownTextObject, SectionBlock

from incidents.integrations.chat import Button, Emphasis
from incidents.integrations.errors import IntegrationError

LONGEST_LABEL: Final = 75
LONGEST_VALUE: Final = 2000
_SECTIONS: Final = TextWrapper(3000, expand_tabs=False, replace_whitespace=False, drop_whitespace=False)
_STYLES: Final = {Emphasis.PLAIN: None, Emphasis.PRIMARY: "primary", Emphasis.DANGER: "danger"}


def with_buttons(text: str, buttons: Sequence[Button]) -> list[Block]:
    """The text, in as many sections as it needs, and under it one row of buttons; `text` is escaped already."""
    pieces = [MarkdownTextObject(text=piece, verbatim=True) for piece in _SECTIONS.wrap(text)]
    sections: list[Block] = [SectionBlock(text=piece) for piece in pieces]
    return [*sections, ActionsBlock(elements=[_element(button) for button in buttons])]


def _element(button: Button) -> ButtonElement:
    if len(button.value) > LONGEST_VALUE:
        words = f"The button {button.label!r} carries more than Slack takes."
        raise IntegrationError(words, retryable=False)
    return ButtonElement(
        text=button.label[:LONGEST_LABEL],
        action_id=button.action,
        value=button.value or None,
        url=button.url or None,
        style=_STYLES[button.emphasis],
    )
