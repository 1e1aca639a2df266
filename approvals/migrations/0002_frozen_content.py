"""What was asked, and what was answered, can never be rewritten; only what becomes of it can."""

from django.db import migrations

FREEZE = """
CREATE FUNCTION approvals_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD) - TG_ARGV;
    after jsonb := to_jsonb(NEW) - TG_ARGV;
BEGIN
    IF before IS DISTINCT FROM after THEN
        RAISE EXCEPTION 'what was asked and answered is frozen: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER frozen BEFORE UPDATE ON approvals_approvalrequest FOR EACH ROW EXECUTE FUNCTION
    approvals_refuse_rewriting('state', 'version', 'ended_at', 'ended_why', 'consumed_by', 'changes', 'flags');
CREATE TRIGGER frozen BEFORE UPDATE ON approvals_vote FOR EACH ROW EXECUTE FUNCTION
    approvals_refuse_rewriting('superseded_at', 'withdrawn_at');

CREATE FUNCTION approvals_refuse_reviving() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a request that has ended stays ended' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER ended BEFORE UPDATE ON approvals_approvalrequest FOR EACH ROW
    WHEN (OLD.state IN ('expired', 'withdrawn', 'consumed', 'voided') AND OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION approvals_refuse_reviving();

CREATE FUNCTION approvals_refuse_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was asked and answered is kept: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER kept BEFORE DELETE ON approvals_approvalrequest FOR EACH ROW
    EXECUTE FUNCTION approvals_refuse_forgetting();
CREATE TRIGGER kept BEFORE DELETE ON approvals_vote FOR EACH ROW EXECUTE FUNCTION approvals_refuse_forgetting();
"""

THAW = """
DROP TRIGGER kept ON approvals_vote;
DROP TRIGGER kept ON approvals_approvalrequest;
DROP TRIGGER ended ON approvals_approvalrequest;
DROP TRIGGER frozen ON approvals_vote;
DROP TRIGGER frozen ON approvals_approvalrequest;
DROP FUNCTION approvals_refuse_forgetting();
DROP FUNCTION approvals_refuse_reviving();
DROP FUNCTION approvals_refuse_rewriting();
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_requests_and_votes")]

    operations = [migrations.RunSQL(FREEZE, THAW)]
