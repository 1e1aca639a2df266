"""What a change's migrations did to the schema, and whether the old code runs on it (assessment.md §2)."""
