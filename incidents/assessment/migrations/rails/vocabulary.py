"""Names that every migration may use, by what they do to the database: nothing, run a block, or speak SQL."""

import re
from typing import Final

CONNECTION: Final = re.compile(
    r"self|conn|con|db|DB|(?:[\w:]+\.)*(?:connection|lease_connection)(?:\(\))?|(?:::)?ActiveRecord::Base|ApplicationRecord"
    r"|ActiveRecord::Migration(?:\[[\d.]+\])?(?:\.new)?"
)
"""What a schema statement may be called on."""

TRANSPARENT: Final = frozenset((
    "safety_assured", "with_lock_retries", "disable_statement_timeout", "transaction", "say_with_time", "up_only",
    "suppress_messages", "reversible", "disable_ddl_transaction!", "disable_lock_retries!", "with_retries", "tap",
    "commit_db_transaction", "enable_lock_retries!", "without_statement_timeout", "with_statement_timeout", "begin",
    "with_paranoid_disabled", "disable_referential_integrity", "uncached", "ensure_safe", "begin_db_transaction",
    "with_disabled_statement_timeout", "with_schema_cache", "skip_statement_timeout", "with_timeout", "loop", "times",
))  # fmt: skip

SPEAKING: Final = {
    "execute": False, "exec_update": False, "exec_delete": False, "exec_insert": False, "exec": False,
    "update_sql": False, "delete_sql": False, "insert_sql": False, "execute_batch": False, "raw_execute": False,
    "exec_query": True, "select_all": True, "select_rows": True, "select_value": True, "select_values": True,
    "select_one": True, "query": True, "query_single": True, "query_hash": True, "query_value": True,
    "query_values": True, "query_array": True, "query_each": True, "query_rows": True, "update": False,
    "delete": False, "insert": False, "exec_multi": False, "async_exec": False, "execute_in_batches": False,
    "execute_query": False,
}  # fmt: skip
"""Calls that take SQL; True for those that usually only ask."""

ACTS: Final = frozenset((
    "call", "perform", "perform_now", "perform_async", "perform_later", "perform_in", "run", "execute", "enqueue",
    "migrate", "invoke", "process", "execute!", "call!", "perform!", "run!", "system", "eval", "instance_eval",
    "class_eval", "send", "public_send", "deliver_now", "deliver_later", "delay", "rebuild!", "reindex", "start",
    "exec", "backfill", "backfill!", "up", "migrate!", "enqueue_in", "load", "write", "reset_counters", "post", "put",
))  # fmt: skip
"""Names under which anything may happen."""

QUIET: Final = frozenset((
    # words about the migration
    "say", "puts", "p", "pp", "print", "announce", "require", "require_relative", "include", "extend", "private",
    "protected", "public", "module_function", "attr_reader", "attr_accessor", "sleep", "raise", "fail", "warn", "super",
    "info", "debug", "warning", "error", "logger", "write_attribute_note", "block_given?", "binding", "lambda", "proc",
    "restrict_gitlab_migration", "milestone", "set_lock_timeout", "set_statement_timeout", "quote", "connection",
    "quote_table_name", "quote_column_name", "reset_column_information", "clear_schema_cache!", "schema_cache",
    "clear_data_source_cache!", "reset_table_name", "reset_primary_key", "table_name", "establish_connection", "freeze",
    "reset_column_information!", "inheritance_column=", "disable!", "enable!", "abort", "skip_deprecation", "raise_error",
    "rollback_db_transaction", "index_name", "index_name_for", "rand", "reverting?", "srand", "Random", "define_batchable_model", "catch", "throw", "exit",
    "add_command", "assert", "supports_datetime_with_precision?", "require_dependency", "silence", "deprecate",
    # questions to the database
    "column_exists?", "table_exists?", "index_exists?", "data_source_exists?", "view_exists?", "foreign_key_exists?",
    "columns", "indexes", "tables", "views", "foreign_keys", "check_constraints", "primary_key", "extension_enabled?",
    "index_name_exists?", "constraint_exists?", "select_one", "select_value", "column_names", "columns_hash", "explain",
    "adapter_name", "current_database", "supports_json?", "postgresql_version", "database_version", "quoted_table_name",
    "exists?", "any?", "none?", "count", "pluck", "ids", "sum", "maximum", "minimum", "average", "size", "length", "pick",
    "find", "find_by", "find_by!", "find_by_sql", "first", "last", "take", "first!", "last!", "take!", "new", "build",
    "count_by_sql", "sanitize_sql", "sanitize_sql_array", "sanitize", "arel_table", "to_sql", "attributes", "id",
    "find_or_initialize_by", "first_or_initialize", "read_attribute", "attribute_names", "becomes", "reload", "calculate",
    # plain Ruby
    "each", "each_with_index", "each_with_object", "each_slice", "each_pair", "each_key", "each_value", "each_entry",
    "map", "map!", "flat_map", "collect", "select", "filter", "filter_map", "reject", "find_all", "detect", "inject",
    "reduce", "zip", "product", "times", "upto", "downto", "step", "sort", "sort_by", "min_by", "max_by", "min", "max",
    "group_by", "partition", "index_by", "uniq", "flatten", "compact", "compact_blank", "take_while", "drop_while",
    "to_a", "to_h", "to_i", "to_s", "to_f", "to_sym", "to_json", "to_set", "to_d", "to_r", "to_yaml", "inspect", "dup",
    "clone", "deep_dup", "freeze", "present?", "blank?", "presence", "nil?", "empty?", "include?", "key?", "is_a?",
    "respond_to?", "try", "try!", "tap", "then", "yield_self", "itself", "class", "method", "constantize", "classify",
    "camelize", "underscore", "humanize", "titleize", "pluralize", "singularize", "tableize", "parameterize", "join",
    "split", "gsub", "gsub!", "sub", "sub!", "tr", "strip", "strip_heredoc", "squish", "chomp", "upcase", "downcase",
    "capitalize", "start_with?", "end_with?", "match", "match?", "scan", "format", "sprintf", "ljust", "rjust", "center",
    "index", "slice", "slice!", "except", "merge", "merge!", "update_hash", "deep_merge", "fetch", "dig", "values_at",
    "values", "keys", "key", "push", "append", "prepend", "unshift", "pop", "shift", "concat", "add", "delete_if",
    "delete", "keep_if", "transform_values", "transform_keys", "with_index", "with_object", "lines", "bytes", "chars",
    "parse", "dump", "generate", "load_file", "safe_load", "hexdigest", "hex", "uuid", "now", "today", "current", "ago",
    "from_now", "utc", "iso8601", "strftime", "zone", "days", "day", "hours", "hour", "minutes", "minute", "seconds",
    "weeks", "months", "years", "year", "month", "second", "week", "megabytes", "kilobytes", "bytes", "gigabytes",
    "round", "floor", "ceil", "abs", "zero?", "positive?", "negative?", "between?", "clamp", "divmod", "fdiv", "succ",
    "encode", "force_encoding", "unpack", "pack", "read", "exist?", "expand_path", "dirname", "basename", "rows", "result",
    "entries", "sum_of", "tally", "sample", "shuffle", "reverse", "rotate", "cycle", "lazy", "force", "cmd_tuples", "cmp",
    "eq", "not_eq", "gt", "lt", "gteq", "lteq", "in", "not_in", "matches", "and", "or", "project", "as", "on", "desc",
    "asc", "Integer", "Float", "String", "Array", "Hash", "Rational", "BigDecimal", "URI", "nullify", "ntuples", "clear",
    "symbolize_keys", "stringify_keys", "with_indifferent_access", "safe_constantize", "demodulize", "delete_prefix",
    "delete_suffix", "insert_at", "second", "third", "in_groups_of", "each_cons", "chunk_while", "sum", "none", "one?",
    "all?", "instance_variable_get", "const_get", "define_method", "alias_method", "table_name=", "primary_key=",
    "is_missing?", "cache_key", "to_param", "to_date", "to_time", "to_datetime", "beginning_of_day", "end_of_day",
    "each_batch", "each_row", "each_record", "transaction", "unscoped", "with_options", "[]", "with_locale", "use_zone", "no_touching",
    "skip_callback", "set_callback", "reset_pk_sequence!", "clear!", "with_connection", "sql", "sanitize_sql_for_assignment",
    "<<", "==", "!",
))  # fmt: skip
"""Names that change no row and no table; a block given to them runs."""
