"""Programs and tests that break things on purpose, and count what was lost or repeated."""
