"""Processes: forks, exits, signals. Each test runs scripts of its own and looks at what the log then holds."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

import sealog

KIND = "org.example.note"

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

PRELUDE = """
import os, signal, sys, threading, time, warnings
import sealog
KIND = "org.example.note"
PATH = sys.argv[1]
"""


def start(places: Path, script: str, name: str = "a.sealog") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error::ResourceWarning", "-c", PRELUDE + textwrap.dedent(script), str(places / name)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(places: Path, script: str, *, status: int = 0) -> str:
    """Runs a script to its end and gives back what it printed."""
    process = start(places, script)
    out, err = process.communicate(timeout=120)
    assert process.returncode == status, err
    return out


def entries(places: Path, name: str = "a.sealog") -> list[sealog.Entry]:
    with sealog.open(places / name, access="read") as reader:
        return list(reader.entries())


def verified(places: Path, name: str = "a.sealog") -> dict[str, Any]:
    report = sealog.verify(places / name)
    assert report.exit_code == 0, report.to_dict()
    told: dict[str, Any] = report.to_dict()
    return told


def notes(places: Path) -> list[dict[str, Any]]:
    return [entry.body for entry in entries(places) if entry.kind == KIND]


def test_the_end_of_the_interpreter_flushes_and_closes_the_run(places: Path) -> None:
    run(
        places,
        """
        ledger = sealog.open(PATH)
        for n in range(2000):
            ledger.enqueue(KIND, {"n": n})
        """,
    )
    assert [body["n"] for body in notes(places)] == list(range(2000))
    assert verified(places)["runs"] == {"closed_whole": 1, "closed_with_holes": 0, "missing": 0, "open": 0}


def test_an_unhandled_error_still_closes_the_run(places: Path) -> None:
    run(places, 'sealog.open(PATH).enqueue(KIND, {}); ledger = sealog.open(PATH)\nledger.enqueue(KIND, {}); 1 / 0', status=1)
    assert len(notes(places)) == 2
    assert verified(places)["runs"]["open"] == 0


@pytest.mark.parametrize("queued", [0, 1])
def test_the_end_does_not_wait_longer_than_its_deadline(places: Path, queued: int) -> None:
    """Another process holds the log's lock: nothing can be written, and the run stays open."""
    import fcntl

    process = start(
        places,
        f"""
        import sealog._ledger
        sealog._ledger.EXIT_SECONDS = 1.0
        ledger = sealog.open(PATH, turn_wait=60.0)
        ledger.append(KIND, {{}})
        print("open", flush=True)
        sys.stdin.readline()
        for n in range({queued}):
            ledger.enqueue(KIND, {{"n": n}})
        """,
    )
    assert process.stdout is not None and process.stdout.readline() == "open\n"
    locks = [open(path, "rb") for path in (places / "a.sealog" / "log").glob("LOCK*")]
    for lock in locks:
        fcntl.flock(lock, fcntl.LOCK_EX)
    begun = time.monotonic()
    try:
        _, err = process.communicate("go\n", timeout=30)
    finally:
        for lock in locks:
            lock.close()
        process.kill()
    assert 1.0 <= time.monotonic() - begun < 20 and process.returncode == 0
    assert "failed" in err
    assert len(notes(places)) == 1 and verified(places)["runs"]["open"] == 1


def test_an_exit_without_ceremony_leaves_an_open_run(places: Path) -> None:
    run(
        places,
        """
        ledger = sealog.open(PATH)
        ledger.append(KIND, {"n": 1})
        print(ledger.append(KIND, {"n": 2}).index)
        os._exit(0)
        """,
    )
    assert [body["n"] for body in notes(places)] == [1, 2]
    assert verified(places)["runs"]["open"] == 1


def test_signal_handlers_are_left_alone(places: Path) -> None:
    out = run(
        places,
        """
        before = {s: signal.getsignal(s) for s in signal.valid_signals()}
        ledger = sealog.open(PATH)
        ledger.enqueue(KIND, {})
        ledger.flush()
        print(before == {s: signal.getsignal(s) for s in signal.valid_signals()})
        print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
        """,
    )
    assert out == "True\nTrue\n"


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_process_leaves_what_it_acknowledged_and_an_open_run(places: Path, sent: signal.Signals) -> None:
    process = start(
        places,
        """
        ledger = sealog.open(PATH)
        while True:
            receipt = ledger.append(KIND, {})
            sys.stdout.write(receipt.record_id + "\\n")
            sys.stdout.flush()
        """,
    )
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(20)]
    process.send_signal(sent)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == -sent
    acknowledged += re.findall(r"^[0-9a-f-]{36}$", out, re.M)
    # The next writer recovers; a reader alone sees what it can.
    sealog.open(places / "a.sealog").close()
    found = {entry.record["record_id"] for entry in entries(places)}
    assert set(acknowledged) <= found
    assert verified(places)["runs"]["open"] == 1


def test_a_handler_of_the_host_flushes_on_sigterm(places: Path) -> None:
    process = start(
        places,
        """
        ledger = sealog.open(PATH)
        def stop(number, frame):
            sys.exit(0)
        signal.signal(signal.SIGTERM, stop)
        ledger.enqueue(KIND, {})
        print("up", flush=True)
        time.sleep(60)
        """,
    )
    assert process.stdout is not None and process.stdout.readline() == "up\n"
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0 and len(notes(places)) == 1
    assert verified(places)["runs"]["closed_whole"] == 1


def test_an_interrupt_ends_a_wait(places: Path) -> None:
    import fcntl

    run(places, "sealog.open(PATH).append(KIND, {})")
    process = start(
        places,
        """
        # A job that a shell runs in the background ignores SIGINT, and what it starts inherits that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        import sealog._ledger
        sealog._ledger.EXIT_SECONDS = 0.5
        ledger = sealog.open(PATH, turn_wait=60.0)
        ledger.append(KIND, {})
        print("up", flush=True)
        sys.stdin.readline()
        ledger.enqueue(KIND, {})
        try:
            print("waiting", flush=True)
            ledger.flush()
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        """,
    )
    assert process.stdout is not None and process.stdin is not None
    with contextlib.ExitStack() as locks:
        assert process.stdout.readline() == "up\n"
        for path in (places / "a.sealog" / "log").glob("LOCK*"):
            fcntl.flock(locks.enter_context(open(path, "rb")), fcntl.LOCK_EX)
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
    process.communicate(timeout=120)


# Forks.


@needs_fork
def test_a_forked_child_begins_a_run_of_its_own(places: Path) -> None:
    run(
        places,
        """
        ledger = sealog.open(PATH)
        ledger.enqueue(KIND, {"who": "parent", "n": 0})
        ledger.flush()
        pid = os.fork()
        if pid == 0:
            ledger.enqueue(KIND, {"who": "child", "n": 1})
            ledger.append(KIND, {"who": "child", "n": 2})
            sys.exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        ledger.enqueue(KIND, {"who": "parent", "n": 3})
        """,
    )
    runs: dict[str, set[str]] = {}
    for entry in entries(places):
        if entry.kind == KIND:
            runs.setdefault(entry.body["who"], set()).add(entry.record["producer_run"])
    assert len(runs["parent"]) == len(runs["child"]) == 1 and runs["parent"] != runs["child"]
    assert sorted(body["n"] for body in notes(places)) == [0, 1, 2, 3]
    assert verified(places)["runs"] == {"closed_whole": 2, "closed_with_holes": 0, "missing": 0, "open": 0}


@needs_fork
def test_forks_under_load_lose_nothing(places: Path) -> None:
    """Threads append and queue while the process forks again and again; children record and end."""
    run(
        places,
        """
        warnings.simplefilter("ignore", DeprecationWarning)
        ledger = sealog.open(PATH)
        ending = threading.Event()
        counts = [0] * 4
        def work(name):
            while not ending.is_set():
                ledger.enqueue(KIND, {"who": name, "n": counts[name]})
                if counts[name] % 7 == 0:
                    ledger.append(KIND, {"who": 100 + name, "n": counts[name]})
                counts[name] += 1
                time.sleep(0.001)
        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        children = []
        for child in range(8):
            time.sleep(0.02)
            pid = os.fork()
            if pid == 0:
                try:
                    for n in range(5):
                        ledger.enqueue(KIND, {"who": 1000 + child, "n": n})
                    ledger.append(KIND, {"who": 1000 + child, "n": 5})
                    ledger.close()
                    os._exit(0)
                except BaseException as error:
                    print(repr(error), file=sys.stderr, flush=True)
                    os._exit(1)
            children.append(pid)
        statuses = [os.waitpid(pid, 0)[1] for pid in children]
        ending.set()
        for thread in threads:
            thread.join()
        ledger.close()
        assert statuses == [0] * 8, statuses
        print(*counts)
        """,
    )
    told = verified(places)
    assert told["runs"] == {"closed_whole": 9, "closed_with_holes": 0, "missing": 0, "open": 0}
    found: dict[int, list[int]] = {}
    for body in notes(places):
        found.setdefault(body["who"], []).append(body["n"])
    for child in range(8):
        assert sorted(found[1000 + child]) == list(range(6))
    for name in range(4):
        assert found[name] == list(range(len(found[name]))) and found[name]


@needs_fork
def test_a_child_of_a_child_and_one_that_records_nothing(places: Path) -> None:
    run(
        places,
        """
        ledger = sealog.open(PATH)
        ledger.append(KIND, {"n": 0})
        if os.fork() == 0:
            if os.fork() == 0:
                ledger.append(KIND, {"n": 2})
                sys.exit(0)
            assert os.wait()[1] == 0
            sys.exit(0)
        assert os.wait()[1] == 0
        """,
    )
    assert [body["n"] for body in notes(places)] == [0, 2]
    assert verified(places)["runs"]["closed_whole"] == 2


@needs_fork
def test_a_call_that_crosses_a_fork_is_one_record_in_each_process(places: Path) -> None:
    run(
        places,
        """
        ledger = sealog.open(PATH)
        @ledger.decision
        def decide():
            return os.fork()
        pid = decide()
        if pid:
            assert os.waitpid(pid, 0)[1] == 0
        """,
    )
    decisions = [entry.record for entry in entries(places) if entry.kind == "decision"]
    assert len({record["producer_run"] for record in decisions}) == 2
    assert len({record["record_id"] for record in decisions}) == 2
    assert verified(places)["runs"]["closed_whole"] == 2


@needs_fork
def test_a_child_does_not_keep_the_lock_of_a_parent_that_dies(places: Path) -> None:
    """Descriptors of the log point elsewhere in a child, so no lock of the parent's can live on in it."""
    out = run(
        places,
        """
        ledger = sealog.open(PATH)
        ledger.append(KIND, {})
        def inside():
            found = set()
            for number in os.listdir("/proc/self/fd"):
                try:
                    target = os.readlink("/proc/self/fd/" + number)
                except OSError:
                    continue
                if target.startswith(os.path.realpath(PATH) + "/log"):
                    found.add(target)
            return found
        assert inside(), "the parent has files open"
        if os.fork() == 0:
            print(inside(), flush=True)
            os._exit(0)
        os.wait()
        """,
    )
    assert out == "set()\n"


@needs_fork
def test_a_ledger_in_memory_belongs_to_its_process(places: Path) -> None:
    run(
        places,
        """
        ledger = sealog.memory()
        decide = ledger.decision(lambda: 5)
        if os.fork() == 0:
            try:
                ledger.append(KIND, {})
            except sealog.RefusedError as error:
                assert error.code == "forked"
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                assert decide() == 5
            assert caught[0].category is sealog.RecordLostWarning
            os._exit(0)
        assert os.wait()[1] == 0
        """,
    )


@needs_fork
def test_multiprocessing_workers(places: Path) -> None:
    run(
        places,
        """
        import multiprocessing
        ledger = sealog.open(PATH)
        @ledger.decision(score="result")
        def decide(x):
            return x / 10
        if __name__ == "__main__":
            with multiprocessing.get_context("fork").Pool(3) as pool:
                assert pool.map(decide, range(30), chunksize=1) == [n / 10 for n in range(30)]
                pool.close()
                pool.join()
        """,
    )
    scores = sorted(entry.body["score"] for entry in entries(places) if entry.kind == "decision")
    # Workers end without running exit handlers: what they queued last may be missing, and then their runs are open.
    told = verified(places)
    assert set(scores) <= {n / 10 for n in range(30)}
    assert len(scores) == 30 or told["runs"]["open"] > 0


def test_several_processes_share_a_ledger(places: Path) -> None:
    run(places, "sealog.open(PATH).close()")
    processes = [
        start(
            places,
            """
            ledger = sealog.open(PATH)
            def work(name):
                for n in range(10):
                    ledger.append(KIND, {"n": n})
            threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            """,
        )
        for _ in range(3)
    ]
    for process in processes:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert len(notes(places)) == 120
    assert verified(places)["runs"]["closed_whole"] == 3


# The command.


def test_the_command_and_the_module(places: Path) -> None:
    script = Path(sys.executable).parent / "sealog"
    for command in ([str(script)], [sys.executable, "-m", "sealog"]):
        shown = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
        assert shown.stdout == f"sealog {sealog.__version__}\n"
    with sealog.open(places / "a.sealog") as ledger:
        ledger.append(KIND, {})
    verify = [sys.executable, "-m", "sealog", "verify", str(places / "a.sealog")]
    assert subprocess.run(verify, capture_output=True).returncode == 0
    file = places / "a.sealog" / "log" / "0000000000.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"kind":"org.example', b'"kind":"org.exbmple', 1))
    assert subprocess.run(verify, capture_output=True).returncode == 1
    assert subprocess.run([*verify[:3], "no-such-command"], capture_output=True).returncode == 2


# A disk that takes no more.


def test_a_disk_that_is_full_is_an_oserror_and_then_a_gap(places: Path) -> None:
    """A limit on the size of files stands in for a full disk: writes fail before any flush."""
    run(
        places,
        """
        import resource
        ledger = sealog.open(PATH, index="off")
        decide = ledger.decision(lambda x: x, members={"reasons": ["r" * 30_000]})
        decide(0)
        ledger.flush()
        (segment,) = [PATH + "/log/" + name for name in os.listdir(PATH + "/log") if name.endswith(".jsonl")]
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(segment), hard))
        refused, kept = 0, []
        for n in range(20):
            try:
                kept.append(ledger.append(KIND, {"text": "x" * 40_000}).index)
            except OSError as error:
                assert not isinstance(error, sealog.SealogError), error
                refused += 1
        assert refused > 0, "the limit never struck"
        assert decide(7) == 7
        time.sleep(0.5)
        assert ledger.queue.lost == 1, ledger.queue
        assert ledger.queue.last_error
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert ledger.flush(timeout=30).gaps == 1
        ledger.append(KIND, {})
        print(refused, len(kept))
        """,
    )
    told = verified(places)
    assert told["runs"]["open"] == 0
    (lost,) = [entry.body for entry in entries(places) if entry.kind == "gap.declared" and entry.body["cause"] != "sealog.unused"]
    assert lost["count"] == 1 and lost["cause"] in ("append_failed", "disk_full")
