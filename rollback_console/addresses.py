"""Addresses of the database, the broker, the mail server and the pager, in the words of those who need them."""

from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit


def postgres(address: str) -> dict[str, Any]:
    """Django's database settings for `postgresql://user:password@host:port/name?option=value`.

    A host that is a folder (a Unix socket) stands in `?host=`. Raises ValueError for anything else.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("must begin with postgresql://")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django_prometheus.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": options.pop("port", str(parts.port or "")),
        "OPTIONS": options,
    }


def broker(address: str) -> str:
    """The Celery form of a Redis address.

    redis-py reads a socket as `unix://:password@/path?db=0`; kombu wants `redis+socket://:password@/path?virtual_host=0`
    and takes the password from before the @ alone, never from the query.
    """
    parts = urlsplit(address)
    if parts.scheme != "unix":
        return address
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    password = options.pop("password", None) or unquote(parts.password or "")
    user = options.pop("username", None) or unquote(parts.username or "")
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user or password else ""
    return f"redis+socket://{login}{parts.path}?" + urlencode({"virtual_host": options.pop("db", "0")})


def mail(address: str) -> dict[str, Any]:
    """Django's EMAIL_* settings for `smtp://user:password@host:587?tls=on`, `smtps://…` or `console://`."""
    parts = urlsplit(address)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme not in {"smtp", "smtps"}:
        raise ValueError("must begin with smtp://, smtps:// or console://")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parse_qs(parts.query).get("tls", ["off"])[-1] == "on",
        "EMAIL_TIMEOUT": 10,
    }


def pairs(text: str) -> dict[str, str]:
    """Names with their values from `cto=1021, dba=1023`. Raises ValueError for anything else."""
    named = dict(each.partition("=")[::2] for each in text.split(",") if each.strip())
    found = {name.strip(): value.strip() for name, value in named.items()}
    if not all(name and value for name, value in found.items()):
        raise ValueError("must be written name=value, name=value")
    return found


def origin(address: str) -> str:
    """Scheme, host and port of an address, as a content-security policy names it; empty for an empty one."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
