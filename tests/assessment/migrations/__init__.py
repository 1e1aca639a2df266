"""Migrations: each front end, the fold, and the rule table."""
