"""The roof of the house: which rooms exist and how they are lit. It decides nothing."""

from rollback_console.celery import app as celery_app

__all__ = ["celery_app"]
