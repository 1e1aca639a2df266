"""The addresses of the approver's pages."""

from django.urls import path

from approvals import views

app_name = "approvals"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("panels", views.inbox_panels, name="inbox-panels"),
    path("<uuid:request_id>/", views.detail, name="detail"),
    path("<uuid:request_id>/panels", views.detail_panels, name="detail-panels"),
    path("<uuid:request_id>/vote/", views.cast_vote, name="vote"),
    path("<uuid:request_id>/withdraw/", views.take_vote_back, name="withdraw"),
    path("<uuid:request_id>/take-back/", views.take_request_back, name="take-back"),
]
