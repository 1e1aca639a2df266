"""Draining must not be the outage (E22)."""


def too_few_left(target: str, *, left: int, minimum: int) -> str:
    """Why the target may not be drained; empty where enough healthy servers would stay."""
    if left >= minimum:
        return ""
    rest = "no healthy server" if left == 0 else f"only {left} healthy"
    return (
        f"Draining {target} would leave {rest}, and the service needs {minimum} (E22)."
        " The on-call engineer may drain it all the same, with a reason."
    )
