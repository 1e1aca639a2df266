"""A row of its own for the course of each incident, and what the search of the record goes by.

The record only grows: the one column beside it that search alone needs is filled by the owner, with the locks off for
that statement. What is hashed is not touched. Three indexes that repeated others make room for the new ones.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FILL_SERVICE = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE incidents_ledgerentry DISABLE TRIGGER ledger_only_grows;
UPDATE incidents_ledgerentry SET service_id = incidents_incident.service_id
    FROM incidents_incident WHERE incidents_incident.id = incidents_ledgerentry.incident_id;
ALTER TABLE incidents_ledgerentry ENABLE TRIGGER ledger_only_grows;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0008_links_being_proved"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Course",
            fields=[
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="course",
                        serialize=False,
                        to="incidents.incident",
                    ),
                ),
                ("severity", models.PositiveSmallIntegerField()),
                ("resolution", models.CharField(blank=True, max_length=20)),
                (
                    "path",
                    models.CharField(
                        blank=True, help_text="of the newest decision; empty before the first", max_length=20
                    ),
                ),
                (
                    "previewed_clean",
                    models.BooleanField(help_text="of a rollback's first plan; none for other paths", null=True),
                ),
                ("onset_at", models.DateTimeField()),
                ("declared_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField(null=True)),
                (
                    "cto_at",
                    models.DateTimeField(
                        help_text="when the CTO, or the deputy, approved the rollback (M3)", null=True
                    ),
                ),
                ("dba_at", models.DateTimeField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("executed_at", models.DateTimeField(null=True)),
                ("reverted_at", models.DateTimeField(null=True)),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("merged_at", models.DateTimeField(null=True)),
                ("deployed_at", models.DateTimeField(null=True)),
                ("recovered_at", models.DateTimeField(null=True)),
                ("retrospective_at", models.DateTimeField(help_text="when it was complete", null=True)),
                ("retrospective_due_at", models.DateTimeField(null=True)),
                (
                    "settled",
                    models.BooleanField(default=False, help_text="nothing more is to come: it is not looked at again"),
                ),
            ],
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="service",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="beside the hashed text, for the search alone",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="incidents.service",
            ),
        ),
        migrations.RunSQL(FILL_SERVICE, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="ledgerentry",
            name="actor",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ledger_entries",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="incident",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="incidents.incident",
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="stream",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="incidents.ledgerstream",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["-at", "-id"], name="entry_by_age"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["kind", "-at", "-id"], name="entry_by_kind"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["actor", "-at", "-id"], name="entry_by_actor"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["service", "-at", "-id"], name="entry_by_service"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("rule", ""), _negated=True), fields=["rule", "-at", "-id"], name="entry_by_rule"
            ),
        ),
        migrations.AddField(
            model_name="course",
            name="service",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="courses",
                to="incidents.service",
            ),
        ),
        migrations.AddIndex(
            model_name="course",
            index=models.Index(fields=["service", "-declared_at"], name="course_by_service"),
        ),
        migrations.AddIndex(
            model_name="course",
            index=models.Index(fields=["-declared_at"], name="course_by_age"),
        ),
        migrations.AddIndex(
            model_name="course",
            index=models.Index(condition=models.Q(("settled", False)), fields=["incident"], name="course_unsettled"),
        ),
    ]
