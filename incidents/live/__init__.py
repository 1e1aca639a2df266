"""The event stream to every open page: one hub a process, the same bytes to everybody of an audience (live.md)."""
