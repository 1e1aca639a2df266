"""A reading as plain data: what a row keeps, a page shows and `manage.py assess --json` prints."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from incidents.assessment.confined_reading import ENGINE
from incidents.assessment.customer_data import CustomerData
from incidents.assessment.migrations.findings import Finding
from incidents.assessment.reading import Reading

MOST: Final = 200
"""Findings, signs and mentions kept of one change; of the findings the gravest."""
_ANSWERS: Final = {CustomerData.TOUCHED: "yes", CustomerData.NONE: "no", CustomerData.UNKNOWN: "unknown"}


def as_json(reading: Reading) -> dict[str, Any]:
    """Names and places only: never the value of a secret."""
    return {
        "engine": ENGINE,
        "schema": str(reading.schema or ""),
        "migrations": list(reading.migrations),
        "findings": [asdict(found) for found in _gravest_first(reading.findings)[:MOST]],
        "customer": _customer(reading),
        "credentials": _credentials(reading),
        "flags": _flags(reading),
    }


def _gravest_first(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda found: "BHF".index(found.verdict))


def _customer(reading: Reading) -> dict[str, Any]:
    found = reading.customer_data
    named = {verdict: [each.table for each in found.tables if each.verdict is verdict] for verdict in CustomerData}
    unlisted = [table for table in named[CustomerData.UNKNOWN] if table]
    return {"touched": _ANSWERS[found.verdict], "tables": named[CustomerData.TOUCHED], "unlisted": unlisted}


def _credentials(reading: Reading) -> dict[str, Any]:
    """The signs that the verdict stands on."""
    verdict = reading.credentials.verdict
    signs = [found for found in reading.credentials.findings if found.verdict is verdict]
    evidence = [{"path": each.path, "line": each.line, "name": each.name, "signal": each.rule} for each in signs[:MOST]]
    return {"verdict": str(verdict), "evidence": evidence}


def _flags(reading: Reading) -> dict[str, Any]:
    flags = reading.flags
    keys = [flags.key] if flags.key else list(dict.fromkeys(each.key for each in flags.mentions))
    evidence = [{"path": each.path, "line": each.line, "key": each.key} for each in flags.mentions[:MOST]]
    return {"verdict": str(flags.verdict), "keys": keys[:MOST], "evidence": evidence}
