"""What a call costs the thread that makes it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ai_audit
import sealog
from ai_audit.keys import get_signing_key
from clock import Calls, call
from decision_provenance import ProvenanceLogger
from sealog import Ledger

KIND = "org.example.measurement"
"""A kind of the host's own: its body is free."""

VARIANTS = 64
"""Different values that calls go round in, so that no call finds all of its value in the nearest cache."""


def opened(folder: Path) -> Ledger:
    """A ledger on disk as a user gets it, but for where it keeps what it keeps outside of itself."""
    return sealog.open(folder / "b.sealog", state_dir=folder / "state", config_dir=folder / "config")


def text(length: int) -> str:
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyz     ", k=length))


def eight_fields() -> dict[str, Any]:
    return {
        "request": f"r-{random.randrange(10**9)}",
        "user": f"u-{random.randrange(10**6)}",
        "amount": random.random() * 1000,
        "items": random.randrange(50),
        "retried": False,
        "channel": "web",
        "country": "AT",
        "text": text(1024),
    }


def thirty_floats() -> dict[str, Any]:
    return {"features": [random.random() for _ in range(30)], "text": text(500)}


def features() -> dict[str, float]:
    return {f"f{at}": random.random() for at in range(8)}


Round = Callable[[Path, int], Calls]
"""A round in a folder of its own, of so many calls."""


def enqueue(body: Callable[[], dict[str, Any]]) -> Round:
    def measured(folder: Path, calls: int) -> Calls:
        with opened(folder) as ledger:
            bodies = [body() for _ in range(VARIANTS)]
            ledger.enqueue(KIND, bodies[0])
            ledger.flush()
            before = ledger.size
            taken = call(lambda one: ledger.enqueue(KIND, one), _cycle(bodies, calls), ledger.flush)
            assert ledger.size == before + calls, "every call has its entry"
            return taken

    return measured


def append_in_memory(folder: Path, calls: int) -> Calls:
    with sealog.memory() as ledger:
        bodies = [eight_fields() for _ in range(VARIANTS)]
        ledger.append(KIND, bodies[0])
        return call(lambda one: ledger.append(KIND, one), _cycle(bodies, calls), ledger.flush)


def decorator(folder: Path, calls: int) -> Calls:
    with opened(folder) as ledger, configured(ledger):

        @ledger.decision(score="result.score", config="threshold", model="m-1")
        def predict(features: dict[str, float]) -> dict[str, float]:
            return {"score": features["f0"]}

        given = [features() for _ in range(VARIANTS)]
        predict(given[0])
        ledger.flush()
        before = ledger.size
        taken = call(predict, _cycle(given, calls), ledger.flush)
        assert ledger.size == before + calls, "every call has its entry"
        return taken


def provenance_decorator(folder: Path, calls: int) -> Calls:
    logger = provenance(folder)

    @logger.log(score_fn=lambda output: output["score"])
    def predict(features: dict[str, float]) -> dict[str, float]:
        return {"score": features["f0"]}

    given = [features() for _ in range(VARIANTS)]
    predict(given[0])
    taken = call(predict, _cycle(given, calls), lambda: None)
    assert logger.chain.record_count == calls + 1, "every call has its record"
    logger.close()
    return taken


def receipt_seal(folder: Path, calls: int) -> Calls:
    key = get_signing_key()

    def seal(words: str) -> None:
        receipt(words).seal(key)

    return call(seal, _cycle([text(100) for _ in range(VARIANTS)], calls), lambda: None)


def collector_emit(folder: Path, calls: int) -> Calls:
    store = ai_audit.ReceiptStore()
    words = [text(100) for _ in range(VARIANTS)]
    taken = call(lambda one: emit(store, one), _cycle(words, calls), lambda: None)
    assert store.count == calls, "every call has its receipt"
    return taken


def receipt(words: str) -> ai_audit.DecisionReceipt:
    """A receipt with one check, not sealed."""
    check = ai_audit.CheckRecord(name="safety", score=0.2, threshold=0.5, fired=False)
    return ai_audit.DecisionReceipt(
        trace_id="t-1", session_id="s-1", tenant_id="acme", model_id="m-1", input_c14n=words, checks=[check]
    )


def emit(store: ai_audit.ReceiptStore, words: str) -> None:
    """The life of a collector."""
    collector = ai_audit.ReceiptCollector(trace_id="t-1", session_id="s-1", tenant_id="acme", model_id="m-1")
    try:
        collector.set_input(words)
        collector.set_output("approved")
        collector.add_check("safety", score=0.2, threshold=0.5, fired=False)
        collector.set_action(ai_audit.ReceiptAction.ALLOW)
        collector.emit(store)
    finally:
        collector.cleanup()


def life(ledger: Ledger, words: str) -> None:
    """The same by Sealog's: input and output committed to, one check, an action."""
    with ledger.collect() as collector:
        collector.trace("t-1")
        collector.session("s-1")
        collector.model("m-1")
        collector.input(words)
        collector.output("approved")
        collector.check("safety", False, score=0.2, threshold=0.5)
        collector.action("allow")


def collect(folder: Path, calls: int) -> Calls:
    with opened(folder) as ledger:
        words = [text(100) for _ in range(VARIANTS)]
        life(ledger, words[0])
        ledger.flush()
        before = ledger.size
        taken = call(lambda one: life(ledger, one), _cycle(words, calls), ledger.flush)
        assert ledger.size == before + calls, "every call has its entry"
        return taken


@contextmanager
def configured(ledger: Ledger) -> Iterator[None]:
    """A ledger with two labels and one configuration."""
    for label in ("denied", "approved"):
        ledger.labels.add(label, by="ann", reason="benchmark")
    labels = ["denied", "approved"]
    ledger.config.set("threshold", thresholds=[0.5], labels=labels, by="ann", reason="benchmark")
    yield


def provenance(folder: Path) -> ProvenanceLogger:
    """The same in decision-provenance."""
    logger = ProvenanceLogger("m-1", "1.0", db_path=folder / "provenance.db")
    logger.init_chain(changed_by="ann", reason="benchmark")
    logger.set_config(
        threshold=0.5, above_label="approved", below_label="denied", changed_by="ann", change_reason="benchmark"
    )
    return logger


def _cycle(values: list[Any], count: int) -> list[Any]:
    return [values[at % len(values)] for at in range(count)]
