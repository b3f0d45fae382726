"""Fixtures of the tests of the Python package."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# The genuine files that are attacked, and what attackers use: `attacks/` at the root.
sys.path.insert(0, str(Path(__file__).parents[3] / "attacks"))

import sealog  # noqa: E402
import verify_page  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def one_process_of_the_page() -> Iterator[None]:
    """Whichever test starts the process in which the page's code runs, it ends with the run."""
    yield
    verify_page.end()


@pytest.fixture
def ledger() -> Iterator[sealog.Ledger]:
    with sealog.memory() as ledger:
        yield ledger


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return places_in(tmp_path, monkeypatch)


def places_in(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of its own for what a ledger keeps outside of itself, also in child processes."""
    monkeypatch.setenv("XDG_STATE_HOME", str(root / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(root / "config"))
    monkeypatch.setenv("HOME", str(root))
    os.makedirs(root / "here", exist_ok=True)
    return root / "here"


def bodies(ledger: sealog.Ledger, kind: str = "decision") -> list[dict[str, Any]]:
    """Bodies of the records of a kind, in order, once the queue is empty."""
    ledger.flush(timeout=30)
    return [entry.body for entry in ledger.entries() if entry.kind == kind]


def only(ledger: sealog.Ledger) -> dict[str, Any]:
    """The body of the only decision."""
    (body,) = bodies(ledger)
    return body


@pytest.fixture
def decisions(ledger: sealog.Ledger) -> Callable[[], list[dict[str, Any]]]:
    return lambda: bodies(ledger)
