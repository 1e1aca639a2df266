"""The addresses of pages, fragments, acts and webhooks."""

from django.urls import path

from incidents import webhooks
from incidents.views import acts, lists, live, pages, plan, room

app_name = "incidents"

urlpatterns = [
    path("", lists.show_dashboard, name="dashboard"),
    path("panels", lists.dashboard_panels, name="dashboard-panels"),
    path("incidents/", lists.list_incidents, name="list"),
    path("incidents/declare/", lists.declare, name="declare"),
    path("incidents/<str:number>/", room.detail, name="detail"),
    path("incidents/<str:number>/panels", room.panels, name="panels"),
    path("incidents/<str:number>/controls", room.controls, name="controls"),
    path("incidents/<str:number>/timeline", room.timeline, name="timeline"),
    path("incidents/<str:number>/advice", room.advice, name="advice"),
    path("incidents/<str:number>/announce", acts.announce_words, name="announce"),
    path("incidents/<str:number>/announce/check", room.announce_check, name="announce-check"),
    path("incidents/<str:number>/suspects", acts.add_suspect, name="add-suspect"),
    path("incidents/<str:number>/take-over", acts.take, name="take-over"),
    path("incidents/<str:number>/hand-over", acts.hand, name="hand-over"),
    path("incidents/<str:number>/merge", acts.merge, name="merge"),
    path("incidents/<str:number>/no-help", acts.no_help, name="no-help"),
    path("incidents/<str:number>/false-alarm", acts.false_alarm, name="false-alarm"),
    path("incidents/<str:number>/close", acts.close, name="close"),
    path("incidents/<str:number>/decide", plan.decide_path, name="decide"),
    path("incidents/<str:number>/execute", plan.execute, name="execute"),
    path("incidents/<str:number>/stop", plan.stop, name="stop"),
    path("incidents/<str:number>/resume", plan.resume, name="resume"),
    path("incidents/<str:number>/adopt", plan.adopt, name="adopt"),
    path("incidents/<str:number>/steps/<uuid:step_id>/<str:what>", plan.step, name="step"),
    path("live-ticket/dashboard/", live.dashboard_ticket, name="live-ticket-dashboard"),
    path("live-ticket/<str:number>/", live.incident_ticket, name="live-ticket"),
    path("changes/", lists.list_changes, name="changes"),
    path("changes/<slug:slug>/<str:sha>/", lists.show_change, name="change"),
    path("people/", pages.people, name="people"),
    path("services/", pages.catalogue, name="catalogue"),
    path("services/<slug:slug>/", pages.service, name="service"),
    path("procedure/", pages.procedure, name="procedure"),
    path("styleguide/", pages.styleguide, name="styleguide"),
    path("hooks/github", webhooks.receive_github, name="hook-github"),
    path("hooks/alertmanager", webhooks.receive_alertmanager, name="hook-alertmanager"),
]
