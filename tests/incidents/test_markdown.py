"""What people write is shown as they meant it, and does no harm whatever they wrote."""

import re

import pytest

from incidents.queries.markdown import rendered

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](http://tracker.example/pixel)",
    "<javascript:alert(1)>",
    '[x](http://a.example "\\" onmouseover=alert(1) ")',
    "`<script>alert(1)</script>`",
    "```\n<script>alert(1)</script>\n```",
    "<svg/onload=alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "| <script>alert(1)</script> |\n| --- |\n| <iframe src=//a.example> |",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>body{display:none}</style>",
]

HARM = re.compile(r"script|img|iframe|svg|style|\son\w+\s*=|javascript:|data:", re.IGNORECASE)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_script_in_a_text_is_harmless(text: str) -> None:
    tags = re.findall(r"<[^>]*>", rendered(text))
    assert [tag for tag in tags if HARM.search(tag)] == []


def test_headings_stand_below_the_sections_own() -> None:
    assert rendered("# Cause\n\n###### Small") == "<h3>Cause</h3>\n<h6>Small</h6>\n"


def test_lists_tables_and_links_are_shown() -> None:
    assert "<table>" in rendered("| a | b |\n| - | - |\n| 1 | 2 |")
    assert rendered("- [run](https://ci.example/7)") == (
        '<ul>\n<li><a href="https://ci.example/7" rel="noopener noreferrer nofollow">run</a></li>\n</ul>\n'
    )


def test_deep_nesting_ends_in_bounded_time() -> None:
    assert rendered(">" * 5_000 + "x")
    assert rendered("[" * 5_000 + "x")
