"""Weaknesses of the predecessors that show in Python (docs/predecessors.md): each is rebuilt and has to be caught."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import sealog

from conftest import bodies, only

KIND = "org.example.note"
PROCESSES = 4
THREADS = 8
RECORDS = 4

# What their patterns did not catch, or took for something else.
PERSONAL = [
    "anna@m\u00fcller.example",
    "2001:db8::7334",
    "DE89 3704 0044 0532 0130 00",
    "078-05-1120",
    "030 9018 2525",
    "1234567890123",
]

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def holds(ledger: sealog.Ledger) -> None:
    report = ledger.verify()
    assert (report.exit_code, report.reason) == (0, "holds"), report.to_dict()


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -float("inf")])
def test_a9_a_score_that_is_no_number_reads_back_as_an_error(ledger: sealog.Ledger, score: float) -> None:
    decide = ledger.decision(lambda: "the answer", score=lambda result: score, action="allow")
    assert decide() == "the answer"
    body = only(ledger)
    assert body["score"] is None and body["action"] == "escalate" and body["error"].startswith("score: ")
    for wrong in (score, 2**70, "\ud800"):
        with pytest.raises(sealog.FormatError):
            ledger.append(KIND, {"value": wrong})
    assert bodies(ledger, KIND) == []
    holds(ledger)


def test_a13_a_wrapper_that_cannot_record_leaves_a_gap(ledger: sealog.Ledger) -> None:
    @ledger.decision(members={"legal_effect": "grave"})
    def predict(x: int) -> int:
        return x

    assert [predict(n) for n in range(4)] == [0, 1, 2, 3]
    assert bodies(ledger) == []
    gaps = bodies(ledger, "gap.declared")
    assert sum(gap["count"] for gap in gaps) == 4 and {gap["cause"] for gap in gaps} == {"append_failed"}
    holds(ledger)


def test_a13_streams_and_coroutines_are_recorded(ledger: sealog.Ledger) -> None:
    @ledger.decision
    def stream() -> Iterator[int]:
        yield from range(3)

    @ledger.decision
    async def answer() -> int:
        await asyncio.sleep(0)
        return 7

    @ledger.decision
    async def tokens() -> AsyncIterator[int]:
        for n in range(2):
            yield n

    async def every() -> tuple[int, list[int]]:
        return await answer(), [token async for token in tokens()]

    assert list(stream()) == [0, 1, 2]
    assert asyncio.run(every()) == (7, [0, 1])
    recorded = bodies(ledger)
    assert len(recorded) == 3
    assert all(body["output_digest"].startswith("hmac-sha256:") for body in recorded), recorded
    holds(ledger)


WRITER = f"""
import os, sys, threading, warnings
import sealog
warnings.simplefilter("ignore", DeprecationWarning)
ledger = sealog.open(sys.argv[1], turn_wait=100.0)
def work(who):
    for n in range({RECORDS}):
        ledger.append({KIND!r}, {{"who": who, "n": n}})
def crowd(who):
    threads = [threading.Thread(target=work, args=(f"{{who}}-{{thread}}",)) for thread in range({THREADS})]
    for thread in threads:
        thread.start()
    return threads
threads = crowd("parent")
child = os.fork()
if child == 0:
    try:
        for thread in crowd("child"):
            thread.join()
        ledger.close(timeout=200.0)
        os._exit(0)
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
for thread in threads:
    thread.join()
ledger.close(timeout=200.0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@needs_fork
def test_b4_processes_threads_and_forks_build_one_chain(places: Path) -> None:
    """Four processes of eight threads, each forking while its threads write; the children are crowds of their own."""
    path = places / "a.sealog"
    sealog.open(path).close()
    script = textwrap.dedent(WRITER)
    command = [sys.executable, "-c", script, str(path)]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    for writer in writers:
        _, err = writer.communicate(timeout=240)
        assert writer.returncode == 0, err
    with sealog.open(path, access="read") as reader:
        entries = list(reader.entries())
    assert [entry.index for entry in entries] == list(range(len(entries)))
    told: list[Any] = [(entry.body["who"], entry.body["n"]) for entry in entries if entry.kind == KIND]
    assert len(told) == 2 * PROCESSES * THREADS * RECORDS
    for who in ("parent", "child"):
        for thread in range(THREADS):
            for n in range(RECORDS):
                assert told.count((f"{who}-{thread}", n)) == PROCESSES
    report = sealog.verify(path)
    assert (report.exit_code, report.reason) == (0, "holds"), report.to_dict()
    assert report.to_dict()["runs"] == {"closed_whole": 2 * PROCESSES, "closed_with_holes": 0, "missing": 0, "open": 0}


def test_a8_no_personal_value_of_a_call_stands_in_the_log(places: Path) -> None:
    path = places / "a.sealog"
    with sealog.open(path) as ledger:

        @ledger.decision
        def answer(text: str) -> dict[str, str]:
            return {"echo": text}

        for text in PERSONAL:
            assert answer(text) == {"echo": text}
        recorded = bodies(ledger)
        for body, text in zip(recorded, PERSONAL, strict=True):
            expected = ledger.commitment(body["decision_id"], "input_digest", {"text": text})
            assert body["input_digest"] == expected
    assert sealog.verify(path).exit_code == 0
    log = b"".join(file.read_bytes() for file in path.rglob("*") if file.is_file())
    assert log.count(b'"kind":"decision"') >= len(PERSONAL)
    for text in PERSONAL:
        assert text.encode() not in log


def test_a8_one_input_has_one_encoding_in_every_process() -> None:
    program = f"import sealog; print(sealog.encode(frozenset({PERSONAL!r})).bytes.hex())"
    found = set()
    for seed in range(8):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1 and found != {b""}


def test_a13_coroutines_streams_and_long_inputs_are_recorded_whole(places: Path) -> None:
    path = places / "a.sealog"
    with sealog.open(path) as ledger:

        @ledger.decision
        async def one(text: str) -> int:
            return len(text)

        @ledger.decision
        async def stream(count: int) -> AsyncIterator[int]:
            for n in range(count):
                yield n

        async def use(text: str) -> list[int]:
            assert await one(text) == len(text)
            return [n async for n in stream(3)]

        # Alike in the first 64 KiB and beyond.
        long, other = "x" * 200_000 + "a", "x" * 200_000 + "b"
        assert asyncio.run(use(long)) == [0, 1, 2]
        called, streamed = bodies(ledger)
        for text, same in ((long, True), (other, False)):
            expected = ledger.commitment(called["decision_id"], "input_digest", {"text": text})
            assert (called["input_digest"] == expected) is same
        assert streamed["output_digest"] == ledger.commitment(streamed["decision_id"], "output_digest", [0, 1, 2])
    assert sealog.verify(path).exit_code == 0


def test_l10_a_stream_is_passed_on_as_it_comes_and_an_error_of_the_ledger_fails_no_call(places: Path) -> None:
    path = places / "a.sealog"
    made = []
    ledger = sealog.open(path)

    @ledger.decision
    def tokens() -> Iterator[str]:
        for token in ("a", "b", "c"):
            made.append(token)
            yield token

    stream = tokens()
    assert next(stream) == "a" and made == ["a"]
    assert list(stream) == ["b", "c"]
    (body,) = bodies(ledger)
    assert body["output_digest"] == ledger.commitment(body["decision_id"], "output_digest", ["a", "b", "c"])
    ledger.close()
    with pytest.warns(sealog.RecordLostWarning, match="closed"):
        assert list(tokens()) == ["a", "b", "c"]
    assert sealog.verify(path).exit_code == 0
