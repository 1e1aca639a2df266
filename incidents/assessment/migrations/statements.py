"""Cuts a script into its statements: quotes, comments, dollar quotes, COPY data, psql's own commands, GO and DELIMITER."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final


class Form(StrEnum):
    """What stands between two ends of a statement."""

    SQL = auto()
    PSQL = auto()
    """A command of the shell: \\connect, \\set, \\i."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement without its end and without the comments before it; `line` counts from 1."""

    text: str
    line: int
    form: Form = Form.SQL


_TOKEN: Final = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*(?!!).*?(?:\*/|\Z))
  | (?P<quoted>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)|'(?:[^']|'')*(?:'|\Z)|"(?:[^"]|"")*(?:"|\Z)|`[^`]*(?:`|\Z)|\[[A-Za-z_][^\]\n']{0,128}\])
  | (?P<dollar>\$(?P<tag>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*|)\$.*?(?:\$(?P=tag)\$|\Z))
  | (?P<end>;)
  | (?P<psql>(?m:^[ \t]*)\\[^\n]*)
  | (?P<go>(?m:^)[ \t]*(?i:GO)[ \t]*;?[ \t]*(?=\r?$|\n|\Z))
  | (?P<delimiter>(?m:^)[ \t]*(?i:DELIMITER)[ \t]+(?P<mark>\S+)[^\n]*)
  | (?P<word>[A-Za-z_][\w$]*)
  | (?P<space>\s+)
  | (?P<other>[^\w\s'"`$;\\/\-\[eE]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_MYSQL_STRING: Final = re.compile(r"'(?:[^'\\]|\\.|'')*(?:'|\Z)", re.DOTALL)
_COPY: Final = re.compile(r"\s*COPY\b.*\bFROM\s+stdin\b", re.IGNORECASE | re.DOTALL)
_DATA_END: Final = re.compile(r"^\\\.[ \t]*$", re.MULTILINE)
_ROUTINE: Final = re.compile(
    r"CREATE\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:DEFINER\s*=\s*\S+\s+)?(?:TEMP\w*\s+|CONSTRAINT\s+)?"
    r"(?:TRIGGER|PROCEDURE|FUNCTION|EVENT)\b",
    re.IGNORECASE,
)


def split(script: str) -> list[Statement]:
    """In order. What is never ended counts as a statement too."""
    return list(_Cutter(script).statements())


class _Cutter:
    def __init__(self, script: str) -> None:
        self.script = script
        self.start: int | None = None
        self.depth = 0
        """BEGIN … END of a routine's body that is not quoted."""
        self.mark = ""
        """MySQL's DELIMITER, where it is not the semicolon."""
        self.line, self.counted = 1, 0
        self.copies = bool(re.search(r"\bFROM\s+stdin\b", script, re.IGNORECASE))

    def statements(self) -> Iterator[Statement]:
        at = 0
        backslashed = bool(re.search(r"`|\bENGINE\s*=", self.script)) and "$$" not in self.script
        while at < len(self.script):
            if self.mark and self.script.startswith(self.mark, at):
                yield from self.cut(at)
                at += len(self.mark)
                continue
            found = self.token(at, backslashed=backslashed)
            yield from self.take(found)
            at = self.after(found)
        yield from self.cut(len(self.script))

    def token(self, at: int, *, backslashed: bool) -> re.Match[str]:
        if backslashed and self.script[at] == "'":
            found = _MYSQL_STRING.match(self.script, at)
            if found:
                return found
        token = _TOKEN.match(self.script, at)
        assert token is not None  # noqa: S101  # the last branch takes any character
        return token

    def take(self, token: re.Match[str]) -> Iterator[Statement]:
        kind = token.lastgroup if token.re is _TOKEN else "quoted"
        kind = "dollar" if kind == "tag" else "delimiter" if kind == "mark" else kind
        if kind in ("end", "go", "delimiter"):
            yield from self.end(token, kind)
        elif kind == "psql" and self.start is None:
            yield Statement(token.group().strip(), self.line_of(token.start()), Form.PSQL)
        elif kind not in ("comment", "space") and self.start is None:
            self.start = token.start()
        if kind == "word":
            self.nest(token)

    def end(self, token: re.Match[str], kind: str) -> Iterator[Statement]:
        if kind == "delimiter":
            yield from self.cut(token.start())
            self.mark = "" if token["mark"] == ";" else token["mark"]
        elif kind == "go" or (not self.mark and self.depth == 0):
            yield from self.cut(token.start())

    def nest(self, token: re.Match[str]) -> None:
        word = token.group().upper()
        if word not in ("BEGIN", "CASE", "END") or self.start is None:
            return
        if not _ROUTINE.match(self.script, self.start):
            return
        if word != "END":
            self.depth += 1 if word == "BEGIN" or self.depth else 0
        elif not re.match(r"\s+(?:IF|LOOP|WHILE|REPEAT)\b", self.script[token.end() : token.end() + 40], re.IGNORECASE):
            self.depth = max(0, self.depth - 1)

    def cut(self, at: int) -> Iterator[Statement]:
        start, self.start, self.depth = self.start, None, 0
        if start is not None and (text := self.script[start:at].strip()):
            yield Statement(text, self.line_of(start))

    def line_of(self, at: int) -> int:
        self.line += self.script.count("\n", self.counted, at)
        self.counted = max(self.counted, at)
        return self.line

    def after(self, token: re.Match[str]) -> int:
        """Past COPY's data, where there are any."""
        if self.copies and token.group() == ";" and self._copied(token.start()):
            data_end = _DATA_END.search(self.script, token.end())
            return data_end.end() if data_end else len(self.script)
        return token.end()

    def _copied(self, end: int) -> bool:
        begin = max(0, self.script.rfind(";", 0, end) + 1)
        text = re.sub(r"--[^\n]*", "", self.script[begin:end])
        return bool(_COPY.match(text))
