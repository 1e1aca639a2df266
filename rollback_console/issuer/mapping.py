"""Which of the issuer's groups hold which of the console's roles (OIDC_GROUPS), read and applied; pure."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from incidents.procedure.duty import Role

OF_A_SERVICE: Final = (Role.ENGINEER, Role.REVIEWER)
ROLES: Final = (*OF_A_SERVICE, Role.CTO, Role.CISO, Role.DBA, Role.AUDITOR, Role.ADMINISTRATOR)
FORM: Final = 'must be a JSON object such as {"their-sre": ["engineer", "reviewer:shop"], "their-board": "cto"}'
_ON_CALL: Final = ("oncall", "on_call", "on-call")
_SLUG: Final = re.compile(r"[\w-]+")

Groups = Mapping[str, frozenset[str]]


def read(text: str) -> dict[str, Any]:
    """Each group of the issuer with its roles: `cto`, or for one service `engineer:shop`; else ValueError says why."""
    try:
        told = json.loads(text)
    except json.JSONDecodeError:
        raise ValueError(FORM) from None
    if not isinstance(told, dict) or not told:
        raise ValueError(FORM)
    return {group: frozenset(_role(role) for role in _listed(roles)) for group, roles in told.items()}


def roles_named(mapping: Groups) -> frozenset[str]:
    """Every role that the mapping rules over; a sign-in touches no other."""
    return frozenset().union(*mapping.values())


def roles_of(groups: Iterable[str], mapping: Groups) -> frozenset[str]:
    """The roles of somebody in these groups of the issuer."""
    return frozenset().union(*(mapping.get(group, frozenset()) for group in groups))


def groups_in(claims: Mapping[str, Any]) -> frozenset[str]:
    """The claim `groups`; a single name stands for itself, and anything else is no group."""
    told = claims.get("groups")
    listed = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    return frozenset(group for group in listed if isinstance(group, str))


def _listed(roles: Any) -> list[Any]:
    listed = [roles] if isinstance(roles, str) else roles
    if not isinstance(listed, list) or not listed:
        raise ValueError(FORM)
    return listed


def _role(role: Any) -> str:
    if role in _ON_CALL:
        raise ValueError(f"{role} is no role to be mapped: on call is who has a shift (E5); map engineer instead")
    name, colon, slug = str(role).partition(":")
    if name not in ROLES or (colon and (name not in OF_A_SERVICE or not _SLUG.fullmatch(slug))):
        raise ValueError(
            f"knows no role {role!r}; there are {', '.join(ROLES)}, and engineer:SERVICE, reviewer:SERVICE"
        )
    return str(role)
