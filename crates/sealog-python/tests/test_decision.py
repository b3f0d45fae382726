"""The decorator: every sort of function, every part of a record, and the result always reaches the caller."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import numpy as np
import pytest

import sealog
from conftest import bodies, only

Decisions = Callable[[], list[dict[str, Any]]]


def committed(
    ledger: sealog.Ledger, body: dict[str, Any], member: str, value: Any, subject: str | None = None
) -> bool:
    """Whether a record commits to a value."""
    return bool(body[member] == ledger.commitment(body["decision_id"], member, value, subject=subject))


# Sorts of functions.


def test_a_bare_decorator_commits_to_arguments_and_result(ledger: sealog.Ledger) -> None:
    @ledger.decision
    def predict(amount: float, *, limit: float = 10.0) -> dict[str, float]:
        """Predicts."""
        return {"score": amount / limit}

    assert predict(5.0) == {"score": 0.5}
    assert (predict.__name__, predict.__doc__) == ("predict", "Predicts.")
    assert str(inspect.signature(predict)) == "(amount: 'float', *, limit: 'float' = 10.0) -> 'dict[str, float]'"
    body = only(ledger)
    assert body["ended_by"] == "completed" and body["model_state"] == "unverified"
    assert committed(ledger, body, "input_digest", {"amount": 5.0, "limit": 10.0})
    assert committed(ledger, body, "output_digest", {"score": 0.5})
    assert not committed(ledger, body, "output_digest", {"score": 0.6})
    assert body.keys() == {
        "decision_id",
        "duration_ms",
        "ended_by",
        "input_digest",
        "model_reason",
        "model_state",
        "output_digest",
    }


def test_arguments_are_those_at_the_start_of_the_call(ledger: sealog.Ledger) -> None:
    @ledger.decision
    def spoil(data: list[int]) -> list[int]:
        data.append(3)
        return data

    spoil([1, 2])
    body = only(ledger)
    assert committed(ledger, body, "input_digest", {"data": [1, 2]})
    assert committed(ledger, body, "output_digest", [1, 2, 3])


def test_every_kind_of_parameter(ledger: sealog.Ledger) -> None:
    @ledger.decision
    def every(a: int, /, b: int, *rest: int, c: int, d: int = 4, **more: int) -> int:
        return a

    every(1, 2, 3, 3, c=5, e=6)
    every(1, b=2, c=5)
    first, second = bodies(ledger)
    expected = {"a": 1, "b": 2, "rest": (3, 3), "c": 5, "d": 4, "more": {"e": 6}}
    assert committed(ledger, first, "input_digest", expected)
    assert committed(ledger, second, "input_digest", {"a": 1, "b": 2, "rest": (), "c": 5, "d": 4, "more": {}})


def test_methods_static_methods_and_class_methods(ledger: sealog.Ledger) -> None:
    class Scorer:
        factor = 2

        @ledger.decision
        def scaled(self, x: int) -> int:
            return x * self.factor

        @ledger.decision
        @staticmethod
        def plain(x: int) -> int:
            return x

        @ledger.decision
        @classmethod
        def made(cls, x: int) -> int:
            return x * cls.factor

        @staticmethod
        @ledger.decision
        def inner(x: int) -> int:
            return x

    scorer = Scorer()
    assert (scorer.scaled(2), scorer.plain(3), scorer.made(4), Scorer.inner(5)) == (4, 3, 8, 5)
    for body, x in zip(bodies(ledger), (2, 3, 4, 5)):
        assert committed(ledger, body, "input_digest", {"x": x})
    result, receipt = Scorer.scaled.audited(scorer, 6)
    assert result == 12 and receipt.index == ledger.size - 1


def test_partials_callable_objects_and_builtins(ledger: sealog.Ledger) -> None:
    class Model:
        def __call__(self, x: int) -> int:
            return x + 1

    class AsyncModel:
        async def __call__(self, x: int) -> int:
            return x + 2

    assert ledger.decision(functools.partial(pow, 2))(3) == 8
    assert ledger.decision(Model())(1) == 2
    assert asyncio.run(ledger.decision(AsyncModel())(1)) == 3
    assert ledger.decision(max)(1, 5) == 5
    assert ledger.decision(lambda: 4)() == 4
    assert [body["ended_by"] for body in bodies(ledger)] == ["completed"] * 5


def test_a_coroutine(ledger: sealog.Ledger) -> None:
    @ledger.decision(score="result")
    async def predict(x: float) -> float:
        await asyncio.sleep(0)
        return x

    assert inspect.iscoroutinefunction(predict)

    async def many() -> list[float]:
        return await asyncio.gather(*(predict(n / 10) for n in range(10)))

    assert asyncio.run(many()) == [n / 10 for n in range(10)]
    assert sorted(body["score"] for body in bodies(ledger)) == [n / 10 for n in range(10)]


def test_a_generator(ledger: sealog.Ledger) -> None:
    @ledger.decision(score=lambda result: len(result))
    def tokens(n: int) -> Iterator[str]:
        for i in range(n):
            got = yield f"t{i}"
            assert got in (None, "sent")
        return "end"  # noqa: B901

    assert inspect.isgeneratorfunction(tokens)
    assert list(tokens(3)) == ["t0", "t1", "t2"]
    stream: Any = tokens(2)
    assert inspect.isgenerator(stream)
    assert next(stream) == "t0" and stream.send("sent") == "t1"
    with pytest.raises(StopIteration) as stop:
        next(stream)
    assert stop.value.value == "end"
    assert list(tokens(0)) == []
    first, second, third = bodies(ledger)
    assert first["score"] == 3 and first["first_token_ms"] >= 0
    assert committed(ledger, first, "output_digest", ["t0", "t1", "t2"])
    assert committed(ledger, second, "output_digest", ["t0", "t1"])
    assert committed(ledger, third, "output_digest", []) and "first_token_ms" not in third


def test_an_abandoned_generator(ledger: sealog.Ledger) -> None:
    closed = []

    @ledger.decision
    def tokens() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    stream = tokens()
    assert next(stream) == 1
    del stream
    gc.collect()
    body = only(ledger)
    assert body["ended_by"] == "abandoned" and closed == [True]
    assert committed(ledger, body, "output_digest", [1])


def test_an_error_thrown_into_a_generator_reaches_it(ledger: sealog.Ledger) -> None:
    @ledger.decision
    def tokens() -> Iterator[int]:
        try:
            yield 1
        except KeyError:
            yield 2

    stream: Any = tokens()
    next(stream)
    assert stream.throw(KeyError("a")) == 2
    with pytest.raises(ZeroDivisionError):
        stream.throw(ZeroDivisionError())
    body = only(ledger)
    assert (body["ended_by"], body["error"]) == ("error", "ZeroDivisionError")
    assert committed(ledger, body, "output_digest", [1, 2])


def test_an_asynchronous_generator(ledger: sealog.Ledger) -> None:
    @ledger.decision
    async def tokens(n: int) -> AsyncIterator[int]:
        for i in range(n):
            await asyncio.sleep(0)
            yield i

    assert inspect.isasyncgenfunction(tokens)

    async def use() -> None:
        assert [i async for i in tokens(3)] == [0, 1, 2]
        abandoned: Any = tokens(3)
        async for _ in abandoned:
            break
        await abandoned.aclose()
        failing: Any = tokens(3)
        await failing.__anext__()
        with pytest.raises(KeyError):
            await failing.athrow(KeyError("a"))

    asyncio.run(use())
    completed, abandoned, failed = bodies(ledger)
    assert completed["ended_by"] == "completed"
    assert committed(ledger, completed, "output_digest", [0, 1, 2])
    assert abandoned["ended_by"] == "abandoned" and committed(ledger, abandoned, "output_digest", [0])
    assert (failed["ended_by"], failed["error"]) == ("error", "KeyError")


def test_a_generator_is_a_call_from_its_first_step(ledger: sealog.Ledger) -> None:
    @ledger.decision
    def tokens() -> Iterator[int]:
        yield 1

    tokens()
    assert bodies(ledger) == []


# How calls end.


def test_an_exception_is_an_outcome_and_goes_on(ledger: sealog.Ledger) -> None:
    class Private(Exception):
        pass

    @ledger.decision(score="result", label="result.label", config=None)
    def fail(name: str) -> float:
        raise Private(f"no record of {name}")

    with pytest.raises(Private, match="no record of Ada"):
        fail("Ada")
    body = only(ledger)
    assert body["ended_by"] == "error" and body["error"].endswith("Private")
    assert "Ada" not in str(body) and "score" not in body and "action" not in body


def test_wrong_arguments_are_the_functions_own_error(ledger: sealog.Ledger) -> None:
    @ledger.decision
    def one(x: int) -> int:
        return x

    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        one()
    assert only(ledger)["error"] == "arguments: TypeError; TypeError"


def test_a_cancelled_task(ledger: sealog.Ledger) -> None:
    @ledger.decision
    async def slow() -> None:
        await asyncio.sleep(60)

    async def cancel() -> None:
        task = asyncio.ensure_future(slow())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    body = only(ledger)
    assert (body["ended_by"], body["error"]) == ("cancelled", "asyncio.exceptions.CancelledError")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_goes_on_and_is_recorded(ledger: sealog.Ledger, stop: type[BaseException]) -> None:
    @ledger.decision
    def interrupted() -> None:
        raise stop

    with pytest.raises(stop):
        interrupted()
    assert only(ledger)["ended_by"] == "cancelled"


# Parts of the record.


class Outcome:
    def __init__(self, score: Any, label: str = "") -> None:
        self.score, self.label = score, label
        self.detail = {"parts": [{"id": "p-7"}]}


def test_paths_and_callables(ledger: sealog.Ledger) -> None:
    @ledger.decision(
        score="result.score",
        input="applicant.profile",
        output=lambda result: result.detail,
        subject="applicant.id",
        session=lambda arguments: arguments["session"],
        trace="arguments.session",
        action=lambda result: "reject" if result.score > 0.5 else "allow",
        outcome=lambda r: r.label,
        model="result.detail.parts.0.id",
    )
    def decide(applicant: dict[str, Any], session: str) -> Outcome:
        return Outcome(0.75, "declined")

    decide({"id": 17, "profile": {"age": 3}}, session="s-1")
    body = only(ledger)
    assert (body["score"], body["subject_ref"], body["session_id"], body["trace_id"]) == (0.75, ledger.subject_ref("17"), "s-1", "s-1")
    assert (body["action"], body["outcome"], body["model_id"]) == ("reject", "declined", "p-7")
    assert committed(ledger, body, "input_digest", {"age": 3}, subject="17")
    assert committed(ledger, body, "output_digest", {"parts": [{"id": "p-7"}]}, subject="17")
    assert "error" not in body


def test_a_parameter_named_result_is_reached_through_arguments(ledger: sealog.Ledger) -> None:
    @ledger.decision(score="result", subject="arguments.result")
    def check(result: str) -> float:
        return 0.5

    check("person-1")
    body = only(ledger)
    assert (body["score"], body["subject_ref"]) == (0.5, ledger.subject_ref("person-1"))


@pytest.mark.parametrize(
    ("part", "path"),
    [("score", "reslt"), ("subject", "aplicant.id"), ("label", "approve"), ("session", ""), ("input", "x..y")],
)
def test_a_path_that_can_never_work_fails_when_it_is_written(ledger: sealog.Ledger, part: str, path: str) -> None:
    with pytest.raises(ValueError, match=part):

        @ledger.decision(**{part: path})
        def decide(x: int) -> int:
            return x


@pytest.mark.parametrize(
    ("part", "selector", "error"),
    [
        ("score", lambda nothing, like, it: 0, TypeError),
        ("score", 3, TypeError),
        ("input", "result", ValueError),
        ("action", "alow", ValueError),
        ("model", 7, TypeError),
        ("config", "not an id", ValueError),
        ("wrong", "result", TypeError),
    ],
)
def test_a_selector_that_can_never_work(ledger: sealog.Ledger, part: str, selector: Any, error: type) -> None:
    with pytest.raises(error):
        ledger.decision(lambda x: x, **{part: selector})


@pytest.mark.parametrize(
    "part", ["score", "label", "input", "output", "subject", "session", "trace", "action", "outcome", "model", "config"]
)
def test_a_part_that_raises_costs_nobody_the_answer(ledger: sealog.Ledger, part: str) -> None:
    def fail(arguments: Any) -> Any:
        raise LookupError("private")

    @ledger.decision(**{part: fail})
    def decide(x: int) -> int:
        return x

    with pytest.warns(sealog.SelectorWarning, match=part):
        assert decide(7) == 7
    body = only(ledger)
    assert body["error"] == f"{part}: LookupError" and "private" not in str(body)
    if part in ("input", "output"):
        assert body[f"{part}_digest"] is None
    if part == "score":
        assert body["score"] is None and body["action"] == "escalate"


def test_a_part_that_does_not_fit_is_left_out_and_named(ledger: sealog.Ledger) -> None:
    @ledger.decision(subject="x", session="x", action="x", outcome="x", model=lambda: "no id")
    def decide(x: str) -> str:
        return x

    with pytest.warns(sealog.SelectorWarning):
        assert decide("two\nlines") == "two\nlines"
    body = only(ledger)
    assert {"subject_ref", "session_id", "action", "outcome", "model_id"}.isdisjoint(body)
    assert body["error"].count("ValueError") == 5
    assert "lines" not in str(body)


def test_models(ledger: sealog.Ledger) -> None:
    digest = "sha256:" + "ab" * 32
    hosted = sealog.Model(id="gpt-x", version="2026-01", state="hosted", reason="runs at the provider")
    ledger.decision(lambda: 1, model=hosted)()
    ledger.decision(lambda: 1, model="resnet-7")()
    ledger.decision(lambda m: 1, model="m")({"id": "a", "digest": digest})
    first, second, third = bodies(ledger)
    assert [first[k] for k in ("model_id", "model_version", "model_state", "model_reason")] == [
        "gpt-x",
        "2026-01",
        "hosted",
        "runs at the provider",
    ]
    assert (second["model_id"], second["model_state"]) == ("resnet-7", "unverified")
    assert third["model_digest"] == digest
    with pytest.raises(ValueError, match="verified"):
        sealog.Model(id="a", state="verified")


# Scores and labels.


@pytest.fixture
def risk(ledger: sealog.Ledger) -> sealog.Ledger:
    low = ledger.labels.add("approve", by="ada", reason="first set")
    high = ledger.labels.add("decline", by="ada", reason="first set")
    assert (low, high) == ("L001", "L002")
    ledger.config.set("risk", by="ada", reason="pilot", thresholds=[0.1], labels=["approve", "decline"])
    return ledger


def test_the_label_is_derived_from_the_double_that_is_stored(risk: sealog.Ledger) -> None:
    decide = risk.decision(lambda x: x, score="result", config="risk")
    for score in (0.1, np.nextafter(0.1, 0), np.float32(0.1), np.float16(0.1), 1, np.int64(0), True):
        decide(score)
    # float32(0.1) is above the double 0.1, float16(0.1) below it.
    found = [(body["score"], body["label_id"]) for body in bodies(risk)]
    assert found == [
        (0.1, "L002"),
        (0.09999999999999999, "L001"),
        (0.10000000149011612, "L002"),
        (0.0999755859375, "L001"),
        (1, "L002"),
        (0, "L001"),
        (1, "L002"),
    ]
    active = risk.config.show("risk")
    assert isinstance(active, sealog.ConfigView)
    assert all(body["config_digest"] == active.digest for body in bodies(risk))
    assert all(body["label_source"] == "derived" for body in bodies(risk))


@pytest.mark.parametrize("label", ["decline", "L002"])
def test_a_host_label_that_agrees(risk: sealog.Ledger, label: str) -> None:
    result, receipt = risk.decision(lambda: 0.5, score="result", label=lambda: label, config="risk").audited()
    assert receipt.findings == ()
    body = only(risk)
    assert (body["label_id"], body["label_source"]) == ("L002", "derived")


def test_a_host_label_that_differs_is_recorded_and_said_at_once(risk: sealog.Ledger) -> None:
    decide = risk.decision(lambda: 0.5, score="result", label=lambda: "approve", config="risk")
    with pytest.warns(sealog.LabelDiffersWarning, match="L001 is not L002"):
        result, receipt = decide.audited()
    assert result == 0.5
    (finding,) = receipt.findings
    assert (finding.code, finding.expected, finding.found, finding.weight) == ("label_differs", "L002", "L001", "note")
    body = only(risk)
    assert (body["label_id"], body["label_source"]) == ("L001", "host")


def test_a_label_without_a_configuration(risk: sealog.Ledger) -> None:
    risk.decision(lambda: 0.5, score="result", label=lambda: "approve")()
    body = only(risk)
    assert body["label_id"] == "L001" and "label_source" not in body and "config_digest" not in body


@pytest.mark.parametrize(
    ("score", "why"),
    [
        (float("nan"), "score: nan"),
        (np.float32("inf"), "score: infinite"),
        (-float("inf"), "score: infinite"),
        (2**53, "score: an integer beyond 2^53 - 1"),
        (10**400, "score: beyond the range of a double"),
        ("0.5", "score: TypeError"),
        (None, "score: TypeError"),
        (object(), "score: TypeError"),
    ],
)
def test_a_score_that_is_no_number(risk: sealog.Ledger, score: Any, why: str) -> None:
    decide = risk.decision(lambda: 1, score=lambda: score, label=lambda: "approve", action="allow", config="risk")
    assert decide() == 1
    body = only(risk)
    assert body["score"] is None and body["action"] == "escalate"
    assert body["error"] == why + "; label: without a score there is none"
    assert "label_id" not in body and "label_source" not in body


def test_renaming_a_label_leaves_decisions_alone(risk: sealog.Ledger) -> None:
    decide = risk.decision(lambda: 0.5, score="result", label=lambda: "decline", config="risk")
    decide()
    risk.labels.rename("L002", "refuse", by="ada", reason="clearer")
    assert [(label.label_id, label.display) for label in risk.labels.list()] == [("L001", "approve"), ("L002", "refuse")]
    decide2 = risk.decision(lambda: 0.5, score="result", label=lambda: "refuse", config="risk")
    decide2()
    assert [body["label_id"] for body in bodies(risk)] == ["L002", "L002"]


def test_a_configuration_changes_with_author_and_reason(risk: sealog.Ledger) -> None:
    decide = risk.decision(lambda: 0.5, score="result", config="risk")
    decide()
    risk.config.set("risk", by="grace", reason="too strict", thresholds=[0.9], labels=["approve", "decline"])
    decide()
    assert [body["label_id"] for body in bodies(risk)] == ["L002", "L001"]
    first, second = risk.config.history("risk")
    assert first.superseded_at == second.index and second.superseded_at is None
    assert second.bands == (("L001", None, 0.9), ("L002", 0.9, None))
    assert second.label_of(0.9) == "L002" and second.label_of(float("nan")) is None
    changed = bodies(risk, "config.changed")[1]
    assert (changed["changed_by"], changed["reason"], changed["prev_index"]) == ("grace", "too strict", first.index)


@pytest.mark.parametrize(
    ("thresholds", "labels"),
    [([0.5], ["approve"]), ([0.5, 0.5], ["a", "b", "c"]), ([0.9, 0.1], ["a", "b", "c"]), ([float("nan")], ["a", "b"])],
)
def test_thresholds_that_do_not_part_the_scores(risk: sealog.Ledger, thresholds: Any, labels: Any) -> None:
    with pytest.raises(ValueError):
        risk.config.set("risk", by="ada", reason="x", thresholds=thresholds, labels=labels)
    with pytest.raises(sealog.FormatError):
        risk.config.set("risk", by="ada", reason="x", bands=[("approve", None, 0.1), ("decline", 0.2, None)])
    with pytest.raises(sealog.FormatError):
        risk.config.set("risk", by="ada", reason=" ", bands=[("approve", None, None)])


def test_a_configuration_without_bands_gives_no_label(risk: sealog.Ledger) -> None:
    made = risk.config.set("prompt", by="ada", reason="second wording")
    active = risk.config.show("prompt")
    assert isinstance(active, sealog.ConfigView)
    assert (active.index, active.bands, active.label_of(0.5)) == (made.index, None, None)

    @risk.decision(score="result", config="prompt")
    def predict(x: float) -> float:
        return x

    @risk.decision(score="result", label=lambda result: "L002", config="prompt")
    def named(x: float) -> float:
        return x

    predict(0.9)
    named(0.9)
    risk.flush()
    plain, labelled = bodies(risk)
    assert plain["config_digest"] == active.digest and plain["score"] == 0.9
    assert "label_id" not in plain and "label_source" not in plain
    # The host's own label stands; nothing was derived that it could differ from.
    assert labelled["label_id"] == "L002" and "label_source" not in labelled

    # Each version is a link of its own, also where nothing but its reason is new.
    risk.config.set("prompt", by="ada", reason="third wording")
    risk.config.set("prompt", by="ada", reason="with bands", thresholds=[0.5], labels=["L001", "L002"])
    risk.config.set("prompt", by="ada", reason="without again")
    history = risk.config.history("prompt")
    assert [version.bands is None for version in history] == [True, True, False, True]
    assert len({version.digest for version in history}) == 4
    assert risk.verify().exit_code == 0


@pytest.mark.parametrize("missing", ["by", "reason"])
def test_a_configuration_has_an_author_and_a_reason(ledger: sealog.Ledger, missing: str) -> None:
    said = {"by": "ada", "reason": "first", missing: " "}
    with pytest.raises(sealog.FormatError, match="blank"):
        ledger.config.set("risk", **said)


def test_a_configuration_that_is_not_there(ledger: sealog.Ledger) -> None:
    assert ledger.decision(lambda: 0.5, score="result", config="nothing")() == 0.5
    body = only(ledger)
    assert body["error"] == "config: there is no active configuration of this id"
    assert "config_digest" not in body and body["score"] == 0.5


def test_a_configuration_of_another_model(risk: sealog.Ledger) -> None:
    risk.config.set("own", by="ada", reason="x", thresholds=[0.5], labels=["approve", "decline"], model="m-1")
    risk.decision(lambda: 0.7, score="result", config="own")()
    risk.decision(lambda: 0.7, score="result", config="own", model="m-2")()
    fitting, other = bodies(risk)
    assert fitting["model_id"] == "m-1" and fitting["label_id"] == "L002"
    assert other["model_id"] == "m-2" and "config_digest" not in other
    assert other["error"] == "config: it is valid for another model"


# The collector.


def test_code_further_down_adds_to_the_decision(ledger: sealog.Ledger) -> None:
    def guardrail(text: str) -> None:
        decision = sealog.current()
        assert decision is not None
        decision.check("toxicity", fired=False, score=0.1, threshold=0.8, version="2", detail={"words": 0})
        decision.check("length", True, score=float("nan"))
        decision.reason("R1", "too long")
        decision.control("ai-act:12")
        decision.state("cache", {"hit": True})

    @ledger.decision
    def answer(text: str) -> str:
        guardrail(text)
        return text

    assert sealog.current() is None
    with pytest.warns(sealog.SelectorWarning, match="check length"):
        answer("hi")
    assert sealog.current() is None
    body = only(ledger)
    assert body["checks"] == [
        {"name": "toxicity", "fired": False, "score": 0.1, "threshold": 0.8, "version": "2", "detail": {"words": 0}},
        {"name": "length", "fired": True, "score": None},
    ]
    assert (body["reason_codes"], body["reasons"], body["control_ids"]) == (["R1"], ["too long"], ["ai-act:12"])
    assert committed(ledger, body, "state_digest", {"cache": {"hit": True}})


def test_texts_and_lines_at_their_limits(ledger: sealog.Ledger) -> None:
    with ledger.collect() as decision:
        decision.reason(text="r" * 32_768)
        decision.outcome("o" * 1024)
        decision.session("s" * 200)
    with pytest.warns(sealog.SelectorWarning), ledger.collect() as decision:
        decision.reason(text="r" * 32_769)
        decision.outcome("o" * 1025)
        decision.session("s" * 201)
    at_limit, beyond = bodies(ledger)
    assert len(at_limit["reasons"][0]) == 32_768 and len(at_limit["outcome"]) == 1024 and len(at_limit["session_id"]) == 200
    assert beyond["error"] == "reason: ValueError; outcome: ValueError; session: ValueError"
    assert {"outcome", "session_id", "reasons"}.isdisjoint(beyond)


def test_a_decision_by_hand_and_one_inside_another(risk: sealog.Ledger) -> None:
    with risk.collect() as outer:
        outer.input([1])
        outer.config("risk")
        outer.score(0.5)
        outer.action("com.example.hold")
        with risk.collect() as inner:
            assert sealog.current() is inner
            inner.output("x")
        assert sealog.current() is outer
    first, second = bodies(risk)
    assert first["parent_ids"] == [second["decision_id"]]
    assert (second["label_id"], second["action"]) == ("L002", "com.example.hold")


def test_an_error_in_a_decision_by_hand(ledger: sealog.Ledger) -> None:
    with pytest.raises(KeyError), ledger.collect():
        raise KeyError("private")
    assert only(ledger)["error"] == "KeyError"


def test_tasks_and_threads_have_their_own(ledger: sealog.Ledger) -> None:
    @ledger.decision
    async def outer(name: str) -> None:
        decision = sealog.current()
        assert decision is not None
        await asyncio.sleep(0.001)
        assert sealog.current() is decision
        await asyncio.to_thread(decision.reason, name)

    async def many() -> None:
        await asyncio.gather(*(outer(f"n{n}") for n in range(5)))

    asyncio.run(many())
    for body in bodies(ledger):
        (name,) = body["reason_codes"]
        assert committed(ledger, body, "input_digest", {"name": name})


def test_a_generator_shows_its_collector_only_while_it_runs(ledger: sealog.Ledger) -> None:
    @ledger.decision
    def tokens() -> Iterator[bool]:
        yield sealog.current() is not None
        yield sealog.current() is not None

    stream = tokens()
    assert next(stream) is True and sealog.current() is None
    assert next(stream) is True and sealog.current() is None
    assert list(stream) == []


# Values that cannot be encoded.


def test_unencodable_parts_are_recorded_as_such(ledger: sealog.Ledger) -> None:
    class Handle:
        pass

    @ledger.decision
    def decide(handle: Any) -> Any:
        return [handle, 1]

    handle = Handle()
    with pytest.warns(sealog.UnencodableWarning) as caught:
        assert decide(handle) == [handle, 1]
    assert len(caught) == 2
    body = only(ledger)
    name = f"{Handle.__module__}.{Handle.__qualname__}"
    assert body["error"] == f"input: no encoding for {name}; output: no encoding for {name}"
    assert body["output_digest"] is not None


def test_what_has_no_end_is_recorded_as_null(ledger: sealog.Ledger) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.warns(sealog.UnencodableWarning):
        assert ledger.decision(lambda x: 1)(endless) == 1
    body = only(ledger)
    assert body["input_digest"] is None and "nests deeper" in body["error"]


def test_unencodable_values_can_be_refused(ledger: sealog.Ledger) -> None:
    ran = []

    @ledger.decision(on_unencodable="raise")
    def decide(x: Any) -> Any:
        ran.append(x)
        return lambda: None

    with pytest.raises(sealog.FormatError, match="no encoding for"):
        decide(object())
    assert ran == []
    with pytest.raises(sealog.FormatError, match="no encoding for function") as refused:
        decide(1)
    assert callable(refused.value.result) and ran == [1]
    # Both calls took their numbers, so both have a record.
    assert [body["ended_by"] for body in bodies(ledger)] == ["error", "completed"]


# Receipts.


def test_audited_gives_the_receipt(ledger: sealog.Ledger) -> None:
    @ledger.decision(score="result")
    def decide(x: float) -> float:
        return x

    result, receipt = decide.audited(0.25)
    assert result == 0.25
    entry = ledger.entry(receipt.index)
    assert entry.record["record_id"] == receipt.record_id == entry.body["decision_id"]
    assert receipt.entry == entry.bytes
    assert receipt.bytes.startswith(b"c2sp.org/tlog-proof@v1\nextra ")


def test_audited_coroutines_and_generators(ledger: sealog.Ledger) -> None:
    @ledger.decision
    async def one(x: int) -> int:
        return x

    @ledger.decision
    def many(n: int) -> Iterator[int]:
        yield from range(n)

    @ledger.decision
    async def later(n: int) -> AsyncIterator[int]:
        for i in range(n):
            yield i

    results = [
        asyncio.run(one.audited(3)),
        many.audited(2),
        asyncio.run(later.audited(2)),
    ]
    assert [result for result, _ in results] == [3, [0, 1], [0, 1]]
    assert [receipt.index for _, receipt in results] == [2, 3, 4]


def test_audited_raises_what_the_function_raises(ledger: sealog.Ledger) -> None:
    with pytest.raises(ZeroDivisionError):
        ledger.decision(lambda: 1 / 0).audited()
    assert only(ledger)["error"] == "ZeroDivisionError"


def test_an_intent_is_durable_before_the_call(ledger: sealog.Ledger) -> None:
    seen = []

    @ledger.decision(intent=True)
    def decide() -> None:
        seen.extend(entry.kind for entry in ledger.entries())

    decide()
    assert seen == ["ledger.created", "log.state", "decision.intent"]
    (intent,) = bodies(ledger, "decision.intent")
    body = only(ledger)
    assert body["intent_id"] == intent["intent_id"] and intent["decision_id"] == body["decision_id"]


def test_the_first_record_of_the_run_is_there_when_the_first_call_returns(ledger: sealog.Ledger) -> None:
    assert ledger.decision(lambda: [entry.kind for entry in ledger.entries()])() == ["ledger.created", "log.state"]
    (state,) = bodies(ledger, "log.state")
    assert state["state"] == "started" and state["runtime"]["language"].startswith("CPython 3.")


# The record cannot be kept.


def test_a_closed_ledger_costs_nobody_the_answer() -> None:
    ledger = sealog.memory()
    decide = ledger.decision(lambda x: x)
    strict = ledger.decision(lambda x: x, on_error="raise")
    ledger.close()
    with pytest.warns(sealog.RecordLostWarning, match="closed"):
        assert decide(1) == 1
    with pytest.raises(sealog.RefusedError, match="closed"):
        strict(1)


def test_closing_during_a_call() -> None:
    ledger = sealog.memory()

    def close() -> int:
        ledger.close()
        return 5

    with pytest.warns(sealog.RecordLostWarning):
        assert ledger.decision(close)() == 5
    other = sealog.memory()

    def close_other() -> int:
        other.close()
        return 6

    with pytest.raises(sealog.RefusedError) as refused:
        other.decision(close_other, on_error="raise")()
    assert refused.value.result == 6 and refused.value.code == "closed"


def test_what_the_log_refuses_becomes_a_gap(ledger: sealog.Ledger) -> None:
    @ledger.decision(members={"legal_effect": "grave"})
    def decide() -> int:
        return 1

    assert decide() == 1
    assert bodies(ledger) == []
    (gap,) = bodies(ledger, "gap.declared")
    assert (gap["first_seq"], gap["last_seq"], gap["cause"]) == (1, 1, "append_failed")
    assert ledger.queue.lost == 1 and "legal_effect" in str(ledger.queue.last_error)


def test_what_no_body_can_hold_is_left_out(ledger: sealog.Ledger) -> None:
    with pytest.warns(sealog.SelectorWarning, match="left out"), ledger.collect() as decision:
        decision.set("usage", {"input_tokens": 2**60})
    body = only(ledger)
    assert "usage" not in body and "left out" in body["error"]


def test_warnings_turned_into_errors_stop_nobody(risk: sealog.Ledger, caplog: pytest.LogCaptureFixture) -> None:
    decide = risk.decision(lambda: 0.5, score="result", label=lambda: "approve", config="risk")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decide() == 0.5
    assert "L001 is not L002" in caplog.text and only(risk)["label_source"] == "host"


def test_options_are_checked_when_they_are_written(ledger: sealog.Ledger) -> None:
    for name, value in (("on_error", "ignore"), ("on_unencodable", "drop")):
        with pytest.raises(ValueError, match=name):
            ledger.decision(**{name: value})
    with pytest.raises(TypeError):
        ledger.decision(5)


def test_nothing_is_written_to_stdout(ledger: sealog.Ledger, capfd: pytest.CaptureFixture[str]) -> None:
    ledger.decision(lambda: 1)()
    ledger.flush()
    ledger.close()
    assert capfd.readouterr() == ("", "")
