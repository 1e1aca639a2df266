"""Who somebody is: logins, the names git writes, and the tokens that prove them."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt

from sandbox import secrets
from sandbox.codehost.refusals import bad_credentials

OWNER = "acme"
APP = "rollback-console[bot]"
PEOPLE = ("oncall", "engineer", "reviewer", "cto")
_DOMAIN = "acme.example"
_APP_EMAIL = f"{secrets.GITHUB_INSTALLATION_ID}+{APP}@users.noreply.github.com"


@dataclass(frozen=True, slots=True)
class Signature:
    """A name and address as git writes them."""

    name: str
    email: str


WEB = Signature("GitHub", "noreply@github.com")


def signature_of(login: str) -> Signature:
    return Signature(login, _APP_EMAIL if login == APP else f"{login}@{_DOMAIN}")


def login_of(email: str) -> str | None:
    """The account an address belongs to; None where nobody here has it."""
    if email == _APP_EMAIL:
        return APP
    login, _, domain = email.partition("@")
    return login if domain == _DOMAIN else None


def person_token(login: str) -> str:
    """The demo's personal token of `login`: tests speak as that person with it."""
    return f"sandbox-token-of-{login}"


@dataclass(slots=True)
class Tokens:
    """The tokens in force. The fixed one and every installation token speak as the App."""

    public_key: str
    _issued: dict[str, datetime] = field(default_factory=dict)

    def login(self, token: str) -> str:
        """Whose token it is; refuses with 401."""
        if token == secrets.GITHUB_TOKEN or self._in_force(token):
            return APP
        people = {person_token(login): login for login in PEOPLE}
        if token in people:
            return people[token]
        raise bad_credentials()

    def issue(self, app_jwt: str, installation: str) -> tuple[str, datetime]:
        """An installation token, an hour long, for a JWT the App signed.

        RS256, `iss` the app id, at most ten minutes long:
        https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
        """
        self.check(app_jwt, installation)
        token, until = f"ghs_{uuid4().hex}", datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
        self._issued[token] = until
        return token, until

    def check(self, app_jwt: str, installation: str) -> None:
        """Refuses a JWT that the App did not sign, and another installation."""
        self._check(app_jwt)
        if installation != secrets.GITHUB_INSTALLATION_ID:
            raise bad_credentials("Integration not found")

    def _check(self, app_jwt: str) -> None:
        try:
            claims = jwt.decode(
                app_jwt, self.public_key, algorithms=["RS256"], options={"require": ["exp", "iat", "iss"]}, leeway=60
            )
        except jwt.InvalidTokenError as wrong:
            raise bad_credentials("A JSON web token could not be decoded") from wrong
        if str(claims["iss"]) != secrets.GITHUB_APP_ID:
            raise bad_credentials("Integration must generate a public key")
        if claims["exp"] > time.time() + 600 + 60:
            raise bad_credentials("'Expiration time' claim ('exp') is too far in the future")

    def _in_force(self, token: str) -> bool:
        return token in self._issued and self._issued[token] > datetime.now(UTC)
