"""Does a change bring, rotate or take away credentials (C1, C2; assessment.md §3)? Names only, never a value."""

import enum
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from incidents.assessment.changed_lines import ChangedFile, Line, Side, is_prose, is_test


class CredentialVerdict(enum.StrEnum):
    NONE = "none"
    INTRODUCES = "introduces"
    """New names only: the old code does not need them."""
    CHANGES = "changes"
    """A credential that the old code knows is gone, renamed or rotated: is it still valid (C1)?"""


@dataclass(frozen=True, slots=True)
class CredentialFinding:
    """One sign: where, and the name of what is read; `rule` says which kind of sign."""

    rule: str
    verdict: CredentialVerdict
    path: str
    line: int
    name: str


@dataclass(frozen=True, slots=True)
class Credentials:
    verdict: CredentialVerdict
    findings: tuple[CredentialFinding, ...]


@dataclass(frozen=True, slots=True)
class _Sign:
    """A name on a changed line. `content` is a digest of what stands beside it, to tell a rotation; never kept."""

    rule: str
    name: str
    path: str
    line: int
    side: Side
    content: bytes = b""


_MOST: Final = 200
_SAYS_SO = (
    r"(?:SECRETS?|TOKENS?|PASSWORDS?|PASSWD|PASSPHRASE|API_?KEYS?|PRIVATE_?KEYS?|SIGNING_?KEYS?|ENCRYPTION_?KEYS?"
    r"|ACCESS_?KEYS?|SECRET_?KEYS?|CREDENTIALS?|DSN|DATABASE_URL)"
)
_SEGMENT: Final = re.compile(rf"(?:^|_){_SAYS_SO}(?:_|$)")
_LAST: Final = re.compile(rf"(?:^|_){_SAYS_SO}(?:_BASE)?(?:_(?:FILE|ID|OLD|NEXT|PREVIOUS|VERSION))?$")
_NOT_SECRET: Final = re.compile(
    r"NEXT_PUBLIC_|^VITE_PUBLIC_|HASHERS|VALIDATORS?|TIMEOUT|LENGTH|EXPIR|_TTL|LIFETIME|MAX_|MIN_|_COUNT|_LIMIT|_AGE$"
)
_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,120}"

_WORKFLOW: Final = re.compile(r"(^|/)\.github/(workflows/.*|.*action)\.ya?ml$|(^|/)action\.ya?ml$")
_WORKFLOW_SECRET: Final = re.compile(rf"\bsecrets(?:\.({_NAME})|\[\s*['\"]({_NAME})['\"]\s*\])")
_GIVEN: Final = "GITHUB_TOKEN"

_READS: Final = re.compile(
    rf"(?:os\.environ|\benviron|\bENV|process\.env|import\.meta\.env|\$_(?:ENV|SERVER))\s*\[\s*[bu]?['\"]({_NAME})['\"]\s*\]"
    rf"|\b(?:process\.env|import\.meta\.env|Bun\.env)\.({_NAME})"
    rf"|\b(?:environ\.(?:get|pop|setdefault)|getenv|Getenv|LookupEnv|GetEnvironmentVariable|ENV\.(?:fetch|key\?|\[\])"
    rf"|env(?:iron)?\.(?:get|str|bool|int|url|db|db_url|list|json|var|var_os|require|required|fetch)|env::var(?:_os)?"
    rf"|(?:option_)?env!|get_env|fetch_env!?|mustGetenv|requireEnv|config)"
    rf"\(\s*(?:&?\w+\s*,\s*)?[bu]?['\"]({_NAME})['\"]"
    rf"|(?<![\w.])env\(\s*['\"]({_NAME})['\"]"
)
_UNPACKED: Final = re.compile(r"\{([\w\s,:]{1,500})\}\s*=\s*(?:process|import\.meta)\.env\b")

_ASSIGNING_FILES: Final = re.compile(
    r"(^|/)(\.env[^/]*|[^/]*\.env|docker-compose[^/]*\.ya?ml|compose[^/]*\.ya?ml|values[^/]*\.ya?ml|settings[^/]*\.py"
    r"|settings/[^/]+\.py)$"
)
_EXAMPLE: Final = re.compile(r"example|sample|template|\.dist$|default", re.IGNORECASE)
_ASSIGNED: Final = re.compile(rf"^\s*(?:export\s+|-\s+)?['\"]?({_NAME})['\"]?\s*(?:=|:)(?!=)\s*(.*)$")

_STORE_NAME = r"[A-Za-z0-9_./:@#-]{1,200}"
_STORES: Final = (
    ("vault-path", re.compile(rf"\bvault:({_STORE_NAME})|\bvault\.hashicorp\.com/[\w./-]*:\s*[\"']?({_STORE_NAME})")),
    (
        "secret-manager",
        re.compile(rf"\barn:aws[\w-]*:secretsmanager:({_STORE_NAME})|\b({_STORE_NAME}/secrets/{_STORE_NAME})"),
    ),
    ("secret-manager", re.compile(r"\bresolve:(?:secretsmanager|ssm-secure):([A-Za-z0-9_./:@-]{1,200})")),
    (
        "kms-key",
        re.compile(rf"\barn:aws[\w-]*:kms:({_STORE_NAME})|\b(projects/{_STORE_NAME}/cryptoKeys/{_STORE_NAME})"),
    ),
    ("kms-key", re.compile(rf"\b[Kk][Mm][Ss]_?[Kk]ey_?(?:[Ii][Dd]|[Aa]rn|ARN)\s*[:=]\s*[\"']({_STORE_NAME})")),
)
_KID: Final = re.compile(r"[\"']?\b(kid|key_id|keyId|KEY_ID|active_kid|current_kid)\b[\"']?\s*[:=]\s*[\"']([^\"']+)")
_VERSION: Final = re.compile(
    rf"\b((?:{_NAME}_)?(?:KEY|SECRET|TOKEN|CREDENTIALS?|PASSWORD|CERT)_VERSION)\b\s*[:=]\s*(\S.*)", re.IGNORECASE
)
_ENCRYPTED_FILE: Final = re.compile(
    r"\.(enc|gpg|age|asc|kdbx|jks|p12|pfx|sops)$|\.yml\.enc$|(^|/)secrets\.(enc\.)?ya?ml$|\.sops\.\w+$"
)
_ENCRYPTED_LINE: Final = re.compile(r"ENC\[AES256_GCM|\$ANSIBLE_VAULT;|-----BEGIN (?:PGP MESSAGE|AGE ENCRYPTED)")
_SEALED: Final = re.compile(
    r"^\s*kind:\s*(SealedSecret|ExternalSecret|ClusterExternalSecret|SecretStore|VaultStaticSecret)\b"
)
_REFERENCE: Final = re.compile(
    r"\b(secretKeyRef|secretRef|secretName|existingSecret|remoteRef)\b\s*:\s*[\"']?([\w./-]{1,200})?"
)
_REFERENCED: Final = re.compile(r"^\s*-?\s*(name|key|version|property)\s*:\s*[\"']?([\w./-]{1,200})[\"']?\s*$")


def credentials_of(files: Iterable[ChangedFile], *, wrappers: Sequence[str] = ()) -> Credentials:
    """`wrappers` are functions of the service that read a secret by its name, besides the environment's own."""
    read = [sign for file in files if not _is_beside(file.path) for sign in _signs(file, _wrapped(wrappers))]
    findings = list(dict.fromkeys(_judge(read)))
    verdicts = {finding.verdict for finding in findings}
    worst = next((one for one in (CredentialVerdict.CHANGES, CredentialVerdict.INTRODUCES) if one in verdicts), None)
    return Credentials(worst or CredentialVerdict.NONE, tuple(findings[:_MOST]))


def is_secret(name: str) -> bool:
    """Whether a segment of an environment variable's name says that it is one."""
    upper = _upper(name)
    return _SEGMENT.search(upper) is not None and _NOT_SECRET.search(upper) is None


def _upper(name: str) -> str:
    """`stripeApiKey` is STRIPE_API_KEY."""
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).upper()


def _is_beside(path: str) -> bool:
    return is_test(path) or is_prose(path)


def _wrapped(wrappers: Sequence[str]) -> re.Pattern[str] | None:
    names = "|".join(map(re.escape, filter(None, wrappers)))
    return re.compile(rf"(?<![\w.])(?:\w+\.)*(?:{names})\(\s*['\"]({_STORE_NAME})['\"]") if names else None


# Reading


def _signs(file: ChangedFile, wrapped: re.Pattern[str] | None) -> Iterator[_Sign]:
    if _ENCRYPTED_FILE.search(file.path):
        side: Side = "added" if file.created else "removed"
        yield _Sign("encrypted-file", file.path, file.path, 1, side)
        return
    for line in file.lines:
        for read in _READERS:
            yield from read(file, line)
        if wrapped:
            yield from (_sign("secret-read", found, file, line) for found in wrapped.findall(line.text))
    yield from _references(file)


def _sign(rule: str, name: str, file: ChangedFile, line: Line, content: str = "") -> _Sign:
    digest = sha256(content.encode("utf-8", "replace")).digest() if content else b""
    return _Sign(rule, name, file.path, line.number, line.side, digest)


def _workflow(file: ChangedFile, line: Line) -> Iterator[_Sign]:
    if _WORKFLOW.search(file.path):
        for found in _WORKFLOW_SECRET.findall(line.text):
            name = next(filter(None, found))
            if name.upper() != _GIVEN:
                yield _sign("workflow-secret", name, file, line)


def _environment(file: ChangedFile, line: Line) -> Iterator[_Sign]:
    names = [next(filter(None, found), "") for found in _READS.findall(line.text)]
    for unpacked in _UNPACKED.findall(line.text):
        names += re.findall(_NAME, unpacked)
    for name in filter(is_secret, names):
        yield _sign("secret-read", name, file, line)


def _assignments(file: ChangedFile, line: Line) -> Iterator[_Sign]:
    """A name that says so, given a value in a file of settings; in an example no value matters."""
    found = _ASSIGNED.match(line.text) if _ASSIGNING_FILES.search(file.path) else None
    if found and _LAST.search(_upper(found[1])) and is_secret(found[1]):
        yield _sign("secret-setting", found[1], file, line, "" if _EXAMPLE.search(file.path) else found[2])


def _stores(file: ChangedFile, line: Line) -> Iterator[_Sign]:
    for rule, pattern in _STORES:
        for found in pattern.findall(line.text):
            yield _sign(rule, next(filter(None, found)) if isinstance(found, tuple) else found, file, line)


def _rotations(file: ChangedFile, line: Line) -> Iterator[_Sign]:
    for pattern, rule in ((_KID, "key-id"), (_VERSION, "secret-version")):
        if found := pattern.search(line.text):
            yield _sign(rule, found[1], file, line, found[2])


def _encrypted(file: ChangedFile, line: Line) -> Iterator[_Sign]:
    if _ENCRYPTED_LINE.search(line.text):
        yield _sign("encrypted-content", "encrypted content", file, line, line.text)


_READERS: Final[tuple[Callable[[ChangedFile, Line], Iterator[_Sign]], ...]] = (
    _workflow,
    _environment,
    _assignments,
    _stores,
    _rotations,
    _encrypted,
)


def _references(file: ChangedFile) -> Iterator[_Sign]:
    """Kubernetes' references: the names and keys below them, or the fields of a sealed or external secret."""
    if not file.path.endswith((".yaml", ".yml", ".tpl", ".json")):
        return
    sealed = _kind_of(file)
    for hunk in file.hunks:
        for lines in (hunk.removed, hunk.added):
            yield from _referenced(file, lines, sealed)


def _referenced(file: ChangedFile, lines: Iterable[Line], sealed: str) -> Iterator[_Sign]:
    near = 0
    for line in lines:
        if found := _REFERENCE.search(line.text):
            near = _NEAR
            if found[2]:
                yield _sign("secret-reference", found[2], file, line)
        elif (near or sealed) and (named := _REFERENCED.match(line.text)):
            yield _sign("secret-reference", named[2], file, line)
        elif sealed == "SealedSecret" and (held := _ASSIGNED.match(line.text)) and len(held[2]) > _LONG:
            yield _sign("encrypted-content", held[1], file, line, held[2])
        near = max(0, near - 1)


_NEAR: Final = 4
"""How many lines below a reference still belong to it."""
_LONG: Final = 40


def _kind_of(file: ChangedFile) -> str:
    text = (file.new or b"").decode("utf-8", "replace")
    texts = [*text.split("\n"), *(line.text for line in file.lines)]
    return next((found[1] for one in texts if (found := _SEALED.match(one))), "")


# Judging


def _judge(signs: Sequence[_Sign]) -> Iterator[CredentialFinding]:
    """A name on one side only came or went; on both sides it was moved, unless what stands beside it differs."""
    together: dict[tuple[str, str], list[_Sign]] = defaultdict(list)
    for sign in signs:
        together[sign.rule, sign.name].append(sign)
    for group in together.values():
        sides = {sign.side for sign in group}
        if sides == {"added"}:
            yield from (_finding(sign, CredentialVerdict.INTRODUCES) for sign in group)
        elif sides == {"removed"}:
            yield from (_finding(sign, CredentialVerdict.CHANGES) for sign in group)
        elif _contents(group, "added") != _contents(group, "removed"):
            yield from (_finding(sign, CredentialVerdict.CHANGES) for sign in group if sign.side == "added")


def _contents(group: Iterable[_Sign], side: Side) -> set[bytes]:
    return {sign.content for sign in group if sign.side == side}


def _finding(sign: _Sign, verdict: CredentialVerdict) -> CredentialFinding:
    return CredentialFinding(sign.rule, verdict, sign.path, sign.line, sign.name)
