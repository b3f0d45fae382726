"""A state machine: whatever is done in whatever order, the log holds what was promised and verifies."""

from __future__ import annotations

import math
import warnings
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule

import sealog

KIND = "org.example.note"
BODIES = st.dictionaries(
    st.text(min_size=1, max_size=5),
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=5),
    max_size=3,
)
SCORES = st.floats(width=32) | st.floats() | st.integers() | st.text(max_size=3) | st.none()


class LedgerMachine(RuleBasedStateMachine):
    """Remembers what was promised: receipts with their bodies, queued bodies, the labels that scores must have."""

    receipts = Bundle("receipts")

    @initialize()
    def begin(self) -> None:
        self.ledger = sealog.memory(epoch_entries=7)
        self.ledger.labels.add("low", by="ada", reason="test")
        self.ledger.labels.add("high", by="ada", reason="test")
        self.configure(0.5)
        self.promised: dict[str, Any] = {}
        self.labels: dict[str, str | None] = {}
        self.calls = 0
        self.raised = 0

    @rule(threshold=st.floats(-1, 1))
    def configure(self, threshold: float) -> None:
        self.ledger.config.set("c", by="ada", reason="test", thresholds=[threshold], labels=["low", "high"])
        self.threshold = threshold

    @rule(target=receipts, body=BODIES)
    def append(self, body: dict[str, Any]) -> Any:
        receipt = self.ledger.append(KIND, body)
        self.promised[receipt.record_id] = body
        return receipt, body

    @rule(body=BODIES)
    def enqueue(self, body: dict[str, Any]) -> None:
        self.promised[self.ledger.enqueue(KIND, body)] = body

    @rule(bodies=st.lists(BODIES, min_size=1, max_size=4))
    def append_many(self, bodies: list[dict[str, Any]]) -> None:
        receipts = self.ledger.append_many([sealog.Record(KIND, body) for body in bodies])
        self.promised.update((receipt.record_id, body) for receipt, body in zip(receipts, bodies))

    @rule(kept=receipts)
    def retry(self, kept: Any) -> None:
        receipt, body = kept
        again = self.ledger.append(KIND, body, record_id=receipt.record_id)
        assert again.is_repeat and again.index == receipt.index

    @rule(kept=receipts)
    def retry_otherwise(self, kept: Any) -> None:
        receipt, body = kept
        try:
            self.ledger.append(KIND, {**body, "something else": 1}, record_id=receipt.record_id)
        except sealog.RefusedError as error:
            assert error.code == "id_taken"
        else:
            raise AssertionError("another record under the same id was taken")

    @rule(value=st.sampled_from([math.nan, 2**53, b"x", object()]))
    def refused(self, value: Any) -> None:
        try:
            self.ledger.append(KIND, {"value": value})
        except sealog.FormatError:
            pass
        else:
            raise AssertionError("no body can hold this")

    @rule(score=SCORES, fail=st.booleans(), host=st.sampled_from([None, "low", "high"]))
    def decide(self, score: Any, fail: bool, host: str | None) -> None:
        def function(score: Any) -> Any:
            if fail:
                raise KeyError("private")
            return score

        label = (lambda: host) if host else None
        decide: Any = self.ledger.decision(score="result", config="c", label=label)(function)
        self.calls += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sealog.SealogWarning)
            try:
                result, receipt = decide.audited(score)
            except KeyError:
                self.raised += 1
                return
        assert result is score
        expected = None
        if isinstance(score, (int, float)) and self._stored(score):
            expected = host or ("high" if float(score) >= self.threshold else "low")
        self.labels[receipt.record_id] = expected

    @staticmethod
    def _stored(score: float) -> bool:
        try:
            double = float(score)
        except OverflowError:
            return False
        return math.isfinite(double) and not 2**53 <= abs(double) < 1e21

    @rule()
    def flush(self) -> None:
        state = self.ledger.flush(timeout=30)
        assert (state.waiting, state.lost) == (0, 0)

    @rule()
    def epoch(self) -> None:
        self.ledger.seal_epoch()

    @rule()
    def verify(self) -> None:
        assert self.ledger.verify().exit_code == 0

    def teardown(self) -> None:
        if not hasattr(self, "promised"):
            return
        self.verify()
        # Numbers of records that were refused, or in the log already, go to the records that follow.
        for _ in range(40):
            self.ledger.append(KIND, {})
        entries = list(self.ledger.entries())
        written = {entry.record["record_id"]: entry for entry in entries}
        for record_id, body in self.promised.items():
            assert written[record_id].body == body
        names = {"L001": "low", "L002": "high"}
        for record_id, label in self.labels.items():
            body = written[record_id].body
            assert names.get(body.get("label_id", "")) == label
            assert (body["score"] is None) == (label is None)
        decisions = [entry for entry in entries if entry.kind == "decision"]
        assert len(decisions) == self.calls
        assert sum(entry.body["ended_by"] == "error" for entry in decisions) == self.raised
        run = self.ledger.run
        numbers = [entry.record["producer_seq"] for entry in entries if entry.record["producer_run"] == run]
        assert sorted(numbers) == list(range(len(numbers)))
        self.ledger.close()


LedgerMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestLedger = LedgerMachine.TestCase
