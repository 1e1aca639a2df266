"""The page that says why somebody does not come in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_let_in(request: HttpRequest, words: str, remedy: str = "", *, status: int = 403) -> HttpResponse:
    """What was refused, and what to do about it."""
    return render(request, "account/not_let_in.html", {"words": words, "remedy": remedy}, status=status)
