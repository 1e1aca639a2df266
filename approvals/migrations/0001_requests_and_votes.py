"""Requests and votes, with what the database itself holds about them."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("subject_type", models.CharField(max_length=40)),
                ("subject_id", models.CharField(max_length=100)),
                ("rule_id", models.CharField(max_length=10)),
                ("rule_seats", models.JSONField(help_text="the rule as data: all or any of which seats")),
                ("label", models.CharField(help_text="what people call the subject", max_length=60)),
                ("urgency", models.CharField(blank=True, max_length=20)),
                ("question", models.CharField(max_length=200)),
                ("summary", models.TextField()),
                ("exactly", models.TextField(help_text="what is approved, to the letter")),
                ("otherwise", models.TextField(blank=True, help_text="what happens if nobody answers")),
                ("url", models.CharField(blank=True, max_length=500)),
                ("evidence", models.JSONField(default=dict)),
                ("content_digest", models.CharField(help_text="of what will run or be posted", max_length=64)),
                (
                    "digest",
                    models.CharField(
                        help_text="of all that the approver sees, the content's digest included", max_length=64
                    ),
                ),
                ("small_team", models.BooleanField(help_text="E14's switch when it was asked")),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "deputies_from",
                    models.DateTimeField(blank=True, help_text="when deputies are asked, too (E15)", null=True),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("granted", "granted"),
                            ("refused", "refused"),
                            ("expired", "expired"),
                            ("withdrawn", "withdrawn"),
                            ("consumed", "consumed"),
                            ("voided", "voided"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_why", models.TextField(blank=True)),
                ("consumed_by", models.CharField(blank=True, help_text="what ran on it, once", max_length=100)),
                (
                    "changes",
                    models.JSONField(
                        default=list, help_text="where the content differs from what was asked, if it was voided"
                    ),
                ),
                (
                    "flags",
                    models.JSONField(
                        default=list, help_text="the exceptions in the seats that are filled now (E11, E14)"
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals_asked",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="approvals.approvalrequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Vote",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(help_text="its place in the order of the request's votes")),
                ("seat", models.CharField(help_text="the role answered as", max_length=40)),
                ("answer", models.CharField(choices=[("approve", "approve"), ("refuse", "refuse")], max_length=10)),
                ("reason", models.TextField(blank=True)),
                ("digest_seen", models.CharField(max_length=64)),
                ("cast_at", models.DateTimeField()),
                (
                    "second_seat",
                    models.BooleanField(default=False, help_text="the person fills another seat, too (E14's switch)"),
                ),
                ("flags", models.JSONField(default=list)),
                ("authentication_method", models.CharField(blank=True, max_length=40)),
                ("authenticated_at", models.DateTimeField(blank=True, null=True)),
                ("superseded_at", models.DateTimeField(blank=True, help_text="the person answered anew", null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approval_votes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="votes",
                        to="approvals.approvalrequest",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="approvalrequest",
            index=models.Index(
                condition=models.Q(("state__in", ["open", "granted", "refused"])),
                fields=["expires_at"],
                name="request_due",
            ),
        ),
        migrations.AddIndex(
            model_name="approvalrequest",
            index=models.Index(fields=["subject_type", "subject_id", "-asked_at"], name="request_by_subject"),
        ),
        migrations.AddConstraint(
            model_name="approvalrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["open", "granted", "refused", "expired", "withdrawn", "consumed", "voided"])
                ),
                name="a_request_is_in_a_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("asked_at"))), name="a_request_expires_after_it_is_asked"
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", False), ("state__in", ["expired", "withdrawn", "consumed", "voided"])
                    ),
                    models.Q(
                        models.Q(("state__in", ["expired", "withdrawn", "consumed", "voided"]), _negated=True),
                        ("ended_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="an_ended_request_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "consumed"), models.Q(("consumed_by", ""), _negated=True)),
                    models.Q(models.Q(("state", "consumed"), _negated=True), ("consumed_by", "")),
                    _connector="OR",
                ),
                name="a_consumed_request_says_by_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("content_digest__regex", "^[0-9a-f]{64}$"), ("digest__regex", "^[0-9a-f]{64}$")),
                name="a_request_is_bound_to_its_content",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["open", "granted", "refused"])),
                fields=("subject_type", "subject_id", "rule_id"),
                name="one_live_request_a_subject_and_rule",
            ),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer__in", ["approve", "refuse"])), name="a_vote_gives_a_known_answer"
            ),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer", "approve"), models.Q(("reason", ""), _negated=True), _connector="OR"),
                name="a_refusal_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.UniqueConstraint(fields=("request", "number"), name="votes_are_numbered"),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.UniqueConstraint(
                condition=models.Q(("superseded_at__isnull", True), ("withdrawn_at__isnull", True)),
                fields=("request", "person", "second_seat"),
                name="one_live_vote_a_person_and_request",
            ),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.UniqueConstraint(
                condition=models.Q(("superseded_at__isnull", True), ("withdrawn_at__isnull", True)),
                fields=("request", "person", "seat"),
                name="one_live_vote_a_person_and_seat",
            ),
        ),
    ]
