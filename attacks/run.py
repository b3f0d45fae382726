#!/usr/bin/env python3
"""Runs every attack of this folder against all three verifiers, and prints what each of them said. Files of older systems
are read by `sealog import` alone.

    python3 attacks/run.py [--only SCRIPT] [--table]

The genuine files are made by the installed command `sealog`. Every genuine twin has to hold, and every attacked file has to
end with exactly the status and the reason that its script states. Exit status: 0 if so, 1 if not. `--table` prints the
table of attacks/README.md and runs nothing. Without Chromium `verify.html` is skipped, and the end says so.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent / "crates" / "sealog-python" / "tests"
for place in (HERE, TESTS):
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))

import older  # noqa: E402
from given import COMMAND, Given  # noqa: E402
from tools import ROOT, SCRIPT, Attack  # noqa: E402

NOT_ATTACKS = {"run", "tools", "given", "older"}
IMPORT = "sealog import"
NO_BROWSER = "Chromium is not installed, so verify.html was asked about no attack (apt-get install chromium)"
# A verifier: path and verifier key or fingerprint to status and reason.
Verifier = Callable[[Path, str], tuple[int, str]]


def scripts() -> list[ModuleType]:
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_ATTACKS)
    return [importlib.import_module(name) for name in names]


def attacks(only: str | None = None) -> Iterator[tuple[str, Attack]]:
    """Each attack with the name of its script."""
    for script in scripts():
        if only in (None, script.__name__):
            for attack in script.ATTACKS:
                yield script.__name__, attack


def first_line(script: ModuleType) -> str:
    return (script.__doc__ or "").strip().split("\n")[0].rstrip(".")


def table() -> str:
    """The table of the page, by script and reason."""
    rows = ["| script | attack | exit | reason |", "|---|---|---|---|"]
    for script in scripts():
        rows.append(f"| [`{script.__name__}.py`]({script.__name__}.py) | **{first_line(script)}** | | |")
        for attack in script.ATTACKS:
            page = "" if attack.page is None else f"; in the page `{attack.page[1]}` ({attack.page[0]})"
            rows.append(f"| | {attack.name} | {attack.status} | `{attack.reason}`{page} |")
    return "\n".join(rows) + "\n"


# --- the verifiers ---


def program(words: list[str], env: dict[str, str]) -> Verifier:
    def verify(path: Path, pin: str) -> tuple[int, str]:
        whole = [*words, str(path), "--key", pin, "--json"]
        done = subprocess.run(whole, capture_output=True, text=True, env=env)
        assert "Traceback" not in done.stderr and "panicked" not in done.stderr, done.stderr
        assert done.stdout, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        assert report["exit"] == done.returncode
        return report["exit"], report["reason"]

    return verify


class Page:
    """`verifiers/verify.html` in Chromium, opened from the disk; files are dropped on it."""

    def __init__(self, browser: Any) -> None:
        self.browser, self.pin = browser, ""
        self.browser.open((ROOT / "verifiers" / "verify.html").as_uri())

    def __call__(self, path: Path, pin: str) -> tuple[int, str]:
        browser = self.browser
        if pin != self.pin:
            browser.run("document.querySelector('#key').value = ''")
            browser.type("#key", pin)
            self.pin = pin
        # The answer of the file before is not taken for this one's.
        browser.run("document.querySelector('#progress').textContent = ''; 0")
        browser.drop(path)
        browser.wait("document.querySelector('#progress').textContent.startsWith('Checked')")
        report = json.loads(browser.run("document.querySelector('#report').textContent"))
        return report["exit"], report["reason"]


@contextlib.contextmanager
def verifiers(given: Given, place: Path) -> Iterator[dict[str, Verifier]]:
    """All that can be run here; without Chromium the page is not among them."""
    import chromium

    found = {
        "sealog": program([*given.program, "verify"], given.env),
        "verify.py": program([sys.executable, "-I", str(SCRIPT)], given.env),
    }
    path = chromium.program()
    if path is None:
        yield found
        return
    browser = chromium.Browser(path, place)
    try:
        yield {**found, "verify.html": Page(browser)}
    finally:
        browser.close()


def imported(given: Given, path: Path, pins: tuple[str, ...]) -> tuple[int, str]:
    """What `sealog import` says of a file of an older system, with nothing adopted."""
    done = given.run([*given.program, "import", str(path), "--check", *pins, "--json"])
    assert "Traceback" not in done.stderr and "panicked" not in done.stderr, done.stderr
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)["reason"]


def expected(attack: Attack, verifier: str) -> tuple[int, str]:
    if verifier == "verify.html" and attack.page is not None:
        return attack.page
    return attack.status, attack.reason


def judge(given: Given, attack: Attack, asked: dict[str, Verifier]) -> dict[str, tuple[int, str]]:
    """What each verifier says of the attacked file."""
    twin = given.path(attack.twin)
    data = attack.make(given, twin.read_bytes())
    assert data != twin.read_bytes(), f"{attack.name}: nothing was changed"
    # Named like its twin, so that no verifier is helped by an ending.
    attacked = given.root / f"attacked{twin.suffix}"
    attacked.write_bytes(data)
    if attack.pins is not None:
        return {IMPORT: imported(given, attacked, attack.pins)}
    return {name: verify(attacked, given.vkey) for name, verify in asked.items()}


def faults(given: Given, attack: Attack, asked: dict[str, Verifier]) -> list[str]:
    said = judge(given, attack, asked)
    return [
        f"{name} said {answer}, expected {expected(attack, name)}"
        for name, answer in said.items()
        if answer != expected(attack, name)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--only", help="one script, by its name without .py")
    parser.add_argument("--table", action="store_true", help="print the table of attacks/README.md")
    arguments = parser.parse_args()
    if arguments.table:
        print(table(), end="")
        return 0
    installed = shutil.which("sealog")
    command = [installed] if installed else COMMAND
    with tempfile.TemporaryDirectory() as place:
        return run(Given(Path(place) / "log", command), Path(place), arguments.only)


def run(given: Given, place: Path, only: str | None) -> int:
    count = wrong = 0
    with verifiers(given, place / "chromium") as asked:
        listed = list(attacks(only))
        twins = {attack.twin for _, attack in listed}
        for twin in sorted(twins & older.PINS.keys()):
            answer = imported(given, given.path(twin), older.PINS[twin])
            print(f"genuine     {twin}: {IMPORT} {answer[1]} ({answer[0]})")
            wrong += answer != (0, "holds")
        for twin in sorted(twins - older.PINS.keys()):
            for name, verify in asked.items():
                said = verify(given.path(twin), given.vkey)
                print(f"genuine     {twin}: {name} {said[1]} ({said[0]})")
                wrong += said != (0, "holds")
        for script, attack in listed:
            found = faults(given, attack, asked)
            count += 1
            wrong += bool(found)
            print(f"{script}: {attack.name}: {attack.reason} ({attack.status})" + "".join(f"; WRONG: {one}" for one in found))
        print(f"{count} attacks, {len(asked)} verifiers, {wrong} wrong")
        if "verify.html" not in asked:
            print(f"skipped: {NO_BROWSER}")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
