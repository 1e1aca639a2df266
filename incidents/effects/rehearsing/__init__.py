"""Readiness: each integration and permission is tried for real before it is needed; one small file an integration."""
