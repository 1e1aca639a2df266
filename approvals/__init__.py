"""Approvals: who must say yes, to exactly what, and what they said."""
