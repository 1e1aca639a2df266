"""The addresses of pages, fragments, acts and webhooks."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from incidents import webhooks
from incidents.views import (
    acts,
    audit,
    bleeding,
    drills,
    exporting,
    follow_ups,
    insights,
    linking,
    lists,
    live,
    pages,
    plan,
    public,
    readiness,
    reapplying,
    retrospective,
    room,
    words,
)

app_name = "incidents"


class IncidentNumberConverter(StringConverter):
    """`INC-2026-0042`."""

    regex = "INC-[0-9]{4}-[0-9]{1,9}"


class CommitIdConverter(StringConverter):
    """A commit's id, whole or its beginning."""

    regex = "[0-9a-f]{7,64}"


register_converter(IncidentNumberConverter, "incident")
register_converter(CommitIdConverter, "commit")

urlpatterns = [
    path("", lists.show_dashboard, name="dashboard"),
    path("panels", lists.dashboard_panels, name="dashboard-panels"),
    path("audit/", audit.search, name="audit"),
    path("audit/exports/", exporting.show, name="audit-exports"),
    path("audit/exports/ask", exporting.ask, name="audit-exports-ask"),
    path("audit/exports/rows", exporting.rows, name="audit-exports-rows"),
    path("audit/exports/verify.py", exporting.verifier, name="audit-verifier"),
    path("audit/exports/key", exporting.key, name="audit-key"),
    path("audit/exports/<uuid:export_id>/", exporting.download, name="audit-export"),
    path("audit/<int:entry_id>/", audit.entry, name="audit-entry"),
    path("insights/", insights.figures, name="insights"),
    path("insights/<slug:table>.csv", insights.figures_csv, name="insights-csv"),
    path("incidents/", lists.list_incidents, name="list"),
    path("incidents/declare/", lists.declare, name="declare"),
    path("incidents/<incident:number>/", room.detail, name="detail"),
    path("incidents/<incident:number>/panels", room.panels, name="panels"),
    path("incidents/<incident:number>/controls", room.controls, name="controls"),
    path("incidents/<incident:number>/course/", insights.course, name="course"),
    path("incidents/<incident:number>/timeline", room.timeline, name="timeline"),
    path("incidents/<incident:number>/advice", room.advice, name="advice"),
    path("incidents/<incident:number>/announce", acts.announce_words, name="announce"),
    path("incidents/<incident:number>/announce/check", room.announce_check, name="announce-check"),
    path("incidents/<incident:number>/page-on-call", bleeding.page, name="page-on-call"),
    path("incidents/<incident:number>/flags/<str:word>", bleeding.flag, name="flag"),
    path("incidents/<incident:number>/drain", bleeding.drain, name="drain"),
    path("incidents/<incident:number>/undrain", bleeding.undrain, name="undrain"),
    path("incidents/<incident:number>/words", words.write, name="words"),
    path("incidents/<incident:number>/words/fields", words.fields, name="words-fields"),
    path("incidents/<incident:number>/words/preview", words.preview, name="words-preview"),
    path("incidents/<incident:number>/words/<uuid:update_id>/<str:what>", words.act, name="words-act"),
    path("incidents/<incident:number>/hand-drafting", words.hand, name="hand-drafting"),
    path("incidents/<incident:number>/suspects", acts.add_suspect, name="add-suspect"),
    path("incidents/<incident:number>/take-over", acts.take, name="take-over"),
    path("incidents/<incident:number>/hand-over", acts.hand, name="hand-over"),
    path("incidents/<incident:number>/merge", acts.merge, name="merge"),
    path("incidents/<incident:number>/no-help", acts.no_help, name="no-help"),
    path("incidents/<incident:number>/decide-again", acts.decide_once_more, name="decide-again"),
    path("incidents/<incident:number>/false-alarm", acts.false_alarm, name="false-alarm"),
    path("incidents/<incident:number>/escalate", acts.escalate_incident, name="escalate"),
    path("incidents/<incident:number>/have-it", acts.have_it, name="have-it"),
    path("incidents/<incident:number>/close", acts.close, name="close"),
    path("incidents/<incident:number>/retrospective/", retrospective.show, name="retrospective"),
    path("incidents/<incident:number>/retrospective/panels", retrospective.panels, name="retrospective-panels"),
    path("incidents/<incident:number>/retrospective/register", retrospective.register, name="register-retrospective"),
    path("incidents/<incident:number>/retrospective/complete", retrospective.complete, name="complete-retrospective"),
    path("incidents/<incident:number>/retrospective/follow-ups", retrospective.add, name="add-follow-up"),
    path(
        "incidents/<incident:number>/retrospective/follow-ups/<uuid:follow_up_id>/<slug:what>",
        retrospective.follow_up,
        name="follow-up",
    ),
    path("incidents/<incident:number>/retrospective/<slug:section>", retrospective.save, name="save-section"),
    path(
        "incidents/<incident:number>/retrospective/<slug:section>/settle", retrospective.settle, name="settle-section"
    ),
    path(
        "incidents/<incident:number>/retrospective/<slug:section>/history",
        retrospective.history,
        name="history",
    ),
    path("follow-ups/", follow_ups.show, name="follow-ups"),
    path("incidents/<incident:number>/reapply", reapplying.ask, name="reapply"),
    path("incidents/<incident:number>/accept-return", reapplying.accept, name="accept-return"),
    path("incidents/<incident:number>/decide", plan.decide_path, name="decide"),
    path("incidents/<incident:number>/execute", plan.execute, name="execute"),
    path("incidents/<incident:number>/stop", plan.stop, name="stop"),
    path("incidents/<incident:number>/resume", plan.resume, name="resume"),
    path("incidents/<incident:number>/ask-anew", plan.ask, name="ask-anew"),
    path("incidents/<incident:number>/fix", plan.fix, name="fix"),
    path("incidents/<incident:number>/confirm", plan.confirm, name="confirm"),
    path("incidents/<incident:number>/break-glass", plan.break_the_glass, name="break-glass"),
    path("incidents/<incident:number>/adopt", plan.adopt, name="adopt"),
    path("incidents/<incident:number>/steps/<uuid:step_id>/<str:what>", plan.step, name="step"),
    path("live-ticket/dashboard/", live.dashboard_ticket, name="live-ticket-dashboard"),
    path("live-ticket/<incident:number>/", live.incident_ticket, name="live-ticket"),
    path("changes/", lists.list_changes, name="changes"),
    path("changes/<slug:slug>/<commit:sha>/", lists.show_change, name="change"),
    path("people/", pages.people, name="people"),
    path("people/you/", linking.you, name="you"),
    path("people/you/places", linking.places, name="you-places"),
    path("people/you/<slug:place>/claim", linking.claim, name="claim-login"),
    path("people/you/<slug:place>/prove", linking.prove, name="prove-login"),
    path("people/you/<slug:place>/unlink", linking.unlink_login, name="unlink-login"),
    path("people/deputies/<slug:role>", pages.deputy, name="deputy"),
    path("services/", pages.catalogue, name="catalogue"),
    path("services/<slug:slug>/", pages.service, name="service"),
    path("procedure/", pages.procedure, name="procedure"),
    path("drills/", drills.show_drills, name="drills"),
    path("drills/start", drills.start, name="start-drill"),
    path("drills/<uuid:drill_id>/", drills.show, name="drill"),
    path("drills/<uuid:drill_id>/state", drills.state, name="drill-state"),
    path("drills/<uuid:drill_id>/break-off", drills.break_off, name="break-off-drill"),
    path("readiness/", readiness.show, name="readiness"),
    path("readiness/checks", readiness.checks, name="readiness-checks"),
    path("readiness/try", readiness.try_now, name="readiness-try"),
    path("status/", public.page, name="status"),
    path("status/feed.atom", public.feed, name="status-feed"),
    path("styleguide/", pages.styleguide, name="styleguide"),
    path("hooks/github", webhooks.receive_github, name="hook-github"),
    path("hooks/slack", webhooks.receive_slack, name="hook-slack"),
    path("hooks/alertmanager", webhooks.receive_alertmanager, name="hook-alertmanager"),
]
