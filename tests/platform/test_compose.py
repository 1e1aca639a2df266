"""docker-compose.yml and the Dockerfile cannot be run here, so each command, file and setting in them is looked up."""

import importlib.util
import re
import runpy
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from celery.bin.beat import beat
from celery.bin.worker import worker
from click import NoSuchOption
from django.conf import settings
from django.core.management import CommandError, get_commands, load_command_class
from gunicorn.config import Config

from rollback_console.celery import app
from rollback_console.settings import VARIABLES_READ

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}


def commands(service: dict[str, Any]) -> list[list[str]]:
    """The single commands of a service, taken out of the shell where there is one."""
    command = service["command"]
    if command[:2] == ["sh", "-c"]:
        return [shlex.split(part.removeprefix("exec ")) for part in re.split(r"\s*&&\s*", command[2])]
    return [command]


OUR_COMMANDS = [(name, command) for name, service in OURS.items() for command in commands(service)]


def check_manage(arguments: list[str]) -> None:
    name, *options = arguments
    command = load_command_class(get_commands()[name], name)
    command.create_parser("manage.py", name).parse_args(options)


def check_gunicorn(arguments: list[str]) -> None:
    application, *options = arguments
    assert importlib.util.find_spec(application)
    Config().parser().parse_args(options)


def check_celery(arguments: list[str]) -> None:
    application, kind, *options = arguments
    assert application == "--app=rollback_console"
    {"worker": worker, "beat": beat}[kind].make_context(kind, list(options), obj=SimpleNamespace(app=app))


CHECKS = {"manage.py": check_manage, "gunicorn": check_gunicorn, "celery": check_celery}


@pytest.mark.parametrize(("service", "command"), OUR_COMMANDS, ids=[name for name, _ in OUR_COMMANDS])
def test_each_command_exists_and_takes_its_options(service, command):
    words = command[1:] if command[0] == "python" else command
    CHECKS[words[0]](words[1:])


@pytest.mark.parametrize(
    "wrong", [["manage.py", "runlive", "--prot=1"], ["gunicorn", "rollback_console.wsgi", "--treads=8"],
              ["celery", "--app=rollback_console", "worker", "--que=steps"]],
)  # fmt: skip
def test_a_wrong_option_would_be_found(wrong):
    with pytest.raises((SystemExit, CommandError, NoSuchOption)):
        CHECKS[wrong[0]](wrong[1:])


def test_every_process_of_the_console_has_its_service():
    started = {words[1] if words[0] == "python" else words[0] for _, words in OUR_COMMANDS}
    kinds = {words[2] for _, words in OUR_COMMANDS if words[0] == "celery"}
    assert started == {"manage.py", "gunicorn", "celery"}
    assert kinds == {"worker", "beat"}
    assert set(SERVICES) == {"migrate", "pages", "live", "worker", "intake", "beat", "postgres", "redis"}


def test_every_queue_that_work_is_sent_to_has_a_worker():
    sent = {settings.CELERY_TASK_DEFAULT_QUEUE} | {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    served = set(re.findall(r"--queues=(\w+)", " ".join(word for _, words in OUR_COMMANDS for word in words)))
    assert served == sent


@pytest.mark.parametrize("service", OURS)
def test_each_setting_is_one_that_is_read(service):
    known = VARIABLES_READ | {f"{name}_FILE" for name in VARIABLES_READ} | {"DATABASE_OWNER_URL_FILE"}
    assert set(OURS[service]["environment"]) <= known


@pytest.mark.parametrize("service", OURS)
def test_production_would_start_with_what_a_service_is_given(service, monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("kX93-this-key-is-long-enough-and-for-tests-alone")
    (tmp_path / "url").write_text("postgresql://role:password@postgres/rollback_console")
    (tmp_path / "mail").write_text("smtp://mail.example")
    (tmp_path / "key").write_text("wLbuM6yqQ5xVyd7BTLzdlF4LSY2Pp2gYxSkmiMdIZc8=")
    files = {"DATABASE_URL_FILE": "url", "EMAIL_URL_FILE": "mail", "CHECKPOINT_KEY_FILE": "key"}
    given = {}
    for name, value in OURS[service]["environment"].items():
        filled = re.sub(r"\$\{\w+:\?\}", "https://given.example", re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value))
        given[name] = str(tmp_path / files.get(name, "secret")) if name.endswith("_FILE") else filled
    monkeypatch.setattr("os.environ", given)
    assert runpy.run_path(str(ROOT / "rollback_console" / "settings.py"))["PRODUCTION"]


@pytest.mark.parametrize("service", SERVICES)
def test_each_secret_a_service_names_is_mounted_and_declared(service):
    definition = SERVICES[service]
    mounted = set(definition.get("secrets", []))
    named = set(re.findall(r"/run/secrets/(\w+)", yaml.safe_dump(definition)))
    assert named <= mounted <= set(COMPOSE["secrets"])


def test_every_file_and_volume_that_is_mounted_is_there():
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            source = mount.rsplit(":", 2)[0] if mount.endswith(":ro") else mount.split(":")[0]
            assert source.startswith("${") or source in COMPOSE["volumes"] or (ROOT / source).exists(), mount


def test_what_a_service_waits_for_exists_and_has_a_check():
    for service in SERVICES.values():
        for name, wait in service.get("depends_on", {}).items():
            assert wait["condition"] == "service_completed_successfully" or "healthcheck" in SERVICES[name]


def test_the_roles_are_provisioned_by_the_file_the_embedded_engines_use():
    assert "./rollback_console/provision.sql:/provision.sql:ro" in SERVICES["postgres"]["volumes"]
    assert "--file=/provision.sql" in COMPOSE["configs"]["provision"]["content"]


def test_what_the_image_copies_is_there_and_nothing_more_than_production_needs():
    copied = re.findall(r"^COPY (?!--from)(\S+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {"incidents", "approvals", "rollback_console", "templates", "static"} <= set(copied)
    assert not {"sandbox", "tests"} & set(copied)
