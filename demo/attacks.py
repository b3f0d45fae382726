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

    @property
    def seen(self) -> int:
        """Entries of the log when the receipt was made."""
        return int(self.receipt.checkpoint.split("\n")[1])

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
    """Another model made the first decision."""
    segment = segments(ledger)[0]
    text = segment.read_bytes()
    segment.write_bytes(text.replace(b'"tumour-classifier-1"', b'"tumour-classifier-2"', 1))


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
    aside = case.out / "stranger"
    with sealog.open(
        case.out / "stranger.sealog", origin=case.origin,
        secrets=aside / "secrets", state_dir=aside / "state", config_dir=aside / "config",
    ) as other:
        stranger = other.vkey
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
    """Ends the log at the last checkpoint before the receipt's: nothing is left that does not fit."""
    for segment in reversed(segments(ledger)):
        lines = lines_of(segment)
        checkpoints = [at for at, line in enumerate(lines) if line.startswith(b'{"checkpoint"')]
        early = [at for at in checkpoints if size_of(lines[at]) < case.seen]
        if early:
            segment.write_bytes(b"".join(lines[: early[-1] + 1]))
            return
        segment.unlink()


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
        while log.size < case.seen:
            log.append("decision", {"decision_id": "y", "model_state": "unverified", "model_reason": "fork"})


WITH_KEY: list[tuple[str, str, Attack]] = [
    ("an edited byte: another model", "root_mismatch", edit_byte),
    ("a dropped line", "index_wrong", with_lines(drop)),
    ("a doubled line", "index_wrong", with_lines(double)),
    ("two lines in another order", "index_wrong", with_lines(reorder)),
    ("an edited threshold history", "config_digest", edit_threshold),
    ("a swapped key", "checkpoint_key", swap_key),
    ("the whole log signed anew with a fresh key", "key_not_pinned", sign_anew),
    ("a middle segment removed", "segment_missing", remove_segment),
]

WITH_KEPT: list[tuple[str, str, Attack]] = [
    ("a deleted tail", "against_shrunk", cut_tail),
    ("a restored backup", "against_shrunk", restore_backup),
    ("a fork under the same key", "against_mismatch", fork),
]
