"""What the pages load when they start, and what they leave to workers, commands and the moment of need."""

import subprocess
import sys

LEFT_OUT = ("pgparse", "tree_sitter", "tree_sitter_ruby", "markdown_it", "nh3", "slack_sdk", "redis",
            "httpx", "sandbox")  # fmt: skip
STARTED = f"""
import sys
import rollback_console.wsgi
from django.urls import get_resolver
get_resolver().url_patterns
print(*sorted(set({LEFT_OUT!r}) & set(sys.modules)))
"""


def test_the_pages_load_no_parser_and_no_client_that_only_an_act_needs() -> None:
    started = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, check=True, timeout=60)
    assert started.stdout.split() == []
