"""What the console read in a change: the answers it gives by itself, and its findings, the gravest first."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from incidents.models.change import Assessment
from incidents.procedure.answers import Answer
from incidents.procedure.overruling import Found
from incidents.queries.shapes import Badge, FindingView, ReadingView, Tone

Row = Mapping[str, Any]
SCHEMA: Final[Mapping[str, tuple[str, Tone, str]]] = {
    "": ("No migration", "ok", "It changes no schema and no stored rows, as far as its files say."),
    "F": ("Old code runs", "ok", "Forward-compatible: the old code runs on the new schema (M1)."),
    "B": ("Old code fails", "danger", "Backwards-incompatible: the old code cannot run on the new schema (M2)."),
    "H": ("Needs a look", "wait", "Nobody can tell by reading alone: one question needs a person (E9)."),
}
TONES: Final[Mapping[str, Tone]] = {"B": "danger", "H": "wait", "F": "ok"}
TITLES: Final = {"B": "The old code fails", "H": "A person must look", "F": "With care"}
DOES_TO_CREDENTIALS: Final = {"changes": "A credential changes", "introduces": "A credential is new"}
_ORDER: Final = "BHF"
_SHOWN: Final = 12


def found_in(assessment: Assessment | None) -> dict[str, Found]:
    """The form's questions on M and C as far as the change was read; a person confirms or overrules them (E9)."""
    if assessment is None or not assessment.engine:
        return {}
    read: Row = assessment.read
    if assessment.schema and not read["migrations"]:
        nobody = Found(Answer.UNKNOWN, f"{read['findings'][0]['why']} {read['findings'][0]['do']}")
        return {"migration": nobody, "credential_restored": nobody}
    if not read["migrations"]:
        no = Found(Answer.NO, "none of the change's files is a migration")
        return {"migration": no, "credential_restored": _credential(read["credentials"])}
    return {
        "migration": Found(Answer.YES, _names(read["migrations"])),
        "incompatible": _incompatible(assessment.schema, read["findings"]),
        "customer_data": _customer_data(read["customer"]),
        "credential_restored": _credential(read["credentials"]),
    }


def _incompatible(schema: str, findings: list[Row]) -> Found:
    deciding = next((each for each in findings if each["verdict"] == schema), None)
    if schema == "B" and deciding:
        return Found(Answer.YES, f"{_place(deciding)}: {deciding['why']}")
    if schema == "H" and deciding:
        return Found(Answer.UNKNOWN, f"{deciding['do'] or deciding['why']} ({_place(deciding)})")
    return Found(Answer.NO, "every operation of its migrations is known to be forward-compatible")


def _customer_data(customer: Row) -> Found:
    if customer["touched"] == Answer.YES:
        return Found(Answer.YES, f"{_names(customer['tables'])}: listed as customer data")
    if customer["touched"] == Answer.NO:
        return Found(Answer.NO, "its tables hold no customer data, by the service's list")
    where = _names(customer["unlisted"]) if customer["unlisted"] else "its tables"
    return Found(Answer.UNKNOWN, f"Does {where} hold customer data? The service's list does not say.")


def _credential(credentials: Row) -> Found:
    if credentials["verdict"] == "changes":
        first = credentials["evidence"][0]
        return Found(Answer.YES, f"{_place(first)}: {first['name']} changes")
    return Found(Answer.NO, "no line that it takes away names a credential")


def schema_badge(assessment: Assessment | None) -> Badge | None:
    """In a list, only what stands against taking the change back."""
    if assessment is None or assessment.schema not in ("B", "H"):
        return None
    word, tone, _ = SCHEMA[assessment.schema]
    return Badge(word.lower(), tone, "database")


def reading_of(assessment: Assessment | None) -> ReadingView | None:
    """The verdict in a word, then each finding; None where nothing has been read yet."""
    if assessment is None or not assessment.engine:
        return None
    word, tone, words = SCHEMA[assessment.schema]
    found = tuple(_findings(assessment.read))
    return ReadingView(word=word, tone=tone, words=words, findings=found[:_SHOWN], more=max(0, len(found) - _SHOWN))


def _findings(read: Row) -> Iterator[FindingView]:
    worth_showing = [each for each in read["findings"] if each["verdict"] != "F" or each["caution"]]
    for each in sorted(worth_showing, key=lambda row: _ORDER.index(row["verdict"])):
        yield FindingView(
            TITLES[each["verdict"]], TONES[each["verdict"]] if each["verdict"] != "F" else "warn",
            (_RULES[each["verdict"]],), words=f"{each['why']} {each['do']}".strip(), where=_place(each),
            code=each["text"],
        )  # fmt: skip
    yield from _of_customers(read["customer"])
    yield from _of_credentials(read["credentials"])
    yield from _of_flags(read["flags"])


_RULES: Final = {"B": "M2", "H": "E9", "F": "M1"}


def _of_customers(customer: Row) -> Iterator[FindingView]:
    if customer["touched"] == Answer.YES:
        words = f"{_names(customer['tables'])}: the CTO and the on-call DBA approve before it runs."
        yield FindingView("Customer data", "warn", ("M3",), words=words)
    elif customer["touched"] == Answer.UNKNOWN:
        yield FindingView("Customer data?", "wait", ("M3", "E9"), words=_customer_data(customer).evidence)


def _of_credentials(credentials: Row) -> Iterator[FindingView]:
    title = DOES_TO_CREDENTIALS.get(credentials["verdict"])
    if title is None:
        return
    changes = credentials["verdict"] == "changes"
    words = "Is the earlier one still valid?" if changes else "Nothing that was valid before comes back."
    for each in credentials["evidence"][:3]:
        yield FindingView(
            title, "warn" if changes else "idle", ("C1",), words=words, where=_place(each), code=each["name"]
        )


def _of_flags(flags: Row) -> Iterator[FindingView]:
    if flags["verdict"] == "guarded":
        words = "Every changed line runs only while it is on: turning it off takes the code out of use."
        yield FindingView(f"Behind the flag {flags['keys'][0]}", "ok", ("S2",), words=words)
    elif flags["verdict"] == "mentions":
        yield FindingView(
            f"Asks the flag {_names(flags['keys'])}", "idle", ("S2",), words="Not all of it is behind it."
        )


def _place(row: Row) -> str:
    return f"{row['path']}:{row['line']}" if row.get("line") else str(row["path"])


def _names(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
