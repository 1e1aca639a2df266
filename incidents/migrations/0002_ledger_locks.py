"""The ledger only grows: triggers refuse change, removal and emptying, and the application's role has no such right.

The triggers do not stop the owner, who can disable them; signed checkpoints outside are the defence against that one
(trust.md §3). The sequence hands out the fencing tokens of the step runner.
"""

from django.db import migrations

LOCK = """
CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger only grows: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER ledger_only_grows BEFORE UPDATE OR DELETE ON incidents_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER ledger_is_not_emptied BEFORE TRUNCATE ON incidents_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER streams_are_not_removed BEFORE DELETE ON incidents_ledgerstream
    FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER streams_are_not_emptied BEFORE TRUNCATE ON incidents_ledgerstream
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollback_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON incidents_ledgerentry FROM rollback_app;
        REVOKE DELETE, TRUNCATE ON incidents_ledgerstream FROM rollback_app;
    END IF;
END $$;
"""

UNLOCK = """
DROP TRIGGER ledger_only_grows ON incidents_ledgerentry;
DROP TRIGGER ledger_is_not_emptied ON incidents_ledgerentry;
DROP TRIGGER streams_are_not_removed ON incidents_ledgerstream;
DROP TRIGGER streams_are_not_emptied ON incidents_ledgerstream;
DROP FUNCTION refuse_ledger_change();
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_nouns")]

    operations = [
        migrations.RunSQL(LOCK, UNLOCK),
        migrations.RunSQL("CREATE SEQUENCE incidents_lease AS bigint", "DROP SEQUENCE incidents_lease"),
    ]
