"""The table of the shared cache, made like any other so that `migrate` is all that an installation runs."""

from django.db import migrations

CREATE = """
CREATE TABLE console_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX console_cache_expires ON console_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = []

    operations = [migrations.RunSQL(CREATE, "DROP TABLE console_cache")]
