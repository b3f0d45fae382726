"""Functions of the host that a policy names: what they make, and that nothing is stored where one fails."""

from __future__ import annotations

import base64
import json
import signal
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import in_threads

import sealog
from sealog.privacy import FieldFunction, Function, Policy, function

FORMAT = "sealog/privacy-policy/v1"
KIND = "org.example.note"
SECRET = "the patient is Ada Lovelace"


class Own:
    """A function as a class has it."""

    def __init__(self, apply: Callable[[Any], Any], name: str = "own", version: str = "1") -> None:
        self.name, self.version, self.apply = name, version, apply


def policy(*functions: FieldFunction, path: str = "/note", call: str = "own") -> Policy:
    return Policy({"format": FORMAT, "fields": [{"path": path, "call": call}]}, functions=functions)


def raising(value: Any) -> Any:
    raise LookupError(f"no rule for {value}")


def found(directory: Path, text: str) -> list[Path]:
    """Files that hold a text."""
    paths = [path for path in directory.rglob("*") if path.is_file()]
    assert paths
    return [path for path in paths if text.encode() in path.read_bytes()]


def notes(ledger: sealog.Ledger) -> list[Any]:
    return [entry.body for entry in ledger.entries() if entry.kind == KIND]


def gaps(ledger: sealog.Ledger) -> list[Any]:
    return [entry.body for entry in ledger.entries() if entry.kind == "gap.declared"]


def test_a_policy_without_its_function_is_refused() -> None:
    for functions in ((), (Own(str, "other"),)):
        with pytest.raises(sealog.RefusedError, match="`own`") as refused:
            policy(*functions)
        assert refused.value.code == "privacy_needs_function"


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        (Own(str, "a b"), sealog.FormatError, "is no name"),
        (Own(str, version=""), sealog.FormatError, "version of `own`"),
        (Own(3), sealog.FormatError, "apply cannot be called"),  # type: ignore[arg-type]
        (object(), AttributeError, "name"),
        (Own(str, version=1), TypeError, "str"),  # type: ignore[arg-type]
    ],
)
def test_what_makes_no_function(wrong: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        policy(wrong)


async def later(value: Any) -> Any:
    return value


def test_coroutine_functions_and_two_of_a_name_are_refused() -> None:
    with pytest.raises(sealog.FormatError, match="coroutine"):
        policy(Own(later))
    with pytest.raises(TypeError, match="coroutine"):
        function(version="1")(later)
    with pytest.raises(sealog.FormatError, match="two functions are called `own`"):
        policy(Own(str), Own(repr))


def test_name_and_version_enter_the_digest() -> None:
    first, second = policy(Own(str)), policy(Own(str, version="2"))
    assert first.digest != second.digest
    assert first.digest == policy(Own(repr), Own(str, "unnamed")).digest
    assert first.functions == {"own": "1"}
    assert Policy(functions=[Own(str)]).digest == Policy().digest
    assert Policy().functions == {}


def test_a_plain_function_becomes_one_of_a_policy() -> None:
    @function(version="2026-11")
    def own(value: Any) -> Any:
        """Keeps the start."""
        return value[:4]

    @function(version="1", name="other")
    def more(value: Any) -> Any:
        return None

    assert isinstance(own, Function)
    assert (own.name, own.version, own.__doc__, own(SECRET)) == ("own", "2026-11", "Keeps the start.", "the ")
    assert (more.name, more.version) == ("other", "1")
    assert policy(own, more).redact_value({"note": SECRET}) == {"note": "the "}


def test_what_it_returns_is_stored_as_it_is(opened: Any) -> None:
    asked: list[Any] = []

    def own(value: Any) -> Any:
        asked.append(value)
        return {"mail": "kept@example.com", "n": [1, 2.5, None, True]}

    with opened(privacy=policy(Own(own))) as ledger:
        given = {"a": [1, 2.5, "x", None, True], "b": {}}
        receipt = ledger.append(KIND, {"note": given, "text": "gone@example.com"})
        assert receipt is not None
        entry = json.loads(ledger.entry(receipt.index).bytes)["record"]
        assert entry["body"]["note"] == {"mail": "kept@example.com", "n": [1, 2.5, None, True]}
        assert entry["body"]["text"] == "[EMAIL]"
        assert entry["privacy"]["counts"] == {"EMAIL": 1, "FIELD": 1}
        assert ledger.verify().exit_code == 0
    assert asked == [given]


def test_none_drops_the_field(opened: Any, tmp_path: Path) -> None:
    with opened(privacy=policy(Own(lambda value: None))) as ledger:
        ledger.append(KIND, {"note": SECRET, "n": 1})
        assert [set(body) for body in notes(ledger)] == [{"n"}]
    assert not found(tmp_path, SECRET)


def test_what_is_committed_to_goes_through_it(opened: Any) -> None:
    asked: list[Any] = []

    def own(value: Any) -> Any:
        asked.append(value)
        return "shortened"

    with opened(privacy=policy(Own(own), path="/input_digest")) as ledger:

        @ledger.decision(score="result", input="text")
        def decide(text: str) -> float:
            return 0.5

        _, receipt = decide.audited(SECRET)
        assert asked == [SECRET]
        body = ledger.entry(receipt.index).body
        record_id = json.loads(ledger.entry(receipt.index).bytes)["record"]["record_id"]
        assert body["input_digest"] == ledger.commitment(record_id, "input_digest", "shortened")


def test_texts_of_the_logs_own_records_go_through_it(opened: Any, tmp_path: Path) -> None:
    threads: set[str] = set()

    def own(value: str) -> str:
        threads.add(threading.current_thread().name)
        return f"{len(value)} characters"

    with opened(privacy=policy(Own(own), path="/reason")) as ledger:
        ledger.labels.add("approve", by="ada", reason=SECRET)
        labels = [entry.body for entry in ledger.entries() if entry.kind.startswith("label")]
        assert [body["reason"] for body in labels] == [f"{len(SECRET)} characters"]
    assert threads and not found(tmp_path, SECRET)


def test_one_that_fails_on_the_logs_own_records_fails_the_call(opened: Any, tmp_path: Path) -> None:
    with opened(privacy=policy(Own(raising), path="/reason")) as ledger:
        before = ledger.append(KIND, {"n": 1}).index
        with pytest.raises(sealog.RefusedError) as failed:
            ledger.labels.add("approve", by="ada", reason=SECRET)
        assert failed.value.code == "field_function"
        assert ledger.append(KIND, {"n": 2}).index == before + 1
    assert not found(tmp_path, SECRET)


@pytest.mark.parametrize(
    ("apply", "said"),
    [
        (raising, "LookupError"),
        (lambda value: {value: {1, 2}}, "FormatError"),
        (lambda value: float("nan"), "FormatError"),
        (lambda value: [value] * 3 + ["\ud800"], "FormatError"),
        (lambda value, more: value, "TypeError"),
        (lambda value: exit(value), "SystemExit"),
    ],
)
def test_where_one_fails_the_append_fails_and_nothing_is_stored(
    opened: Any, tmp_path: Path, apply: Any, said: str
) -> None:
    with opened(privacy=policy(Own(apply))) as ledger:
        before = ledger.append(KIND, {"n": 0}).index
        with pytest.raises(sealog.RefusedError) as failed:
            ledger.append(KIND, {"note": SECRET})
        assert failed.value.code == "field_function"
        message = str(failed.value)
        assert "`own`" in message and said in message and "Ada" not in message
        # The host's own exception says the rest.
        assert type(failed.value.__cause__).__name__ == said
        with pytest.raises(sealog.RefusedError):
            ledger.append_many([sealog.Record(KIND, {"n": 1}), sealog.Record(KIND, {"note": SECRET})])
        assert ledger.size == before + 1
        assert ledger.append(KIND, {"n": 1}).index == before + 1
        assert ledger.verify().exit_code == 0
    assert not found(tmp_path, "Ada Lovelace")


def test_the_cause_leads_to_the_line_that_raised() -> None:
    with pytest.raises(sealog.RefusedError) as failed:
        policy(Own(raising)).redact_value({"note": 7})
    assert failed.value.code == "field_function"
    assert "raise LookupError" in "".join(traceback.format_exception(failed.value))


def test_a_gap_stands_for_it_and_holds_nothing_of_the_value(opened: Any, tmp_path: Path) -> None:
    with opened(privacy=policy(Own(raising))) as ledger:
        with pytest.warns(sealog.RecordLostWarning) as warned:
            assert ledger.append(KIND, {"note": SECRET}, on_error="record_gap") is None
        assert all("Ada" not in str(warning.message) for warning in warned)
        assert ledger.append(KIND, {"n": 1}) is not None
        ledger.flush()
        assert [(gap["cause"], gap["count"]) for gap in gaps(ledger)] == [("append_failed", 1)]
        assert notes(ledger) == [{"n": 1}]
        assert "Ada" not in str(ledger.queue.last_error)
        assert ledger.verify().exit_code == 0
    assert not found(tmp_path, "Ada Lovelace")


def test_of_queued_records_only_those_are_lost_for_which_it_fails(opened: Any, tmp_path: Path) -> None:
    def own(value: Any) -> Any:
        return raising(value) if value == SECRET else value

    with opened(privacy=policy(Own(own))) as ledger:
        ledger.append(KIND, {"note": "first"})
        for number in range(40):
            ledger.enqueue(KIND, {"note": SECRET if number in (7, 23) else f"n{number}"}, on_error="record_gap")
        ledger.flush()
        assert len(notes(ledger)) == 39
        assert (ledger.queue.lost, sum(gap["count"] for gap in gaps(ledger))) == (2, 2)
        assert ledger.verify().exit_code == 0
    assert not found(tmp_path, "Ada Lovelace")


def test_a_decorated_call_returns_its_answer_where_one_fails(opened: Any, tmp_path: Path) -> None:
    with opened(privacy=policy(Own(raising), path="/input_digest")) as ledger:

        @ledger.decision(score="result", input="text")
        def decide(text: str) -> float:
            return 0.5

        assert decide(SECRET) == 0.5
        ledger.flush()
        assert [gap["count"] for gap in gaps(ledger)] == [1]
    assert not found(tmp_path, "Ada Lovelace")


def test_payloads_of_json_go_through_it_and_what_cannot_be_read_is_refused(opened: Any, tmp_path: Path) -> None:
    with opened(privacy=policy(Own(lambda value: "short"), path="/case/note")) as ledger:

        def append(payload: bytes) -> Any:
            return ledger.append(KIND, {"n": 1}, payloads=[("case", "application/json", payload)])

        good = json.dumps({"note": SECRET, "n": 1}).encode()
        entry = json.loads(ledger.entry(append(good).index).bytes)["record"]
        assert entry["privacy"]["counts"] == {"FIELD": 1}
        stored = base64.b64encode(b'{"n":1,"note":"short"}').decode().rstrip("=")
        assert stored in json.dumps(entry["payloads"])
        size = ledger.size
        for broken in (good[:-1], good[:-1] + b',"n":2}', good[:-1] + b',"big":123456789012345678901234567890}'):
            with pytest.raises(sealog.FormatError, match="not readable as JSON"):
                append(broken)
        assert ledger.size == size
    assert not found(tmp_path, "Ada Lovelace")


def test_one_that_uses_a_ledger_is_refused_and_nobody_waits_for_ever(opened: Any, tmp_path: Path) -> None:
    ledger: sealog.Ledger
    other = sealog.memory()

    def own(value: Any) -> Any:
        for use in (
            lambda: ledger.append(KIND, {"n": 1}),
            lambda: ledger.enqueue(KIND, {"n": 1}),
            lambda: ledger.size,
            lambda: other.append(KIND, {"n": 1}),
            lambda: sealog.memory(),
        ):
            with pytest.raises(sealog.RefusedError, match="must not use a ledger") as refused:
                use()
            assert refused.value.code == "reentrant"
        return "used"

    both = Policy(
        {"format": FORMAT, "fields": [{"path": "/note", "call": "own"}, {"path": "/reason", "call": "own"}]},
        functions=[Own(own)],
    )
    with opened(privacy=both) as ledger:
        ledger.append(KIND, {"note": SECRET})
        ledger.labels.add("approve", by="ada", reason=SECRET)
        ledger.enqueue(KIND, {"note": SECRET})
        ledger.flush()
        assert [body["note"] for body in notes(ledger)] == ["used", "used"]
    assert other.append(KIND, {"n": 1}) is not None


def test_one_that_calls_itself_through_a_policy_ends() -> None:
    made: list[Policy] = []

    def own(value: Any) -> Any:
        return made[0].redact_value({"note": value})

    made.append(policy(Own(own)))
    with pytest.raises(sealog.RefusedError) as failed:
        made[0].redact_value({"note": 1})
    assert failed.value.code == "field_function"
    # One that uses a policy without functions is none of those.
    plain = Policy()
    redacting = policy(Own(lambda value: plain.redact(value).text + "!"))
    assert redacting.redact_value({"note": "a@example.com"}) == {"note": "[EMAIL]!"}


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_while_it_runs_is_not_lost(opened: Any) -> None:
    def own(value: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return value

    with opened(privacy=policy(Own(own))) as ledger:
        for on_error in ("raise", "record_gap"):
            with pytest.raises(KeyboardInterrupt):
                ledger.append(KIND, {"note": SECRET}, on_error=on_error)
        assert notes(ledger) == []


def test_many_threads_and_slow_functions_of_records_and_of_the_logs_own(opened: Any) -> None:
    pause = threading.Event()

    def own(value: Any) -> Any:
        pause.wait(0.002)
        return str(value).upper()

    both = Policy(
        {"format": FORMAT, "fields": [{"path": "/note", "call": "own"}, {"path": "/reason", "call": "own"}]},
        functions=[Own(own)],
    )
    with opened(privacy=both) as ledger:

        def work(number: int) -> None:
            for n in range(8):
                receipt = ledger.append(KIND, {"note": f"by {number} {n}"})
                assert receipt is not None and ledger.size > receipt.index
                ledger.enqueue(KIND, {"note": f"queued {number}"})
                ledger.labels.add(f"label {number} {n}", by="ada", reason="because")
                assert ledger.entry(receipt.index).body["note"] == f"BY {number} {n}"

        in_threads(work)
        ledger.flush()
        assert len(notes(ledger)) == 64
        assert ledger.verify().exit_code == 0
