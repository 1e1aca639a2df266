"""The console's addresses, and an empty page for somebody signed in: the floor that the others are compared with."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from incidents.views.doors import signed_in
from rollback_console.urls import urlpatterns as of_the_console


@signed_in
def empty(request: HttpRequest) -> HttpResponse:
    """Only what every page has: the session, the person, the bar."""
    return render(request, "base.html")


urlpatterns = [path("floor/", empty), *of_the_console]
