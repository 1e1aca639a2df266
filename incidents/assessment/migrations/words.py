"""Words of an SQL statement in any dialect, and a reader that goes through them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|\#[^\n]*|/\*(?!!).*?(?:\*/|\Z))
  | (?P<string>[nNeE]?'(?:[^'\\]|\\.|'')*(?:'|\Z))
  | (?P<quoted>`[^`]*`|"(?:[^"]|"")*"|\[[^\]]{1,128}\])
  | (?P<plain>[@\w$\u0080-\uffff]+)
  | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_EXECUTED_COMMENT: Final = re.compile(r"/\*!\d*(.*?)\*/", re.DOTALL)
_MOST: Final = 20_000
"""Words of one statement: further ones are rows, or an attack."""


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    kind: str

    @property
    def upper(self) -> str:
        return self.text.upper() if self.kind in ("plain", "sign") else ""

    @property
    def name(self) -> str:
        """As an identifier."""
        if self.kind == "plain":
            return self.text.lower()
        return self.text[1:-1].replace('""', '"') if self.kind in ("quoted", "string") else ""


def words_of(text: str) -> list[Word]:
    text = _EXECUTED_COMMENT.sub(r" \1 ", text)
    found = []
    for match in _WORD.finditer(text):
        if match.lastgroup not in (None, "space"):
            found.append(Word(match.group(), str(match.lastgroup)))
        if len(found) >= _MOST:
            break
    return found


class Reader:
    """Takes words from the front, as long as they are what is asked for."""

    def __init__(self, words: list[Word]) -> None:
        self.words, self.at = words, 0

    def peek(self, ahead: int = 0) -> Word:
        at = self.at + ahead
        return self.words[at] if at < len(self.words) else Word("", "end")

    def take(self) -> Word:
        word = self.peek()
        self.at += 1
        return word

    def skip(self, phrase: str) -> bool:
        """Takes the whole phrase where it stands next."""
        wanted = phrase.split()
        if all(self.peek(ahead).upper == each for ahead, each in enumerate(wanted)):
            self.at += len(wanted)
            return True
        return False

    def skip_any(self, *phrases: str) -> str:
        return next((phrase for phrase in phrases if self.skip(phrase)), "")

    def name(self) -> str:
        """A name with what qualifies it; SQL Server's `dbo`, PostgreSQL's `public` and SQLite's `main` left out."""
        parts = [self.take().name]
        while self.peek().text == ".":
            self.take()
            parts.append(self.take().name)
        return ".".join(parts[1:] if parts[0].lower() in ("dbo", "public", "main") and len(parts) > 1 else parts[-2:])

    def group(self) -> "Reader | None":
        """What stands in the brackets that open next."""
        if self.peek().text != "(":
            return None
        depth, start = 0, self.at + 1
        while self.at < len(self.words):
            sign = self.take().text
            depth += (sign == "(") - (sign == ")")
            if depth == 0:
                return Reader(self.words[start : self.at - 1])
        return Reader(self.words[start:])

    def by_commas(self) -> Iterator["Reader"]:
        """What is left, cut at the commas outside of brackets."""
        depth, part = 0, list[Word]()
        for word in self.words[self.at :]:
            depth += (word.text == "(") - (word.text == ")")
            if word.text == "," and depth == 0:
                yield Reader(part)
                part = []
            else:
                part.append(word)
        if part:
            yield Reader(part)

    def text(self) -> str:
        return " ".join(word.text for word in self.words[self.at :])

    @property
    def done(self) -> bool:
        return self.at >= len(self.words)
