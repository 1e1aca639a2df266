"""The roof's addresses with the approver's pages among them, wherever the roof has put them."""

from django.urls import include, path

urlpatterns = [path("approvals/", include("approvals.urls")), path("", include("rollback_console.urls"))]
