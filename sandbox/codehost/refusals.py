"""What the code host says when it says no, in GitHub's words and statuses."""

_DOCUMENTATION = "https://docs.github.com/rest"


class Refused(Exception):
    """A request answered with an error. `errors` are GitHub's validation details, where it gives any."""

    def __init__(self, status: int, message: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors

    def body(self) -> dict[str, object]:
        body: dict[str, object] = {
            "message": self.message,
            "documentation_url": _DOCUMENTATION,
            "status": str(self.status),
        }
        if self.errors is not None:
            body["errors"] = self.errors
        return body


def bad_credentials(message: str = "Bad credentials") -> Refused:
    return Refused(401, message)


def not_found() -> Refused:
    return Refused(404, "Not Found")


def no_commit(ref: str) -> Refused:
    return Refused(422, f"No commit found for SHA: {ref}")


def invalid(resource: str, field: str, message: str, *, code: str = "custom") -> Refused:
    """422 Validation Failed, with the one field that failed."""
    detail = {"resource": resource, "code": code, "field": field, "message": message}
    return Refused(422, "Validation Failed", [detail])
