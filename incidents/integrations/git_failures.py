"""What git says when the code host fails it, in words for the on-call engineer."""

import re
from dataclasses import dataclass

from incidents.integrations.errors import IntegrationError


@dataclass(frozen=True, slots=True)
class _Sign:
    """What git prints, and what it means; `early` ones only where nothing broke off later."""

    text: re.Pattern[str]
    words: str
    retryable: bool
    early: bool


def _sign(text: str, words: str, *, retryable: bool, early: bool) -> _Sign:
    return _Sign(re.compile(text, re.IGNORECASE), words, retryable, early)


# The first that fits. A failing first request is "unable to access", a later one "RPC failed".
_SIGNS = (
    _sign(
        r"could not read Username|Authentication failed|terminal prompts disabled|(returned error:|HTTP) 40[13]",
        "The code host refuses the console's credentials for this repository.",
        retryable=False,
        early=False,
    ),
    _sign(
        r"repository .* not found|does not appear to be a git repository|(returned error:|HTTP) 404",
        "The code host knows no such repository, or the console may not see it.",
        retryable=False,
        early=False,
    ),
    _sign(
        r"bad object|src refspec .* does not match|unable to read",
        "The commit to push is not here.",
        retryable=False,
        early=True,
    ),
    _sign(
        r"transport '\w+' not allowed",
        "The repository's address uses a transport that is not allowed.",
        retryable=False,
        early=True,
    ),
    _sign(r"Could not resolve host", "The code host's name cannot be resolved.", retryable=True, early=True),
    _sign(r"returned error: 429", "The code host asks the console to slow down.", retryable=True, early=True),
    _sign(r"returned error: 5\d\d", "The code host answers with an error of its own.", retryable=True, early=True),
    _sign(
        r"SSL certificate|certificate verif|server certificate",
        "The code host's certificate is not accepted.",
        retryable=False,
        early=True,
    ),
    _sign(r"unable to access", "The code host cannot be reached.", retryable=True, early=True),
)
_BROKE_OFF = re.compile(r"RPC failed|hung up unexpectedly|early EOF|Broken pipe", re.IGNORECASE)
_STATUS = re.compile(r"(?:returned error:|HTTP) (\d{3})")
_REJECTED = re.compile(r"^!\t[^\t]*\t\[(?:remote )?rejected\] ?(?:\((?P<reason>.*)\))?", re.MULTILINE)
_FLEETING = ("cannot lock ref", "failed to update ref", "failed to lock", "internal", "timeout", "try again")


def fetch_failure(complaints: str) -> IntegrationError:
    sign = _read(complaints)
    if sign is None:
        return IntegrationError(
            f"Fetching from the code host broke off: {_last(complaints)}", retryable=True, status=_status(complaints)
        )
    return IntegrationError(sign.words, retryable=sign.retryable, status=_status(complaints))


def push_failure(branch: str, out: str, complaints: str) -> IntegrationError:
    """In doubt where the commit may have arrived and only the answer was lost."""
    rejected = _REJECTED.search(out)
    if rejected:
        return _rejection(branch, rejected["reason"] or "no reason given")
    sign = _read(complaints)
    if sign is not None:
        return IntegrationError(sign.words, retryable=sign.retryable, status=_status(complaints))
    return IntegrationError(
        f"The push to {branch} broke off, and may have arrived: {_last(complaints)}",
        retryable=True,
        in_doubt=True,
        status=_status(complaints),
    )


def silence(command: str, seconds: float) -> IntegrationError:
    if command == "push":
        words = f"The code host did not finish the push within {seconds:.0f} s; it may have arrived."
        return IntegrationError(words, retryable=True, in_doubt=True)
    return IntegrationError(f"git {command} did not finish within {seconds:.0f} s.", retryable=True)


def _rejection(branch: str, reason: str) -> IntegrationError:
    if reason == "stale info" or "already exists" in reason:
        return IntegrationError(f"The branch {branch} exists with other content; it is left as it is.", retryable=False)
    fleeting = any(sign in reason for sign in _FLEETING)
    return IntegrationError(f"The code host does not take the branch {branch}: {reason[:200]}.", retryable=fleeting)


def _read(complaints: str) -> _Sign | None:
    late = _BROKE_OFF.search(complaints) is not None
    return next((sign for sign in _SIGNS if not (late and sign.early) and sign.text.search(complaints)), None)


def _status(complaints: str) -> int | None:
    found = _STATUS.search(complaints)
    return int(found[1]) if found else None


def _last(complaints: str) -> str:
    """Git's own last words; they can name the url, which holds no secret."""
    lines = [line for line in complaints.strip().splitlines() if line.strip()]
    return lines[-1][:200] if lines else "git gave no reason"
