"""Credentials in a change (C1, C2): names and places, never a value."""

import pytest

from incidents.assessment.bad_change import read_undoing
from incidents.assessment.changed_lines import ChangedFile, Hunk, Line, read_changed_files
from incidents.assessment.credentials import Credentials, CredentialVerdict, credentials_of
from incidents.assessment.git import scratch
from tests.assessment.repositories import WorkTree, one

NONE, INTRODUCES, CHANGES = CredentialVerdict
VALUE = "hunter2-3f9c0b1e8d7a4655"


def change(path: str, removed: str = "", added: str = "") -> ChangedFile:
    old = tuple(Line(number, text, "removed") for number, text in enumerate(removed.splitlines(), 7))
    new = tuple(Line(number, text, "added") for number, text in enumerate(added.splitlines(), 7))
    return ChangedFile(path, (Hunk(old, new),), added.encode(), created=not removed)


def found(*files: ChangedFile) -> tuple[CredentialVerdict, set[str]]:
    read = credentials_of(files, wrappers=["secret_named"])
    return read.verdict, {finding.name for finding in read.findings}


WORKFLOW = ".github/workflows/deploy.yml"
READS = [
    ("app/mail.py", 'KEY = os.environ["SMTP_PASSWORD"]', "SMTP_PASSWORD"),
    ("app/mail.py", 'key = os.getenv("STRIPE_API_KEY", "")', "STRIPE_API_KEY"),
    ("app/mail.py", 'url = env.db("DATABASE_URL")', "DATABASE_URL"),
    ("app/mail.py", 'key = config("SENTRY_DSN")', "SENTRY_DSN"),
    ("app/mail.py", 'key = secret_named("billing/stripe")', "billing/stripe"),
    ("web/pay.ts", "const key = process.env.PAY_CLIENT_SECRET;", "PAY_CLIENT_SECRET"),
    ("web/pay.ts", 'const key = process.env["PAY_TOKEN"];', "PAY_TOKEN"),
    ("web/pay.ts", "const { PAY_TOKEN, PORT } = process.env;", "PAY_TOKEN"),
    ("lib/pay.rb", 'key = ENV.fetch("PAY_SIGNING_KEY")', "PAY_SIGNING_KEY"),
    ("lib/pay.rb", "key = ENV['PAY_ENCRYPTION_KEY']", "PAY_ENCRYPTION_KEY"),
    ("cmd/pay.go", 'key := os.Getenv("PAY_PRIVATE_KEY")', "PAY_PRIVATE_KEY"),
    ("src/pay.rs", 'let key = std::env::var("PAY_TOKEN")?;', "PAY_TOKEN"),
    ("src/Pay.java", 'var key = System.getenv("PAY_TOKEN");', "PAY_TOKEN"),
    ("src/pay.php", "$key = env('PAY_TOKEN');", "PAY_TOKEN"),
    ("lib/pay.ex", 'key = System.fetch_env!("PAY_TOKEN")', "PAY_TOKEN"),
    (WORKFLOW, "  key: ${{ secrets.DEPLOY_KEY }}", "DEPLOY_KEY"),
    (".env.production", f"PAY_TOKEN={VALUE}", "PAY_TOKEN"),
    ("docker-compose.prod.yml", f"      - PAY_SECRET_FILE={VALUE}", "PAY_SECRET_FILE"),
    ("chart/values-prod.yaml", f"  stripeApiKey: {VALUE}", "stripeApiKey"),
    ("shop/settings.py", f'SECRET_KEY = "{VALUE}"', "SECRET_KEY"),
    ("k8s/web.yaml", "        secretKeyRef:\n          name: pay\n          key: token", "pay"),
    ("k8s/web.yaml", "  existingSecret: pay-2", "pay-2"),
    ("k8s/web.yaml", "  value: vault:secret/data/pay#token", "secret/data/pay#token"),
    ("infra/main.tf", '  arn = "arn:aws:secretsmanager:eu-west-1:1:secret:pay-Ab12"', "eu-west-1:1:secret:pay-Ab12"),
    ("infra/main.tf", '  kms_key_id = "alias/pay"', "alias/pay"),
    ("infra/run.yaml", "  secret: projects/1/secrets/pay/versions/3", "projects/1/secrets/pay/versions/3"),
    ("app/jwt.py", 'HEADER = {"kid": "2026-10"}', "kid"),
    ("app/jwt.py", "PAY_SECRET_VERSION = 3", "PAY_SECRET_VERSION"),
]


@pytest.mark.parametrize(("path", "text", "name"), READS)
def test_c1_what_only_a_new_line_names_is_introduced(path: str, text: str, name: str) -> None:
    verdict, names = found(change(path, added=text))
    assert verdict is INTRODUCES
    assert name in names


@pytest.mark.parametrize(("path", "text", "name"), READS)
def test_c1_what_a_removed_line_named_is_changed(path: str, text: str, name: str) -> None:
    verdict, names = found(change(path, removed=text, added="nothing"))
    assert verdict is CHANGES
    assert name in names


@pytest.mark.parametrize(("path", "text", "name"), READS)
def test_c1_a_line_that_only_moved_changes_nothing(path: str, text: str, name: str) -> None:
    assert found(change(path, removed=text, added=f"# moved\n{text}")) == (NONE, set())


@pytest.mark.parametrize(
    ("path", "removed", "added", "name"),
    [
        (".env", "PAY_TOKEN=one", "PAY_TOKEN=two", "PAY_TOKEN"),
        ("shop/settings.py", 'SECRET_KEY = "a"', 'SECRET_KEY = read("b")', "SECRET_KEY"),
        ("app/jwt.py", '"kid": "2026-10"', '"kid": "2026-11"', "kid"),
        ("deploy.yaml", "PAY_SECRET_VERSION: 3", "PAY_SECRET_VERSION: 4", "PAY_SECRET_VERSION"),
        ("infra/run.yaml", "projects/1/secrets/pay/versions/3", "projects/1/secrets/pay/versions/4",
         "projects/1/secrets/pay/versions/3"),
        ("prod/app.yaml", "token: ENC[AES256_GCM,data:aaa]", "token: ENC[AES256_GCM,data:bbb]", "encrypted content"),
        ("config/credentials.yml.enc", "aaaa", "bbbb", "config/credentials.yml.enc"),
        (WORKFLOW, "k: ${{ secrets.OLD_KEY }}", "k: ${{ secrets.NEW_KEY }}", "OLD_KEY"),
        ("k8s/s.yaml", f"kind: SealedSecret\n  token: {'A' * 50}", f"kind: SealedSecret\n  token: {'B' * 50}", "token"),
    ],
)  # fmt: skip
def test_c1_a_rotated_credential_is_changed(path: str, removed: str, added: str, name: str) -> None:
    verdict, names = found(change(path, removed, added))
    assert verdict is CHANGES
    assert name in names


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/login.py", "token = request.POST['password']  # the secret"),
        ("app/login.py", "TOKENS = read_tokens()"),
        ("app/login.py", 'debug = os.environ["DEBUG"]'),
        ("app/login.py", 'seconds = os.environ["TOKEN_TIMEOUT"]'),
        ("shop/settings.py", "PASSWORD_HASHERS = []"),
        ("shop/settings.py", "AUTH_PASSWORD_VALIDATORS = []"),
        (".env", "NEXT_PUBLIC_API_KEY=public"),
        (".env", "SECRET_LENGTH=40"),
        (".env", "TOKEN_URL=https://id.example"),
        (WORKFLOW, "token: ${{ secrets.GITHUB_TOKEN }}"),
        ("tests/test_mail.py", 'os.environ["SMTP_PASSWORD"]'),
        ("docs/setup.md", "ENV['SMTP_PASSWORD']"),
        ("README.md", "SMTP_PASSWORD=..."),
    ],
)
def test_words_alone_are_no_alarm(path: str, text: str) -> None:
    assert found(change(path, added=text)) == (NONE, set())


def test_a_value_in_an_example_is_nobodys_credential() -> None:
    assert found(change(".env.example", "PAY_TOKEN=one", "PAY_TOKEN=two")) == (NONE, set())


def test_one_removed_name_outweighs_many_new_ones() -> None:
    gone, brought = change("a.py", 'os.environ["A_TOKEN"]', "x"), change("b.py", added='os.environ["B_TOKEN"]')
    assert found(gone, brought) == (CHANGES, {"A_TOKEN", "B_TOKEN"})


def test_a_name_that_moved_to_another_file_is_not_gone() -> None:
    text = 'os.environ["A_TOKEN"]'
    assert found(change("a.py", text, "x"), change("b.py", "y", text)) == (NONE, set())


def credentials_in(work: WorkTree, sha: str) -> Credentials:
    with scratch(work.folder) as git:
        undoing = read_undoing(git, one(sha))
        return credentials_of(read_changed_files(git, undoing.before_tree, undoing.tip.tree))


def test_evidence_is_path_line_and_name_and_never_a_value(work: WorkTree) -> None:
    first = f"A=1\nPAY_TOKEN={VALUE}\n"
    work.commit_files({".env": first, "a b\n.py": "x = 1\n"})
    sha = work.commit_files(
        {".env": first.replace(VALUE, f"{VALUE}9"), "a b\n.py": 'x = 1\ny = os.environ["B_TOKEN"]\n'}
    )
    read = credentials_in(work, sha)
    places = {(found.path, found.line, found.name, found.verdict) for found in read.findings}
    assert places == {(".env", 2, "PAY_TOKEN", CHANGES), ("a b\n.py", 2, "B_TOKEN", INTRODUCES)}
    assert VALUE not in repr(read)


def test_a_binary_an_invalid_and_a_removed_file_are_read_without_harm(work: WorkTree) -> None:
    work.commit_files({"a.env": b"A_TOKEN=\xff\xfe\n", "b.py": 'os.getenv("B_TOKEN")\n', "c.bin": b"\0TOKEN"})
    sha = work.commit_files({"a.env": b"A_TOKEN=\xff\xfd\n", "b.py": None, "c.bin": b"\0\0TOKEN"})
    assert {(found.name, found.verdict) for found in credentials_in(work, sha).findings} == {
        ("A_TOKEN", CHANGES), ("B_TOKEN", CHANGES),
    }  # fmt: skip
