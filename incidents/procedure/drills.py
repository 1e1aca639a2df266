"""Rehearsals: what is broken, who must do what until it is mended, and what a drill is judged by."""

from enum import StrEnum


class Scenario(StrEnum):
    """What is rehearsed."""

    CLEAN_REVERT = "clean_revert"
    CONFLICT = "conflict"
    DROPPED_COLUMN = "dropped_column"
    CUSTOMER_DATA = "customer_data"
    ROTATION = "rotated_secret"
    LOST_ANSWERS = "lost_answers"
