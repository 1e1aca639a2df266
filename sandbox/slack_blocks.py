"""Whether Slack would take the blocks of a message, by slack_sdk's own models and Slack's own limits.

https://docs.slack.dev/reference/block-kit/blocks
"""

from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block, BlockElement, ButtonElement

_MOST_BLOCKS = 50
_MOST_ELEMENTS = 25
_LONGEST_SECTION = 3000

Written = dict[str, Any]


class Unfit(Exception):
    """Slack would answer `invalid_blocks`; the words say why."""


def check_blocks(blocks: object) -> list[Written]:
    """The blocks as Slack keeps them, each with a `block_id`; raises Unfit."""
    if not isinstance(blocks, list) or len(blocks) > _MOST_BLOCKS:
        raise Unfit("too many blocks, or no list of them")
    return [_checked(block, number) for number, block in enumerate(blocks)]


def _checked(block: object, number: int) -> Written:
    if not isinstance(block, dict):
        raise Unfit("a block is no object")
    try:
        kind = Block.parse(block)
        if kind is None or type(kind) is Block:
            raise Unfit(f"there is no block of type {block.get('type')}")
        kind.validate_json()
    except (SlackObjectFormationError, TypeError) as wrong:  # TypeError: a field that its model needs is missing
        raise Unfit(str(wrong)) from wrong
    if block["type"] == "actions":
        _check_actions(block.get("elements"))
    if block["type"] == "section":
        _check_section(block)
    return {"block_id": f"b{number}", **block}


def _check_section(block: Written) -> None:
    said = block.get("text")
    if isinstance(said, dict) and not 0 < len(str(said.get("text", ""))) <= _LONGEST_SECTION:
        raise Unfit("a section's text is empty or too long")


def _check_actions(elements: object) -> None:
    """At least one element, each of a known type, no action_id twice in a block."""
    if not isinstance(elements, list) or not 0 < len(elements) <= _MOST_ELEMENTS:
        raise Unfit("a row of actions has between one and 25 elements")
    for element in elements:
        _check_element(element)
    names = [element.get("action_id") for element in elements]
    if len(set(names)) < len(names):
        raise Unfit("an action_id stands twice in a block")


def _check_element(element: object) -> None:
    if not isinstance(element, dict):
        raise Unfit("an element is no object")
    kind = BlockElement.parse(element)
    if not isinstance(kind, BlockElement):
        raise Unfit(f"there is no element of type {element.get('type')}")
    try:
        kind.validate_json()
    except SlackObjectFormationError as wrong:
        raise Unfit(str(wrong)) from wrong
    if isinstance(kind, ButtonElement):
        _check_button(element)


def _check_button(button: Written) -> None:
    said = button.get("text")
    if not isinstance(said, dict) or said.get("type") != "plain_text" or not said.get("text"):
        raise Unfit("a button's label is plain text, and not empty")
    if not button.get("action_id"):
        raise Unfit("a button has an action_id")
