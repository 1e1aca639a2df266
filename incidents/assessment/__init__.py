"""Reading a change: what it did, and what undoing it would meet."""
