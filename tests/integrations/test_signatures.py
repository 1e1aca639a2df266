"""Whether a delivery comes from its sender."""

import pytest

from incidents.integrations.signatures import bearer_holds, github_signature_holds

# The example of docs.github.com, "Validating webhook deliveries": secret, payload and signature.
SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_githubs_own_example_holds():
    assert github_signature_holds(SECRET, BODY, SIGNATURE)


@pytest.mark.parametrize(
    ("secret", "body", "header"),
    [
        ("another", BODY, SIGNATURE),
        (SECRET, b"Hello, World", SIGNATURE),
        (SECRET, BODY, SIGNATURE.removeprefix("sha256=")),
        (SECRET, BODY, SIGNATURE.replace("sha256", "sha1")),
        (SECRET, BODY, SIGNATURE[:-1]),
        (SECRET, BODY, ""),
        (SECRET, BODY, None),
        (SECRET, BODY, "sha256=ü\udcff"),
        ("", BODY, SIGNATURE),
    ],
)
def test_any_other_signature_does_not(secret, body, header):
    assert not github_signature_holds(secret, body, header)


@pytest.mark.parametrize("header", ["Bearer hooktok", "bearer hooktok", "Bearer  hooktok "])
def test_the_right_bearer_holds(header):
    assert bearer_holds("hooktok", header)


@pytest.mark.parametrize(
    "header", [None, "", "hooktok", "Basic hooktok", "Bearer", "Bearer hooktok2", "Bearer ü\udcff"]
)
def test_any_other_bearer_does_not(header):
    assert not bearer_holds("hooktok", header)


def test_without_a_token_nothing_holds():
    assert not bearer_holds("", "Bearer ")
