"""Hands: what each kind of step does in the world; one file a kind, and one place that knows the addresses."""
