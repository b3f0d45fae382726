"""Records, receipts, the queue, and how a ledger opens and closes."""

from __future__ import annotations

import asyncio
import datetime
import enum
import gc
import threading
import time
import uuid
import warnings
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import sealog
from conftest import bodies

KIND = "org.example.note"


def note(ledger: sealog.Ledger, **body: Any) -> sealog.Receipt:
    return ledger.append(KIND, body)


# Bodies.


def test_a_body_takes_what_json_has_one_form_for(ledger: sealog.Ledger) -> None:
    class Level(enum.Enum):
        HIGH = "high"

    class Text(str):
        pass

    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    body = {
        "none": None,
        "flag": True,
        "int": -(2**53) + 1,
        "float": 0.1,
        "text": "a€\n",
        "list": [1, [2, {"x": ()}]],
        "enum": Level.HIGH,
        "sub": Text("t"),
        "time": moment,
        "uuid": uuid.UUID(int=5),
        "path": Path("a/b"),
        "numpy": [np.float32(0.5), np.int64(3), np.bool_(True)],
        "mapping": MappingProxyType({"a": 1}),
    }
    receipt = ledger.append(KIND, body)
    assert ledger.entry(receipt.index).body == {
        "none": None,
        "flag": True,
        "int": -(2**53) + 1,
        "float": 0.1,
        "text": "a€\n",
        "list": [1, [2, {"x": []}]],
        "enum": "high",
        "sub": "t",
        "time": "2026-01-02T01:04:05.000000Z",
        "uuid": str(uuid.UUID(int=5)),
        "path": "a/b",
        "numpy": [0.5, 3, True],
        "mapping": {"a": 1},
    }


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"a": float("nan")}, "body/a: not a finite number"),
        ({"a": [0, float("inf")]}, "body/a/1: not a finite number"),
        ({"a": 2**53}, "body/a: an integer beyond"),
        ({"a": {"b": 2.0**53}}, "body/a/b: an integer beyond"),
        ({"a": b"x"}, "body/a: bytes has no form in a body"),
        ({"a": {1, 2}}, "body/a: set has no form"),
        ({"a": datetime.datetime(2026, 1, 1)}, "body/a: datetime.datetime has no form"),
        ({"a": np.zeros(1)}, "body/a: numpy.ndarray has no form"),
        ({1: "a"}, "body: a key is not a string"),
        ({"a": {None: 1}}, "body/a: a key is not a string"),
        ({"a": "\ud800"}, "body/a: a string holds a lone surrogate"),
        ([1], "body: a mapping is needed"),
        (3, "body: a mapping is needed"),
    ],
)
def test_what_no_body_can_hold_is_refused_with_its_place(ledger: sealog.Ledger, body: Any, where: str) -> None:
    with pytest.raises(sealog.FormatError, match=where):
        ledger.append(KIND, body)
    with pytest.raises(ValueError):
        ledger.enqueue(KIND, body)
    assert ledger.size == 1


def test_a_body_nested_without_end_is_refused(ledger: sealog.Ledger) -> None:
    endless: dict[str, Any] = {}
    endless["a"] = endless
    with pytest.raises(sealog.FormatError, match="nested too deeply"):
        ledger.append(KIND, endless)


def test_a_body_is_taken_when_it_is_given(ledger: sealog.Ledger) -> None:
    body = {"a": [1]}
    record = sealog.Record(KIND, body)
    ledger.enqueue(KIND, body)
    body["a"].append(2)
    ledger.append(record)
    assert bodies(ledger, KIND) == [{"a": [1]}, {"a": [1]}]


# Three outcomes.


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        ("decision", {"decision_id": "d", "model_state": "hosted", "wrong": 1}, sealog.FormatError),
        ("decision", {"decision_id": "d"}, sealog.FormatError),
        ("no.such", {}, sealog.FormatError),
        ("epoch.sealed", {}, sealog.FormatError),
        (KIND, {"a": "x" * 60_000}, sealog.FormatError),
    ],
)
def test_what_is_refused_is_certainly_not_in_the_log(
    ledger: sealog.Ledger, kind: str, body: Any, error: type[sealog.SealogError]
) -> None:
    note(ledger)
    size = ledger.size
    with pytest.raises((error, sealog.RefusedError)) as refused:
        ledger.append(kind, body)
    assert refused.value.code
    assert ledger.size == size
    # The number that the refused record took is not lost: the next takes it.
    before = ledger.entry(size - 1).record["producer_seq"]
    assert ledger.entry(note(ledger).index).record["producer_seq"] == before + 1


def test_a_retry_gives_the_first_receipt(ledger: sealog.Ledger) -> None:
    first = note(ledger, a=1)
    again = ledger.append(KIND, {"a": 1}, record_id=first.record_id)
    assert again.is_repeat and not first.is_repeat and again.index == first.index
    with pytest.raises(sealog.RefusedError) as refused:
        ledger.append(KIND, {"a": 2}, record_id=first.record_id)
    assert refused.value.code == "id_taken"


def test_the_exceptions_mirror_the_kinds() -> None:
    assert issubclass(sealog.FormatError, (ValueError, sealog.SealogError))
    assert issubclass(sealog.OutcomeUnknownError, OSError)
    unknown = sealog.OutcomeUnknownError("x", record_ids=["a", "b"])
    assert (unknown.record_id, unknown.record_ids, unknown.code) == ("a", ("a", "b"), "outcome_unknown")
    assert sealog.OutcomeUnknownError().record_id == ""


# Fields of a record.


def test_every_field_of_a_record(ledger: sealog.Ledger) -> None:
    first = note(ledger)
    moment = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
    receipt = ledger.append(
        KIND,
        {"a": 1},
        stream="s",
        tenant="t",
        system="y",
        occurred_at=moment,
        retention_class="short",
        capture_mode="manual",
        corrects=(first.index, ledger.entry(first.index).leaf),
        commit={"secret": ["x"]},
        payloads=[("note", "text/plain", b"hello")],
    )
    record = ledger.entry(receipt.index).record
    assert [record[name] for name in ("stream_id", "tenant_id", "system_id", "retention_class", "capture_mode")] == [
        "s",
        "t",
        "y",
        "short",
        "manual",
    ]
    assert record["occurred_at"] == "2025-01-01T00:00:00.000000Z"
    assert record["corrects"]["index"] == first.index
    assert record["payloads"][0]["name"] == "note"
    assert record["body"]["secret"] == ledger.commitment(receipt.record_id, "secret", ["x"], tenant="t")


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("occurred_at", datetime.datetime(2026, 1, 1), sealog.FormatError),
        ("occurred_at", "yesterday", sealog.FormatError),
        ("capture_mode", "guessed", sealog.FormatError),
        ("corrects", (0, "xyz"), sealog.FormatError),
        ("record_id", "not-a-uuid", sealog.FormatError),
        ("tenant", "not an id", sealog.FormatError),
        ("payloads", [("a", "b")], (TypeError, ValueError)),
        ("unheard", 1, TypeError),
    ],
)
def test_fields_that_are_refused(ledger: sealog.Ledger, field: str, value: Any, error: Any) -> None:
    with pytest.raises(error):
        ledger.append(KIND, {}, **{field: value})
    assert bodies(ledger, KIND) == []


def test_a_record_is_complete(ledger: sealog.Ledger) -> None:
    record = sealog.Record(KIND, {})
    assert (record.kind, record.record_id) == (KIND, None)
    for call in (ledger.append, ledger.enqueue):
        with pytest.raises(TypeError):
            call(record, {})
        with pytest.raises(TypeError):
            call(record, system="a")
        with pytest.raises(TypeError):
            call(KIND)
        with pytest.raises(TypeError):
            call(3, {})


def test_defaults_of_the_ledger() -> None:
    with sealog.memory(system="credit", tenant="bank") as ledger:
        own = ledger.entry(ledger.append(KIND, {}).index).record
        other = ledger.entry(ledger.append(KIND, {}, system="x", tenant="y").index).record
        assert (own["system_id"], own["tenant_id"], own["stream_id"]) == ("credit", "bank", "credit")
        assert (other["system_id"], other["tenant_id"]) == ("x", "y")
        decision = ledger.entry(ledger.decision(lambda: 1).audited()[1].index)
        assert decision.body["system_id"] == decision.record["system_id"] == "credit"


# Groups and threads.


def test_append_many_is_one_group(ledger: sealog.Ledger) -> None:
    receipts = ledger.append_many(sealog.Record(KIND, {"n": n}) for n in range(10))
    assert [receipt.index for receipt in receipts] == list(range(2, 12))
    assert len({receipt.checkpoint for receipt in receipts}) == 1
    before = ledger.size
    with pytest.raises(sealog.FormatError):
        ledger.append_many([sealog.Record(KIND, {}), sealog.Record("decision", {})])
    with pytest.raises(sealog.FormatError, match="empty"):
        ledger.append_many([])
    assert ledger.size == before


def test_record_and_aappend(ledger: sealog.Ledger) -> None:
    assert ledger.record(KIND, {"a": 1}).index == 2

    async def many() -> list[sealog.Receipt]:
        return await asyncio.gather(*(ledger.aappend(KIND, {"n": n}) for n in range(5)))

    assert sorted(receipt.index for receipt in asyncio.run(many())) == list(range(3, 8))
    with pytest.raises(TypeError):
        asyncio.run(ledger.aappend(KIND))


def test_threads_share_a_ledger(ledger: sealog.Ledger) -> None:
    receipts: list[sealog.Receipt] = []

    def work(name: int) -> None:
        for n in range(20):
            receipts.append(note(ledger, thread=name, n=n))
            ledger.enqueue(KIND, {"thread": name, "n": 100 + n})

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = bodies(ledger, KIND)
    assert len(written) == 320 and len({receipt.index for receipt in receipts}) == 160
    for name in range(8):
        queued = [body["n"] for body in written if body["thread"] == name and body["n"] >= 100]
        assert queued == sorted(queued)
    numbers = [entry.record["producer_seq"] for entry in ledger.entries(1)]
    assert sorted(numbers) == list(range(len(numbers)))


# The queue.


def test_enqueue_gives_the_id_and_flush_waits(ledger: sealog.Ledger) -> None:
    ids = [ledger.enqueue(KIND, {"n": n}) for n in range(1000)]
    state = ledger.flush(timeout=30)
    assert (state.waiting, state.appended, state.lost, state.gaps, state.last_error) == (0, 1000, 0, 0, None)
    assert [entry.record["record_id"] for entry in ledger.entries(2)] == ids


def test_what_the_log_refuses_becomes_a_gap_only_where_that_is_asked(ledger: sealog.Ledger) -> None:
    note(ledger, n=0)
    bad = {"decision_id": "d"}
    with pytest.raises(ValueError):
        ledger.append("decision", bad)
    with pytest.warns(sealog.RecordLostWarning):
        assert ledger.append("decision", bad, on_error="record_gap") is None
    with pytest.raises(ValueError, match="on_error"):
        ledger.append(KIND, {}, on_error="ignore")  # type: ignore[call-overload]
    ledger.flush()
    assert [gap["cause"] for gap in bodies(ledger, "gap.declared")] == ["append_failed"]


def test_one_bad_record_does_not_cost_the_others(ledger: sealog.Ledger) -> None:
    for n in range(50):
        ledger.enqueue("decision" if n in (7, 30) else KIND, {"n": n})
    state = ledger.flush(timeout=30)
    assert (state.appended, state.lost, state.gaps) == (48, 2, 2)
    assert [body["n"] for body in bodies(ledger, KIND)] == [n for n in range(50) if n not in (7, 30)]
    assert sorted(gap["first_seq"] for gap in bodies(ledger, "gap.declared")) == [8, 31]


def test_a_failure_is_raised_by_flush_where_it_was_asked_for(ledger: sealog.Ledger) -> None:
    ledger.enqueue("decision", {"wrong": 1}, on_error="raise")
    with pytest.raises(sealog.FormatError):
        ledger.flush(timeout=30)
    ledger.flush(timeout=30)
    assert len(bodies(ledger, "gap.declared")) == 1
    with pytest.raises(ValueError):
        ledger.enqueue(KIND, {}, on_error="ignore")


def stuck(directory: Path, **options: Any) -> sealog.Ledger:
    """A ledger whose log is locked by another handle, so that its worker waits."""
    ledger = sealog.open(directory / "stuck.sealog", queue_records=4, turn_wait=60.0, **options)
    ledger.append(KIND, {})
    return ledger


class Locked:
    """Holds the lock of a ledger's log, as another process that writes would."""

    def __init__(self, ledger: sealog.Ledger) -> None:
        assert ledger.path is not None
        self.files = sorted((ledger.path / "log").glob("LOCK*"))

    def __enter__(self) -> None:
        import fcntl

        self.open = [path.open("rb") for path in self.files]
        for file in self.open:
            fcntl.flock(file, fcntl.LOCK_EX)

    def __exit__(self, *error: object) -> None:
        for file in self.open:
            file.close()


def fill(ledger: sealog.Ledger) -> None:
    """Queues until there is no room: the worker holds one batch, four wait."""
    ledger.enqueue(KIND, {"n": 0})
    time.sleep(0.2)
    for n in range(4):
        ledger.enqueue(KIND, {"n": n + 1}, full="fail")


def test_an_append_that_fails_raises_or_becomes_a_gap(places: Path) -> None:
    ledger = sealog.open(places / "a.sealog", turn_wait=0.2)
    record = sealog.Record(KIND, {"n": 1})
    before = ledger.append(record).index
    with Locked(ledger):
        with pytest.raises(sealog.RefusedError) as caught:
            ledger.append(record)
        assert caught.value.code == "busy"
        with pytest.warns(sealog.RecordLostWarning, match="not appended"):
            assert ledger.append(record, on_error="record_gap") is None
        with pytest.warns(sealog.RecordLostWarning):
            assert ledger.record(KIND, {"n": 2}, on_error="record_gap") is None

        async def later() -> sealog.Receipt | None:
            return await ledger.aappend(KIND, {"n": 3}, on_error="record_gap")

        with pytest.warns(sealog.RecordLostWarning):
            assert asyncio.run(later()) is None
    assert ledger.append(record, on_error="record_gap") is not None
    ledger.flush()
    gaps = [entry.body for entry in ledger.entries(before) if entry.kind == "gap.declared"]
    numbers = [n for gap in gaps for n in range(gap["first_seq"], gap["last_seq"] + 1)]
    assert len(numbers) == 3 and {gap["cause"] for gap in gaps} == {"append_failed"}
    ledger.close()
    report = sealog.verify(places / "a.sealog")
    assert (report.exit_code, report.to_dict()["gaps_declared"]) == (0, len(gaps))


def test_a_full_queue_can_refuse(places: Path) -> None:
    with stuck(places, full="fail") as ledger:
        with Locked(ledger):
            fill(ledger)
            with pytest.raises(sealog.RefusedError, match="full") as refused:
                ledger.enqueue(KIND, {"n": 9})
            assert refused.value.code == "queue_full"
        ledger.flush(timeout=30)
        assert [body.get("n") for body in bodies(ledger, KIND)] == [None, 0, 1, 2, 3, 4]
        # The refused record's number went to the next: nothing is missing.
        assert bodies(ledger, "gap.declared") == []


def test_a_full_queue_can_declare_a_gap(places: Path) -> None:
    with stuck(places, full="gap") as ledger:
        with Locked(ledger):
            fill(ledger)
            for n in range(3):
                ledger.enqueue(KIND, {"n": 10 + n})
            assert ledger.queue.lost == 3
        ledger.flush(timeout=30)
        (gap,) = bodies(ledger, "gap.declared")
        assert (gap["first_seq"], gap["last_seq"], gap["count"], gap["cause"]) == (7, 9, 3, "queue_full")


def test_a_full_queue_can_block_until_the_deadline(places: Path) -> None:
    with stuck(places, full="block", queue_wait=0.3) as ledger:
        with Locked(ledger):
            fill(ledger)
            begun = time.monotonic()
            with pytest.raises(sealog.RefusedError, match="full"):
                ledger.enqueue(KIND, {"n": 9})
            assert time.monotonic() - begun >= 0.3
            with pytest.raises(TimeoutError):
                ledger.flush(timeout=0.05)
            release = threading.Timer(0.1, lambda: None)
            release.start()
        ledger.enqueue(KIND, {"n": 10})
        ledger.flush(timeout=30)
        assert [body.get("n") for body in bodies(ledger, KIND)] == [None, 0, 1, 2, 3, 4, 10]
    with pytest.raises(ValueError):
        sealog.memory(full="spill")


def test_a_coroutine_does_not_hold_up_the_loop_while_the_queue_is_full(places: Path) -> None:
    with stuck(places) as ledger:

        @ledger.decision
        async def decide() -> int:
            return 1

        async def use(locked: Locked) -> tuple[int, int]:
            ticks = 0
            locked.__enter__()
            fill(ledger)
            task = asyncio.ensure_future(decide())
            while ticks < 20:
                await asyncio.sleep(0.01)
                ticks += 1
            assert not task.done()
            locked.__exit__()
            return await task, ticks

        assert asyncio.run(use(Locked(ledger))) == (1, 20)
        assert len(bodies(ledger)) == 1


# Opening and closing.


def test_a_ledger_on_disk_goes_on(places: Path) -> None:
    path = places / "my.sealog"
    with sealog.open(path, operator="Bank", purpose="credit scoring", reason="pilot") as ledger:
        origin, vkey, run = ledger.origin, ledger.vkey, ledger.run
        assert ledger.path == path and len(ledger.fingerprint) == 64
        note(ledger, a=1)
        created = ledger.entry(0).body
        assert (created["operator"], created["purpose"]) == ("Bank", "credit scoring")
    with sealog.open(path, create=False) as ledger:
        assert (ledger.origin, ledger.vkey) == (origin, vkey) and ledger.run != run
        note(ledger, a=2)
        assert [body["a"] for body in bodies(ledger, KIND)] == [1, 2]
    with sealog.open(path, access="read") as reader:
        states = [body["state"] for body in bodies(reader, "log.state")]
        assert states == ["started", "stopped", "started", "stopped"]
        with pytest.raises(sealog.RefusedError) as refused:
            note(reader)
        assert refused.value.code == "read_only"


def test_the_closing_record_counts(places: Path) -> None:
    with sealog.open(places / "a.sealog") as ledger:
        note(ledger)
        ledger.enqueue(KIND, {})
        path = ledger.path
    assert path is not None
    with sealog.open(path, access="read") as reader:
        stopped = bodies(reader, "log.state")[-1]
        assert (stopped["state"], stopped["count"]) == ("stopped", 4)


def test_a_number_that_nobody_used_is_said_to_be_unused(places: Path) -> None:
    with sealog.open(places / "a.sealog") as ledger:
        receipt = note(ledger)
        assert ledger.append(KIND, {}, record_id=receipt.record_id).is_repeat
    with sealog.open(places / "a.sealog", access="read") as reader:
        (gap,) = bodies(reader, "gap.declared")
        assert (gap["first_seq"], gap["last_seq"], gap["cause"]) == (2, 2, "sealog.unused")
    assert sealog.verify(places / "a.sealog").exit_code == 0


def test_a_ledger_that_recorded_nothing_leaves_no_run() -> None:
    ledger = sealog.memory()
    ledger.close()
    ledger.close()
    with pytest.raises(sealog.RefusedError):
        ledger.enqueue(KIND, {})


@pytest.mark.parametrize("name", ["missing.sealog", "deep/missing.sealog"])
def test_what_is_not_there_is_not_made_unless_asked(places: Path, name: str) -> None:
    with pytest.raises((OSError, sealog.SealogError)):
        sealog.open(places / name, create=False)
    assert list(places.iterdir()) == []


def test_a_directory_that_is_no_ledger(places: Path) -> None:
    (places / "other.txt").write_text("mine")
    with pytest.raises((sealog.SealogError, OSError)) as refused:
        sealog.open(places)
    assert getattr(refused.value, "code", None) == "not_a_ledger"
    assert [path.name for path in places.iterdir()] == ["other.txt"]


def test_a_ledger_that_vanished_is_not_made_anew(places: Path) -> None:
    import shutil

    path = places / "gone.sealog"
    sealog.open(path).close()
    shutil.rmtree(path)
    with pytest.raises(sealog.RefusedError) as refused:
        sealog.open(path)
    assert refused.value.code == "vanished"


def test_a_missing_key_is_refused(places: Path) -> None:
    import shutil

    path = places / "a.sealog"
    sealog.open(path).close()
    shutil.rmtree(places / "a.sealog.secrets")
    with pytest.raises(sealog.RefusedError) as refused:
        sealog.open(path)
    assert refused.value.code == "key_missing"


def test_a_missing_head_copy_is_recorded_or_refused(places: Path) -> None:
    path = places / "a.sealog"
    with sealog.open(path, state_dir=places / "one") as ledger:
        note(ledger, n=1)
        before = ledger.size
    with pytest.raises(sealog.RefusedError, match="no head copy"):
        sealog.open(path, state_dir=places / "two", head_copy="require")
    with sealog.open(path, state_dir=places / "two", head_copy="require", access="read") as reading:
        assert reading.size > before  # The closing record of the run; reading needs no head copy.
        end = reading.size
    with sealog.open(path, state_dir=places / "two") as ledger:
        note(ledger, n=2)
        (said, *_) = ledger.entries(end)
        assert said.kind == "log.state" and said.body["state"] == "degraded"
        assert "head copy" in said.body["reason"]
        assert ledger.verify().exit_code == 0


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="head_copy"):
        sealog.open("x.sealog", head_copy="sometimes")
    with pytest.raises(ValueError, match="seconds"):
        sealog.open("x.sealog", turn_wait=-1.0)
    with pytest.raises(TypeError):
        sealog.open("x.sealog", wrong=1)
    assert not Path("x.sealog").exists()


def test_a_ledger_that_is_dropped_says_so_and_closes(places: Path) -> None:
    ledger = sealog.open(places / "a.sealog")
    ledger.enqueue(KIND, {})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del ledger
        gc.collect()
    assert [warning.category for warning in caught] == [ResourceWarning]
    with sealog.open(places / "a.sealog", access="read") as reader:
        assert [body["state"] for body in bodies(reader, "log.state")] == ["started", "stopped"]
        assert len(bodies(reader, KIND)) == 1


def test_entries_are_read_in_ranges(ledger: sealog.Ledger) -> None:
    for n in range(600):
        ledger.enqueue(KIND, {"n": n})
    ledger.flush()
    assert [entry.index for entry in ledger.entries()] == list(range(602))
    assert [entry.index for entry in ledger.entries(5, 8)] == [5, 6, 7]
    assert list(ledger.entries(9000)) == []
    entry = ledger.entry(5)
    assert entry.log["index"] == 5 and entry.kind == KIND and entry.record["kind"] == KIND
    with pytest.raises(sealog.RefusedError, match="no entry 602"):
        ledger.entry(602)
    abandoned = ledger.entries()
    assert next(abandoned).index == 0
    del abandoned


def test_a_receipt_of_an_older_entry(ledger: sealog.Ledger) -> None:
    first = note(ledger, a=1)
    note(ledger, a=2)
    later = ledger.receipt(first.index)
    assert (later.index, later.record_id, later.entry) == (first.index, first.record_id, first.entry)
    assert later.checkpoint == ledger.checkpoint() != first.checkpoint
    assert bytes(later) == later.bytes


def test_the_pytest_fixture(sealog_ledger: sealog.Ledger) -> None:
    assert sealog_ledger.path is None and note(sealog_ledger).index == 2
