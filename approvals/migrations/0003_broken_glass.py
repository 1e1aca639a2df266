"""A broken glass holds for a while only; how long is said when it is broken, and never after."""

from django.db import migrations, models

BECOMES = "'state', 'version', 'ended_at', 'ended_why', 'consumed_by', 'changes', 'flags'"
FREEZE = """
DROP TRIGGER frozen ON approvals_approvalrequest;
CREATE TRIGGER frozen BEFORE UPDATE ON approvals_approvalrequest FOR EACH ROW EXECUTE FUNCTION
    approvals_refuse_rewriting({});
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0002_frozen_content")]

    operations = [
        migrations.AddField(
            "approvalrequest",
            "holds_until",
            models.DateTimeField(
                blank=True, null=True, help_text="how long a broken glass holds; a grant by votes has no end"
            ),
        ),
        migrations.RunSQL(FREEZE.format(f"{BECOMES}, 'holds_until'"), FREEZE.format(BECOMES)),
    ]
