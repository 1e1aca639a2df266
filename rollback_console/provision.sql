-- The two roles of the console's database. Run once, by a superuser, connected to that database:
--   PGOPTIONS="-c provision.owner_password=… -c provision.app_password=…" psql --dbname rollback_console --file provision.sql
-- rollback_owner migrates and owns the tables; rollback_app runs, and cannot change what a table refuses.
-- Running it again changes nothing but the passwords.
DO $$
DECLARE
    role record;
BEGIN
    FOR role IN VALUES ('rollback_owner', 'provision.owner_password'), ('rollback_app', 'provision.app_password') LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role.column1) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', role.column1);
        END IF;
        EXECUTE format('ALTER ROLE %I PASSWORD %L', role.column1, current_setting(role.column2));
    END LOOP;
    EXECUTE format('ALTER DATABASE %I OWNER TO rollback_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO rollback_app', current_database());
END
$$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO rollback_app;
ALTER DEFAULT PRIVILEGES FOR ROLE rollback_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO rollback_app;
ALTER DEFAULT PRIVILEGES FOR ROLE rollback_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO rollback_app;
