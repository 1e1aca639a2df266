"""The environment as settings read it."""

import pytest

from rollback_console.environment import Environment, UnfitEnvironment


def test_a_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "token").write_text("from-a-file\n")
    assert Environment({"SLACK_TOKEN_FILE": str(tmp_path / "token")}).text("SLACK_TOKEN") == "from-a-file"


def test_a_value_wins_over_a_file(tmp_path):
    (tmp_path / "token").write_text("from-a-file")
    given = {"SLACK_TOKEN": "given", "SLACK_TOKEN_FILE": str(tmp_path / "token")}
    assert Environment(given).text("SLACK_TOKEN") == "given"


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    environment = Environment({"SLACK_TOKEN_FILE": str(tmp_path / "nowhere")})
    environment.required("SLACK_TOKEN")
    assert any("SLACK_TOKEN_FILE" in fault and "nowhere" in fault for fault in environment.faults)


@pytest.mark.parametrize("word", ["on", "ON", "1", "true", "yes"])
def test_a_switch_is_on(word):
    assert Environment({"SMALL_TEAM": word}).flag("SMALL_TEAM")


@pytest.mark.parametrize("word", ["off", "0", "false", "no", ""])
def test_a_switch_is_off(word):
    assert not Environment({"SMALL_TEAM": word}).flag("SMALL_TEAM", default=True)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("SMALL_TEAM", lambda environment: environment.flag("SMALL_TEAM")),
        ("RECOVERY_SAMPLES", lambda environment: environment.number("RECOVERY_SAMPLES", 5)),
        ("HOLD_AT", lambda environment: environment.choice("HOLD_AT", ("push", "merge"), "push")),
    ],
)
def test_a_word_without_a_meaning_is_a_fault_that_names_its_variable(name, read):
    environment = Environment({name: "perhaps"})
    read(environment)
    with pytest.raises(UnfitEnvironment, match=name):
        environment.refuse_if_unfit()


def test_a_number_below_the_least_is_a_fault():
    environment = Environment({"RECOVERY_SAMPLES": "0"})
    assert environment.number("RECOVERY_SAMPLES", 5) == 5
    assert environment.faults


def test_only_three_kinds_of_environment_are_known():
    assert Environment({"CONSOLE_ENV": "staging"}).faults


def test_without_a_word_it_is_production():
    assert Environment({}).production


@pytest.mark.parametrize("address", ["https://wiki.example/a", "http://wiki.example", " https://wiki.example ", ""])
def test_a_link_is_an_address_of_the_web_or_nothing(address):
    environment = Environment({"DOCUMENT_CODE_REVIEW": address})
    assert environment.link("DOCUMENT_CODE_REVIEW") == address.strip()
    assert environment.faults == []


@pytest.mark.parametrize("address", ["javascript:alert(1)", "wiki.example", "file:///etc"])
def test_a_link_that_is_none_is_a_fault(address):
    environment = Environment({"DOCUMENT_CODE_REVIEW": address})
    assert environment.link("DOCUMENT_CODE_REVIEW") == ""
    assert "DOCUMENT_CODE_REVIEW" in environment.faults[0]
