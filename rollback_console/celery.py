"""The Celery application: the doorbell of the workers. Rows are the truth; a lost or doubled message does no harm."""

import os

from celery import Celery
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_console.settings")

app = Celery("rollback_console", include=["rollback_console.heartbeat"])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)
