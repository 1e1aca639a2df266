"""Settings, from the environment alone; production refuses to start on a default, on DEBUG, or on what is missing."""

import os
import socket
from logging import DEBUG as DEBUG_LEVEL
from pathlib import Path
from typing import Any, Final

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from rollback_console import addresses, logging
from rollback_console.environment import NOT_FOR_PRODUCTION, Environment, UnfitEnvironment
from rollback_console.issuer import mapping

django_stubs_ext.monkeypatch()

ROOT: Final = Path(__file__).resolve().parent.parent
environment = Environment(os.environ)
PRODUCTION: Final = environment.production
CONSOLE_ENV: Final = environment.kind

# ── the process ──────────────────────────────────────────────────────────────────────────────────────────────────────
SECRET_KEY = environment.required("SECRET_KEY", NOT_FOR_PRODUCTION)
DEBUG = environment.flag("DEBUG")
if PRODUCTION:
    environment.refuse_key(SECRET_KEY)
    environment.refuse_debug(DEBUG)
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,testserver")
environment.required("ALLOWED_HOSTS")
PUBLIC_URL = environment.required("PUBLIC_URL", "http://localhost:8000").rstrip("/")
PUBLIC_ORIGIN = addresses.origin(PUBLIC_URL)
CSRF_TRUSTED_ORIGINS = environment.names("CSRF_TRUSTED_ORIGINS", PUBLIC_ORIGIN)
LIVE_URL = environment.text("LIVE_URL").rstrip("/")
ROOT_URLCONF = "rollback_console.urls"
WSGI_APPLICATION = "rollback_console.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
INSTANCE = socket.gethostname()
APPLICATION_VERSION = environment.text("APPLICATION_VERSION", "unreleased")

INSTALLED_APPS = [
    "rollback_console",
    "incidents",
    "approvals",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "template_partials",
    "csp",
    "django_structlog",
    "django_prometheus",
]

MIDDLEWARE = [
    "rollback_console.strangers.PublicKnowsNobody",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "rollback_console.lengths.RefuseLongForms",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "rollback_console.witness.Witness",
    "django_htmx.middleware.HtmxMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "approvals.context.waiting",
                "incidents.views.context.reader",
            ],
        },
    },
]

# ── the database: rollback_app runs, rollback_owner migrates (manage.py changes the address for that one command) ─────
DATABASE_APP_ROLE = "rollback_app"
_database = environment.address(
    "DATABASE_URL", addresses.postgres, environment.required("DATABASE_URL", "postgresql:///rollback_console")
)
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **_database,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": f"rollback_console@{INSTANCE}", "connect_timeout": 5}
        | _database.get("OPTIONS", {}),
    }
}
if environment.flag("DATABASE_POOL"):
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 10, "timeout": 5}

# Sign-in is throttled by what all processes share; not by Redis, since sign-in must work without it.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "console_cache"}}

# ── the broker: early acknowledgement, short tasks, nothing kept (design: rows are the truth) ─────────────────────────
REDIS_URL = environment.required("REDIS_URL", "redis://localhost:6379/0")
CELERY_BROKER_URL = addresses.broker(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "retry_on_timeout": True,
    "max_retries": 1,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
CELERY_TASK_DEFAULT_QUEUE = "steps"
CELERY_TASK_ROUTES = {
    "incidents.read_*": {"queue": "intake"},
    "incidents.refresh_*": {"queue": "intake"},
    "incidents.sum_*": {"queue": "intake"},
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep": {"task": "incidents.sweep", "schedule": 2.0, "options": {"expires": 4}},
    "beat outside": {"task": "incidents.beat_outside", "schedule": 60.0, "options": {"expires": 50}},
    "mind deadlines": {"task": "incidents.mind_deadlines", "schedule": 10.0, "options": {"expires": 20}},
    "mind questions": {"task": "incidents.mind_questions", "schedule": 2.0, "options": {"expires": 4}},
    "sample series": {
        "task": "incidents.sample_series",
        "schedule": 2.0,
        "options": {"expires": 4, "queue": "intake"},
    },
    "refresh mirrors": {"task": "incidents.refresh_mirrors", "schedule": 10.0, "options": {"expires": 20}},
    "follow issues": {
        "task": "incidents.follow_issues",
        "schedule": 30.0,
        "options": {"expires": 30, "queue": "intake"},
    },
    "rehearse": {"task": "incidents.rehearse", "schedule": 60.0, "options": {"expires": 50, "queue": "intake"}},
    "keep record": {
        "task": "incidents.keep_record",
        "schedule": 60.0,
        "options": {"expires": 50, "queue": "intake"},
    },
    "sum up courses": {
        "task": "incidents.sum_up_courses",
        "schedule": 30.0,
        "options": {"expires": 60, "queue": "intake"},
    },
    "mind exports": {
        "task": "incidents.mind_exports",
        "schedule": 30.0,
        "options": {"expires": 25, "queue": "intake"},
    },
    "write public page": {
        "task": "incidents.write_public_page",
        "schedule": 15.0,
        "options": {"expires": 30, "queue": "intake"},
    },
    "heartbeat": {"task": "rollback_console.beat_tick", "schedule": 2.0, "options": {"expires": 10}},
}

HEALTH_LOOKS = "rollback_console.health.LOOKS"

# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────
AUTHENTICATION_BACKENDS = [
    "rollback_console.accounts.Accounts",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "rollback_console.accounts.ClosedDoor"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ALLAUTH_TRUSTED_PROXY_COUNT = environment.number("TRUSTED_PROXIES", 0, least=0)
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/m/ip,5/5m/key", "reauthenticate": "10/m/user"}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PUBLIC_URL.startswith("https") else "http"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_TOTP_ISSUER = "Rollback Console"
SOCIALACCOUNT_ADAPTER = "rollback_console.accounts.IssuersPeople"
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {"provider_class": "rollback_console.issuer.provider.Issuer", "APPS": []}
}
# Sign-in by the organisation's identity provider: all of these, or none.
OIDC_ISSUER = environment.text("OIDC_ISSUER").rstrip("/")
OIDC_NAME = environment.text("OIDC_NAME", "single sign-on")
OIDC_GROUPS = environment.address("OIDC_GROUPS", mapping.read, environment.text("OIDC_GROUPS"))
environment.require_together("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_GROUPS")
environment.refuse_unencrypted("OIDC_ISSUER")
if OIDC_ISSUER:
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"] = [
        {
            "provider_id": "issuer",
            "name": OIDC_NAME,
            "client_id": environment.text("OIDC_CLIENT_ID"),
            "secret": environment.text("OIDC_CLIENT_SECRET"),
            "settings": {"server_url": OIDC_ISSUER},
        }
    ]
if CONSOLE_ENV == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# ── locks ────────────────────────────────────────────────────────────────────────────────────────────────────────────
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *filter(None, [addresses.origin(LIVE_URL)])],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrftoken"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# ── static files ─────────────────────────────────────────────────────────────────────────────────────────────────────
STATIC_URL = "/static/"
STATIC_ROOT = ROOT / ".local" / "static"
STATICFILES_DIRS = [ROOT / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# ── the outside world ────────────────────────────────────────────────────────────────────────────────────────────────
CATALOGUE_FILE = environment.required("CATALOGUE_FILE", str(ROOT / "sandbox" / "catalogue.yaml"))
STATUS_FOLDER = environment.required("STATUS_FOLDER", str(ROOT / ".local" / "status"))
MIRROR_FOLDER = environment.required("MIRROR_FOLDER", str(ROOT / ".local" / "mirrors"))
GITHUB_API_URL = environment.text("GITHUB_API_URL", "https://api.github.com").rstrip("/")
GITHUB_GIT_URL = environment.text("GITHUB_GIT_URL", "https://github.com").rstrip("/")
GITHUB_TOKEN = environment.text("GITHUB_TOKEN")
GITHUB_APP_ID = environment.text("GITHUB_APP_ID")
GITHUB_APP_PRIVATE_KEY = environment.text("GITHUB_APP_PRIVATE_KEY")
GITHUB_INSTALLATION_ID = environment.text("GITHUB_INSTALLATION_ID")
GITHUB_WEBHOOK_SECRET = environment.required("GITHUB_WEBHOOK_SECRET")
SLACK_API_URL = environment.text("SLACK_API_URL", "https://slack.com/api").rstrip("/")
SLACK_TOKEN = environment.text("SLACK_TOKEN")
SLACK_SIGNING_SECRET = environment.text("SLACK_SIGNING_SECRET")
PROMETHEUS_URL = environment.required("PROMETHEUS_URL").rstrip("/")
ALERT_WEBHOOK_TOKEN = environment.required("ALERT_WEBHOOK_TOKEN")
# Stop the bleed (S1–S3): optional; a step without its tool says what to do by hand. The signed webhook serves for any.
BETTER_STACK_URL = environment.text("BETTER_STACK_URL", "https://uptime.betterstack.com").rstrip("/")
BETTER_STACK_TOKEN = environment.text("BETTER_STACK_TOKEN")
BETTER_STACK_TEAM = environment.text("BETTER_STACK_TEAM")
BETTER_STACK_POLICY = environment.text("BETTER_STACK_POLICY")
WAKE_POLICIES = environment.address("WAKE_POLICIES", addresses.pairs, environment.text("WAKE_POLICIES"))
PAGE_FORM_URL = environment.link("PAGE_FORM_URL")
# What the public is told (P1, P2). Better Stack's own pages name two hosts for one API, hence an address of its own.
BETTER_STACK_STATUS_PAGE = environment.text("BETTER_STACK_STATUS_PAGE")
BETTER_STACK_STATUS_URL = environment.text("BETTER_STACK_STATUS_URL", BETTER_STACK_URL).rstrip("/")
STATUS_PAGE_URL = environment.text("STATUS_PAGE_URL")
UNLEASH_URL = environment.text("UNLEASH_URL").rstrip("/")
UNLEASH_TOKEN = environment.text("UNLEASH_TOKEN")
UNLEASH_PROJECT = environment.text("UNLEASH_PROJECT", "default")
UNLEASH_ENVIRONMENT = environment.text("UNLEASH_ENVIRONMENT", "production")
HAPROXY_ADDRESS = environment.text("HAPROXY_ADDRESS")
# Whether a credential still exists (C1): a token that may read metadata, and nothing else.
VAULT_URL = environment.text("VAULT_URL").rstrip("/")
VAULT_TOKEN = environment.text("VAULT_TOKEN")
VAULT_MOUNT = environment.text("VAULT_MOUNT", "secret")
VAULT_NAMESPACE = environment.text("VAULT_NAMESPACE")
# What drills break on purpose, and which accounts the console may act as in them (oncall=…, engineer=…, reviewer=…,
# cto=…); never set where the outside is the real one.
SANDBOX_URL = environment.link("SANDBOX_URL").rstrip("/")
DRILL_SERVICE = environment.text("DRILL_SERVICE", "shop")
DRILL_STAND_INS = environment.address("DRILL_STAND_INS", addresses.pairs, environment.text("DRILL_STAND_INS"))
if SANDBOX_URL:
    CELERY_BEAT_SCHEDULE["advance drill"] = {
        "task": "incidents.advance_drill",
        "schedule": 2.0,
        "options": {"expires": 4, "queue": "intake"},
    }
# Who outside notices that the console stands still.
HEARTBEAT_URL = environment.link("HEARTBEAT_URL")
SIGNED_WEBHOOK_URL = environment.text("SIGNED_WEBHOOK_URL")
SIGNED_WEBHOOK_SECRET = environment.text("SIGNED_WEBHOOK_SECRET")
# The record's checkpoints: signed by this key, and pinned where nobody who holds this machine can change them.
CHECKPOINT_KEY = environment.signing_key("CHECKPOINT_KEY")
CHECKPOINT_FILE = environment.text("CHECKPOINT_FILE")
CHECKPOINT_URL = environment.text("CHECKPOINT_URL")
CHECKPOINT_SECRET = environment.text("CHECKPOINT_SECRET")
CHECKPOINT_STORE_URL = environment.text("CHECKPOINT_STORE_URL")
CHECKPOINT_STORE_TOKEN = environment.text("CHECKPOINT_STORE_TOKEN")
environment.require_together("CHECKPOINT_URL", "CHECKPOINT_SECRET")
environment.require_together("CHECKPOINT_STORE_URL", "CHECKPOINT_STORE_TOKEN")
environment.refuse_unencrypted("CHECKPOINT_URL")
environment.refuse_unencrypted("CHECKPOINT_STORE_URL")
EXPORT_FOLDER = environment.required("EXPORT_FOLDER", str(ROOT / ".local" / "exports"))
EXPORT_KEPT_HOURS = environment.number("EXPORT_KEPT_HOURS", 72)
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "rollback-console@localhost")
globals().update(
    environment.address("EMAIL_URL", addresses.mail, environment.required("EMAIL_URL", "console://localhost"))
)
environment.require_one_of(("SLACK_TOKEN",), ("SIGNED_WEBHOOK_URL", "SIGNED_WEBHOOK_SECRET"))
environment.require_one_of(("GITHUB_TOKEN",), ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_INSTALLATION_ID"))

GIT_NAME = environment.text("GIT_NAME", "Rollback Console")
GIT_EMAIL = environment.text("GIT_EMAIL", "rollback-console@localhost")

# ── the documents that the procedure leans on: linked where their rules apply ────────────────────────────────────────
DOCUMENT_CHANGE_MANAGEMENT = environment.link("DOCUMENT_CHANGE_MANAGEMENT")
DOCUMENT_CODE_REVIEW = environment.link("DOCUMENT_CODE_REVIEW")
DOCUMENT_SECRETS_MANAGEMENT = environment.link("DOCUMENT_SECRETS_MANAGEMENT")
DOCUMENT_CUSTOMER_COMMUNICATIONS = environment.link("DOCUMENT_CUSTOMER_COMMUNICATIONS")
DOCUMENT_RETRO_INTAKE = environment.link("DOCUMENT_RETRO_INTAKE")
# The Emergency Change Retro intake (T1): a webhook that takes each retrospective, else the address above, else here.
RETRO_INTAKE_WEBHOOK_URL = environment.link("RETRO_INTAKE_WEBHOOK_URL")
RETRO_INTAKE_WEBHOOK_SECRET = environment.text("RETRO_INTAKE_WEBHOOK_SECRET")
environment.require_together("RETRO_INTAKE_WEBHOOK_URL", "RETRO_INTAKE_WEBHOOK_SECRET")
environment.refuse_unencrypted("RETRO_INTAKE_WEBHOOK_URL")
DOCUMENT_INCIDENT_RESPONSE_PLAN = environment.link("DOCUMENT_INCIDENT_RESPONSE_PLAN")
# ── approvals: who sits where, who writes it down, who hears of it ───────────────────────────────────────────────────
APPROVALS_SEATS = "incidents.queries.seats.Seats"
APPROVALS_RECORDER = "incidents.services.questions.LedgerRecorder"
APPROVALS_LISTENER = "incidents.receivers.Answers"
APPROVALS_STEP_UP = ("M3",)
APPROVALS_OTHER_PROOF = "rollback_console.issuer.fresh.fresh_oidc_login"
APPROVALS_LIVE_TICKET = "incidents:live-ticket-dashboard"

# ── switches of the procedure ────────────────────────────────────────────────────────────────────────────────────────
TAKE_OVER_AFTER_MINUTES = environment.number("TAKE_OVER_AFTER_MINUTES", 5)
PLAN_OWNER = environment.text("PLAN_OWNER", "the CISO")
WAKE_DEPUTY_AFTER_MINUTES = environment.number("WAKE_DEPUTY_AFTER_MINUTES", 5)
RECOVERY_SAMPLES = environment.number("RECOVERY_SAMPLES", 5)
POLL_SECONDS = environment.number("POLL_SECONDS", 5)
HOLD_AT = environment.choice("HOLD_AT", ("push", "merge"), "push")
SMALL_TEAM = environment.flag("SMALL_TEAM")
BREAK_GLASS_MINUTES = environment.number("BREAK_GLASS_MINUTES", 0, least=0)
APPROVAL_EXPIRES_AFTER_MINUTES = environment.number("APPROVAL_EXPIRES_AFTER_MINUTES", 240, least=1)
POST_COMMANDS = environment.flag("POST_COMMANDS", default=True)
RETROSPECTIVE_DAYS = environment.number("RETROSPECTIVE_DAYS", 5, least=1)
PUBLIC_UPDATE_EVERY_MINUTES = environment.number("PUBLIC_UPDATE_EVERY_MINUTES", 60)
OFFICE_ZONE = environment.zone("OFFICE_ZONE", "UTC")
FREEZE = environment.flag("FREEZE", default=True)

# ── logs: one request id from the click to the worker ────────────────────────────────────────────────────────────────
LOGGING = logging.configuration(
    form=environment.choice("LOG_FORMAT", ("json", "console"), "json" if PRODUCTION else "console"),
    level=environment.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO"),
)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = DEBUG_LEVEL
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False

VARIABLES_READ = frozenset(environment.read)
try:
    environment.refuse_if_unfit()
except UnfitEnvironment as unfit:
    raise ImproperlyConfigured(str(unfit)) from None
