"""Calls in a migration's own code that change no row and no schema: what remains after them, a person must read."""

from typing import Final


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


BUILTINS: Final = _words(
    "abs all any bool bytes chr dict divmod enumerate filter float format frozenset getattr hasattr hash hex id",
    "int isinstance issubclass iter len list map max min next ord pow print range repr reversed round set setattr",
    "slice sorted str sum super tuple type zip Exception ValueError KeyError TypeError RuntimeError",
    "AssertionError NotImplementedError LookupError AttributeError",
)
READING_QUERIES: Final = _words(
    "aggregate alias all annotate contains count cursor dates datetimes db_manager defer difference distinct",
    "earliest exclude exists explain extra filter first get get_queryset in_bulk intersection iterator last",
    "latest none only order_by prefetch_related raw reverse select_for_update select_related union using values",
    "values_list",
)
"""Django's querysets, as far as they only read."""

METHODS: Final = READING_QUERIES | _words(
    # texts, lists, dictionaries, sets, matches, times
    "append capitalize casefold clear copy decode discard encode endswith extend find format group groups",
    "hexdigest index insert isalnum isalpha isascii isdigit isoformat isspace issubset issuperset items join keys",
    "ljust lower lstrip match partition pop popitem removeprefix removesuffix replace rfind rjust rpartition",
    "rsplit rstrip search setdefault sort split splitlines startswith strftime strip sub symmetric_difference",
    "title total_seconds translate update upper zfill findall finditer fullmatch date time astimezone timestamp",
    "year",
    # reading rows
    "any_ all_ asc atomic between cast chunked correlate desc exists_ fetchall fetchmany fetchone full_clean",
    "get_field get_fields get_model group_by having ilike in_ is_ is_not isnot label like limit load_only",
    "mappings not_in notin_ offset one one_or_none options outerjoin over quote_name refresh_from_db scalar",
    "scalar_one scalar_one_or_none scalars select_from subquery with_entities within_group yield_per",
    "execution_options filter_by",
    # asking what is there
    "get_check_constraints get_columns get_foreign_keys get_indexes get_pk_constraint get_table_names",
    "get_unique_constraints get_view_names has_table is_offline_mode table_names",
    # more of SQLAlchemy, and texts in other shapes
    "clear_cache dumps join loads notlike nullslast nulls_last quote query reflect scalar_subquery where with_variant",
    # telling
    "critical debug echo error exception flush info progress set_description warn warning write",
)
PURE: Final = (
    "base64.",
    "binascii.",
    "calendar.",
    "click.echo",
    "collections.",
    "contextlib.",
    "copy.",
    "dataclasses.",
    "datetime.",
    "dateutil.",
    "decimal.",
    "django.apps.",
    "django.conf.settings.",
    "django.contrib.postgres.",
    "django.core.exceptions.",
    "django.core.paginator.",
    "django.core.cache.",
    "django.db.connection",
    "django.db.models",
    "django.db.transaction.",
    "django.utils.",
    "functools.",
    "hashlib.",
    "html.",
    "itertools.",
    "json.",
    "logging.",
    "math.",
    "operator.",
    "orjson.",
    "pytz.",
    "random.",
    "re.",
    "secrets.",
    "simplejson.",
    "sqlalchemy.",
    "string.",
    "sys.stderr.",
    "sys.stdout.",
    "textwrap.",
    "time.",
    "tqdm.",
    "typing.",
    "unicodedata.",
    "urllib.parse.",
    "uuid.",
    "warnings.",
    "zoneinfo.",
)
"""Parts of the standard library, of Django and of SQLAlchemy that only compute: how their full names begin."""


def is_question(name: str) -> bool:
    """Whether a function's name says that it only asks: `has_table`, `table_has_column`, `find_constraint_name`."""
    words = name.lower().strip("_").split("_")
    return bool(_ASKING & {*words}) or name.lower().startswith("get")


_ASKING: Final = _words("has is are exists exist existing get find should can needs contains skip supports")


def is_pure(named: str) -> bool:
    """Whether a full dotted name lies in a part that only computes."""
    return f"{named}.".startswith(PURE)
