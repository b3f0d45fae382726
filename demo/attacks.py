"""Attacks on copies of a ledger, each with the reason that a verifier has to give."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sealog


@dataclass
class Case:
    """A ledger and what an outsider kept of it."""

    out: Path
    settings: dict[str, Any]
    origin: str
    key: str
    kept: bytes
    receipt: sealog.Receipt

    @property
    def ledger(self) -> Path:
        return self.out / "tumours.sealog"

    def copy(self, name: str) -> Path:
        """A copy of the ledger, to be attacked."""
        path = self.out / f"{name}.sealog"
        shutil.copytree(self.ledger, path)
        return path


Attack = Callable[[Path, Case], None]


def segments(ledger: Path) -> list[Path]:
    return sorted((ledger / "log").glob("*.jsonl"))


def lines_of(segment: Path) -> list[bytes]:
    return segment.read_bytes().splitlines(keepends=True)


def decisions(lines: list[bytes]) -> list[int]:
    """Positions of decisions in a segment."""
    return [at for at, line in enumerate(lines) if b'"kind":"decision"' in line]


def edit_byte(ledger: Path, case: Case) -> None:
    segment = segments(ledger)[0]
    text = segment.read_bytes()
    at = text.index(b'"score":0.') + len(b'"score":0.')
    digit = b"1" if text[at : at + 1] != b"1" else b"2"
    segment.write_bytes(text[:at] + digit + text[at + 1 :])


def with_lines(change: Callable[[list[bytes], list[int]], None]) -> Attack:
    def attack(ledger: Path, case: Case) -> None:
        segment = segments(ledger)[0]
        lines = lines_of(segment)
        change(lines, decisions(lines))
        segment.write_bytes(b"".join(lines))

    return attack


def drop(lines: list[bytes], at: list[int]) -> None:
    del lines[at[3]]


def double(lines: list[bytes], at: list[int]) -> None:
    lines.insert(at[3], lines[at[3]])


def reorder(lines: list[bytes], at: list[int]) -> None:
    one, other = at[3], at[5]
    lines[one], lines[other] = lines[other], lines[one]


def edit_threshold(ledger: Path, case: Case) -> None:
    """Makes the history say that the threshold was 0.4 all along."""
    for segment in segments(ledger):
        lines = lines_of(segment)
        for at, line in enumerate(lines):
            if b'"kind":"config.changed"' in line:
                lines[at] = line.replace(b'"to":0.3', b'"to":0.4').replace(b'"from":0.3', b'"from":0.4')
        segment.write_bytes(b"".join(lines))


def swap_key(ledger: Path, case: Case) -> None:
    """Puts another key into the first entry, and wherever the ledger names its own."""
    with sealog.memory() as other:
        stranger = other.vkey
    stranger = case.origin + stranger[stranger.index("+") :]
    segment = segments(ledger)[0]
    text = segment.read_bytes()
    segment.write_bytes(text.replace(case.key.encode(), stranger.encode()))


def sign_anew(ledger: Path, case: Case) -> None:
    """A whole ledger of the same origin, honest in itself, under a fresh key."""
    shutil.rmtree(ledger)
    forged = case.out / "forged"
    with sealog.open(
        ledger, origin=case.origin, operator="Example Clinic", purpose="forged", system="tumour-classifier",
        secrets=forged / "secrets", state_dir=forged / "state", config_dir=forged / "config",
    ) as log:
        log.append("decision", {"decision_id": "x", "model_state": "unverified", "model_reason": "forged"})


def remove_segment(ledger: Path, case: Case) -> None:
    found = segments(ledger)
    assert len(found) > 2, "the tour needs a middle segment"
    found[len(found) // 2].unlink()


def cut_tail(ledger: Path, case: Case) -> None:
    """Ends the log at the second to last checkpoint before the receipt: nothing is left that does not fit."""
    last = segments(ledger)[-1]
    lines = lines_of(last)
    checkpoints = [at for at, line in enumerate(lines) if line.startswith(b'{"checkpoint"')]
    target = next(at for at in reversed(checkpoints) if size_of(lines[at]) <= case.receipt.index)
    last.write_bytes(b"".join(lines[: target + 1]))


def size_of(line: bytes) -> int:
    return int(json.loads(line)["checkpoint"].split("\n")[1])


def restore_backup(ledger: Path, case: Case) -> None:
    shutil.rmtree(ledger)
    shutil.copytree(case.out / "backup.sealog", ledger)


def fork(ledger: Path, case: Case) -> None:
    """Goes on from the backup under the same key, on a machine that has no head copy."""
    restore_backup(ledger, case)
    elsewhere = case.out / "elsewhere"
    with sealog.open(
        ledger, system="tumour-classifier", secrets=case.out / "tumours.sealog.secrets",
        state_dir=elsewhere / "state", config_dir=elsewhere / "config",
    ) as log:
        while log.size <= case.receipt.index + 8:
            log.append("decision", {"decision_id": "y", "model_state": "unverified", "model_reason": "fork"})


WITH_KEY: list[tuple[str, str, Attack]] = [
    ("an edited byte: another score", "root_mismatch", edit_byte),
    ("a dropped line", "index_wrong", with_lines(drop)),
    ("a doubled line", "index_wrong", with_lines(double)),
    ("two lines in another order", "index_wrong", with_lines(reorder)),
    ("an edited threshold history", "config_digest", edit_threshold),
    ("a swapped key", "key_not_pinned", swap_key),
    ("the whole log signed anew with a fresh key", "key_not_pinned", sign_anew),
    ("a middle segment removed", "segment_missing", remove_segment),
]

WITH_KEPT: list[tuple[str, str, Attack]] = [
    ("a deleted tail", "against_shrunk", cut_tail),
    ("a restored backup", "against_shrunk", restore_backup),
    ("a fork under the same key", "against_mismatch", fork),
]
