"""Rails migrations, read by their syntax tree alone (assessment.md §2.4)."""
