"""How people come in: accounts are made by an administrator or by single sign-on, never by strangers."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """There is no public sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
