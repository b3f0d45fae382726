"""Retention, holds and disposal from Python: what goes, what a hold keeps, and that the log verifies afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import sealog
from sealog import Hold, RetentionPolicy

KIND = "org.example.note"
SHORT = "short"
DAYS_MAX = 36_525


def note(ledger: sealog.Ledger, n: int) -> int:
    return ledger.append(KIND, {"text": f"note number {n}"}, retention_class=SHORT).index


def at_once(ledger: sealog.Ledger, record_class: str = SHORT) -> RetentionPolicy:
    """A policy under which every entry is due as soon as it is there."""
    return ledger.retention.set(record_class, min_days=0, max_days=0, basis="house rule 3", by="dpo")


def holds_up(ledger: sealog.Ledger) -> sealog.Report:
    report = ledger.verify()
    assert (report.exit_code, report.integrity) == (0, "holds"), report.to_dict()
    return report


def test_a_policy_is_set_and_read(ledger: sealog.Ledger) -> None:
    assert ledger.retention.policies() == []
    first = ledger.retention.set(SHORT, min_days=184, max_days=400, basis="Art. 26(6)", by="dpo")
    assert first == RetentionPolicy("P001", SHORT, 184, 400, "Art. 26(6)", "dpo", first.index)
    assert ledger.entry(first.index).kind == "retention.policy"
    assert ledger.entry(first.index).body["min_days"] == 184
    other = ledger.retention.set("default", min_days=1, basis="rule", by="dpo", policy_id="own")
    assert (other.policy_id, other.max_days) == ("own", None)
    newer = ledger.retention.set(SHORT, min_days=200, basis="Art. 26(6)", by="ciso")
    assert newer.policy_id == "P002"
    assert ledger.retention.policies() == [other, newer]
    holds_up(ledger)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"min_days": DAYS_MAX + 1}, "36525 days"),
        ({"min_days": 0, "max_days": DAYS_MAX + 1}, "36525 days"),
        ({"min_days": 5, "max_days": 4}, "less than at least 5"),
        ({"min_days": 5, "basis": " "}, "legal basis"),
        ({"min_days": 5, "policy_id": "P001"}, "P001 already"),
    ],
)
def test_a_policy_that_is_refused(ledger: sealog.Ledger, asked: dict[str, Any], said: str) -> None:
    ledger.retention.set("default", min_days=DAYS_MAX, max_days=DAYS_MAX, basis="rule", by="dpo")
    size = ledger.size
    with pytest.raises(sealog.FormatError, match=said) as refused:
        ledger.retention.set(SHORT, **{"basis": "rule", "by": "dpo", **asked})
    assert refused.value.code == "argument"
    assert ledger.size == size


@pytest.mark.parametrize("asked", [{"min_days": -1}, {"min_days": 0, "max_days": -1}])
def test_days_are_never_negative(ledger: sealog.Ledger, asked: dict[str, Any]) -> None:
    with pytest.raises(sealog.FormatError, match="never negative"):
        ledger.retention.set(SHORT, basis="rule", by="dpo", **asked)
    with pytest.raises(TypeError):
        ledger.retention.set(SHORT, min_days="5", basis="rule", by="dpo")  # type: ignore[arg-type]


def test_what_is_due_goes_and_the_log_verifies(opened: Callable[..., sealog.Ledger], tmp_path: Any) -> None:
    with opened() as ledger:
        indices = [note(ledger, n) for n in range(3)]
        stays = ledger.append(KIND, {"text": "of another class"}).index
        kept = ledger.receipt(indices[0])
        key = ledger.vkey
        at_once(ledger)
        due = ledger.retention.due(SHORT)
        assert (due.entries, due.held, due.too_young, due.more) == (3, 0, 0, False)
        assert due.runs == [(indices[0], indices[2])]
        assert ledger.entry(indices[0]).body == {"text": "note number 0"}, "what is due is still there"

        done = ledger.retention.dispose(SHORT, by="dpo")
        assert done.due == due
        assert (done.entries_disposed, done.segments_rewritten) == (3, 1)
        assert done.records is not None and done.records[0] == done.records[1]
        said = ledger.entry(done.records[0])
        assert (said.kind, said.body["approved_by"]) == ("retention.disposed", "dpo")

        for index in indices:
            with pytest.raises(sealog.RefusedError) as gone:
                ledger.entry(index)
            assert gone.value.code == "disposed"
        assert ledger.entry(stays).body == {"text": "of another class"}
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"note number" in path.read_bytes()]
        assert sealog.verify_receipt(bytes(kept), key=key).exit_code == 0
        status = ledger.retention.status()
        short = status.classes[SHORT]
        assert (short.entries, short.disposed, short.due, short.oldest) == (0, 3, 0, None)
        assert not status.disposal_unfinished
        holds_up(ledger)
        again = ledger.retention.dispose(SHORT, by="dpo")
        assert (again.records, again.entries_disposed) == (None, 0)
    with opened() as ledger:
        assert note(ledger, 4) > stays
        holds_up(ledger)


def test_what_is_too_young_stays(ledger: sealog.Ledger) -> None:
    index = note(ledger, 1)
    ledger.retention.set(SHORT, min_days=1, basis="rule", by="dpo")
    done = ledger.retention.dispose(SHORT, by="dpo")
    assert (done.records, done.due.too_young, done.entries_disposed) == (None, 1, 0)
    assert ledger.entry(index).body == {"text": "note number 1"}


def test_a_disposal_that_is_refused(ledger: sealog.Ledger) -> None:
    for ask in (ledger.retention.due, lambda name: ledger.retention.dispose(name, by="dpo")):
        with pytest.raises(sealog.FormatError, match="no retention policy is in force for short") as refused:
            ask(SHORT)
        assert refused.value.code == "argument"
    at_once(ledger)
    with pytest.raises(sealog.FormatError, match="who approves"):
        ledger.retention.dispose(SHORT, by=" ")


def test_what_is_queued_counts(ledger: sealog.Ledger) -> None:
    at_once(ledger)
    ledger.enqueue(KIND, {"text": "queued"}, retention_class=SHORT)
    assert ledger.retention.due(SHORT).entries == 1
    ledger.enqueue(KIND, {"text": "queued"}, retention_class=SHORT)
    assert ledger.retention.status().classes[SHORT].due == 2
    ledger.enqueue(KIND, {"text": "queued"}, retention_class=SHORT)
    assert ledger.retention.dispose(SHORT, by="dpo").entries_disposed == 3


def test_a_hold_protects_until_it_is_released(ledger: sealog.Ledger) -> None:
    indices = [note(ledger, n) for n in range(3)]
    at_once(ledger)
    held = ledger.holds.place(f"entries:{indices[1]}-{indices[1]}", by="counsel", reason="claim 7", incident="I-7")
    assert held == Hold(
        "H001", f"entries:{indices[1]}-{indices[1]}", "claim 7", "counsel", held.placed_at, None, "I-7", held.index
    )
    assert held.placed_at is not None and held.placed_at.endswith("Z")
    assert ledger.holds.list() == [held] == ledger.retention.status().holds
    short = ledger.retention.status().classes[SHORT]
    assert (short.entries, short.due, short.held, short.beyond_max) == (3, 2, 1, 3)

    done = ledger.retention.dispose(SHORT, by="dpo")
    assert (done.due.held, done.entries_disposed) == (1, 2)
    assert done.due.runs == [(indices[0], indices[0]), (indices[2], indices[2])]
    assert done.records is not None and done.records[1] == done.records[0] + 1
    assert ledger.entry(indices[1]).body == {"text": "note number 1"}
    holds_up(ledger)

    receipt = ledger.holds.release("H001", by="judge", reason="claim settled")
    assert ledger.entry(receipt.index).body["placed_by"] == "judge"
    assert ledger.holds.list() == []
    [over] = ledger.holds.list(ended=True)
    assert (over.hold_id, over.placed_at, over.placed_by) == ("H001", held.placed_at, "judge")
    assert over.released_at is not None
    assert ledger.retention.dispose(SHORT, by="dpo").entries_disposed == 1
    with pytest.raises(sealog.RefusedError):
        ledger.entry(indices[1])
    holds_up(ledger)


def test_a_hold_blocks_an_erasure(opened: Callable[..., sealog.Ledger]) -> None:
    with opened() as ledger:
        reference = ledger.subject_ref("Ada Lovelace")
        ledger.holds.place(f"subject:{reference}", by="counsel", reason="claim 7", hold_id="claim-7")
        with pytest.raises(sealog.RefusedError, match="claim-7") as refused:
            ledger.erase("Ada Lovelace", by="officer-1")
        assert refused.value.code == "legal_hold"
        ledger.holds.release("claim-7", by="counsel", reason="over")
        assert ledger.erase("Ada Lovelace", by="officer-1").tokens == 1
        holds_up(ledger)


def test_a_hold_has_an_end(ledger: sealog.Ledger) -> None:
    note(ledger, 1)
    at_once(ledger)
    day = datetime.now(timezone.utc) + timedelta(days=1)
    held = ledger.holds.place("all", by="counsel", reason="audit", until=day)
    assert held.released_at is not None and held.released_at.startswith(day.strftime("%Y-%m-%dT%H:%M:%S"))
    text = ledger.holds.place(f"class:{SHORT}", by="counsel", reason="audit", until="2999-01-01T00:00:00Z")
    assert (text.hold_id, text.released_at) == ("H002", "2999-01-01T00:00:00.000000Z")
    assert [hold.hold_id for hold in ledger.holds.list()] == ["H001", "H002"]
    assert ledger.retention.due(SHORT).entries == 0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"scope": "everything"}, "it is none of all, tenant:ID"),
        ({"scope": "entries:3-2"}, "it is none of all, tenant:ID"),
        ({"reason": ""}, "reason of the hold"),
        ({"until": datetime(2020, 1, 1, tzinfo=timezone.utc)}, "it is not after"),
        ({"hold_id": "H001"}, "there is a hold H001 already"),
    ],
)
def test_a_hold_that_is_refused(ledger: sealog.Ledger, asked: dict[str, Any], said: str) -> None:
    ledger.holds.place("all", by="counsel", reason="audit")
    with pytest.raises(sealog.FormatError, match=said) as refused:
        ledger.holds.place(**{"scope": "all", "by": "counsel", "reason": "audit", **asked})
    assert refused.value.code == "argument"
    assert len(ledger.holds.list(ended=True)) == 1


def test_a_time_without_its_zone_is_refused(ledger: sealog.Ledger) -> None:
    for until in (datetime(2999, 1, 1), "2999-01-01"):
        with pytest.raises(sealog.FormatError, match="aware datetime"):
            ledger.holds.place("all", by="counsel", reason="audit", until=until)
    assert ledger.holds.list(ended=True) == []


def test_a_release_that_is_refused(ledger: sealog.Ledger) -> None:
    ledger.holds.place("all", by="counsel", reason="audit")
    for hold_id, reason in (("H002", "over"), ("H001", " ")):
        with pytest.raises(sealog.FormatError) as refused:
            ledger.holds.release(hold_id, by="counsel", reason=reason)
        assert refused.value.code == "argument"
    ledger.holds.release("H001", by="counsel", reason="over")
    with pytest.raises(sealog.FormatError, match="no hold H001 is in force"):
        ledger.holds.release("H001", by="counsel", reason="over")


def test_a_ledger_that_is_closed_changes_nothing(opened: Callable[..., sealog.Ledger]) -> None:
    ledger = opened()
    index = note(ledger, 1)
    at_once(ledger)
    ledger.close()
    for ask in (
        lambda: at_once(ledger),
        lambda: ledger.holds.place("all", by="counsel", reason="audit"),
        lambda: ledger.retention.dispose(SHORT, by="dpo"),
    ):
        with pytest.raises(sealog.RefusedError) as refused:
            ask()
        assert refused.value.code == "closed"
    with opened() as again:
        assert again.entry(index).body == {"text": "note number 1"}
        assert again.holds.list(ended=True) == []
        holds_up(again)
