"""Sight: what a page shows and what a rule needs to know, read in few queries."""
