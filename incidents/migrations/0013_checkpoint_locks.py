"""Checkpoints only grow, like the ledger; of a clear text only the text itself may be taken out, and nothing changed."""

from django.db import migrations

TABLES = ("incidents_checkpoint", "incidents_checkpointhead")
LOCK = """
CREATE TRIGGER {0}_only_grows BEFORE UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER {0}_is_not_emptied BEFORE TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollback_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON {0} FROM rollback_app;
    END IF;
END $$;
"""
UNLOCK = "DROP TRIGGER {0}_only_grows ON {0}; DROP TRIGGER {0}_is_not_emptied ON {0};"

REDACT = """
CREATE FUNCTION refuse_unless_redacted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.entry_id <> OLD.entry_id
        OR (SELECT array_agg(key ORDER BY key) FROM jsonb_object_keys(NEW.clear) AS key)
            IS DISTINCT FROM (SELECT array_agg(key ORDER BY key) FROM jsonb_object_keys(OLD.clear) AS key)
        OR EXISTS (
            SELECT FROM jsonb_each(NEW.clear) AS after
            WHERE after.value <> 'null'::jsonb AND after.value <> OLD.clear -> after.key
        )
    THEN
        RAISE EXCEPTION 'a clear text may be redacted, not changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER clear_texts_are_only_redacted BEFORE UPDATE ON incidents_ledgerpersonal
    FOR EACH ROW EXECUTE FUNCTION refuse_unless_redacted();
CREATE TRIGGER clear_texts_are_not_removed BEFORE DELETE ON incidents_ledgerpersonal
    FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER clear_texts_are_not_emptied BEFORE TRUNCATE ON incidents_ledgerpersonal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollback_app') THEN
        REVOKE DELETE, TRUNCATE ON incidents_ledgerpersonal FROM rollback_app;
    END IF;
END $$;
"""
KEEP = """
DROP TRIGGER clear_texts_are_only_redacted ON incidents_ledgerpersonal;
DROP TRIGGER clear_texts_are_not_removed ON incidents_ledgerpersonal;
DROP TRIGGER clear_texts_are_not_emptied ON incidents_ledgerpersonal;
DROP FUNCTION refuse_unless_redacted();
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0012_checkpoints_and_exports")]

    operations = [
        *(migrations.RunSQL(LOCK.format(table), UNLOCK.format(table)) for table in TABLES),
        migrations.RunSQL(REDACT, KEEP),
    ]
