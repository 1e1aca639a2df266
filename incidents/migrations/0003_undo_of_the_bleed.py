"""Two more kinds of step: a flag turned on again (S2), a target put back in service (S3)."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0002_ledger_locks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="step",
            name="a_step_is_of_a_known_kind",
        ),
        migrations.AlterField(
            model_name="step",
            name="kind",
            field=models.CharField(
                choices=[
                    ("page_on_call", "page on call"),
                    ("flag_off", "flag off"),
                    ("flag_on", "flag on"),
                    ("drain", "drain"),
                    ("undrain", "undrain"),
                    ("announce", "announce"),
                    ("inform_cto", "inform cto"),
                    ("post_commands", "post commands"),
                    ("push_revert", "push revert"),
                    ("open_pull_request", "open pull request"),
                    ("review", "review"),
                    ("merge", "merge"),
                    ("deploy", "deploy"),
                    ("prove_recovery", "prove recovery"),
                ],
                max_length=30,
            ),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "page_on_call",
                            "flag_off",
                            "flag_on",
                            "drain",
                            "undrain",
                            "announce",
                            "inform_cto",
                            "post_commands",
                            "push_revert",
                            "open_pull_request",
                            "review",
                            "merge",
                            "deploy",
                            "prove_recovery",
                        ],
                    )
                ),
                name="a_step_is_of_a_known_kind",
            ),
        ),
    ]
