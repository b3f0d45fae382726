"""Fixtures of the tests of the Python package."""

from __future__ import annotations

import os
import signal
import sys
import threading
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
def opened(tmp_path: Path) -> Callable[..., sealog.Ledger]:
    """Makes or opens a ledger on disk, with settings, and all that it keeps outside of itself beside it."""

    def make(**settings: Any) -> sealog.Ledger:
        return sealog.open(
            tmp_path / "audit.sealog", state_dir=tmp_path / "state", config_dir=tmp_path / "config", **settings
        )

    return make


@pytest.fixture
def interruptible() -> Iterator[None]:
    """An interrupt from the keyboard raises, as in a program of its own: processes that run tests ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def in_threads(work: Callable[[int], None]) -> None:
    """Runs the work in four threads at once, each with its number: they end in time, and none raises."""
    failed: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert not failed


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
