"""Whole pieces of work, done by Sealog and by a predecessor.

Each function does the work once in a folder of its own and says what a unit of it took. What has to be there before
(keys, ledgers, values) is made before the clock starts. Each asserts that the work was done.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ai_audit
import sealog
from ai_audit.keys import get_signing_key
from caller import KIND, VARIANTS, configured, emit, features, life, opened, provenance, receipt, text
from clock import Spent, spend

LEAVES = [os.urandom(600) for _ in range(2048)]
"""A full batch of ai-audit-trail's."""

Work = Callable[[Path], Spent]


@dataclass(frozen=True)
class Recorded:
    """What is verified: the same number of decisions, recorded by each."""

    folder: Path
    decisions: int
    vkey: str
    receipts: list[ai_audit.DecisionReceipt]
    verify_key: str

    @staticmethod
    def make(folder: Path, decisions: int) -> Recorded:
        with opened(folder) as ledger, configured(ledger):
            _enqueue_decisions(ledger, decisions)
            vkey = ledger.vkey
        logger = provenance(folder)
        _record_decisions(logger, decisions)
        logger.close()
        store = ai_audit.ReceiptStore(max_size=decisions)
        words = [text(100) for _ in range(VARIANTS)]
        ids = []
        for at in range(decisions):
            one = receipt(words[at % VARIANTS])
            store.atomic_seal_and_append(one, get_signing_key())
            ids.append(one.receipt_id)
        receipts = [store.get(receipt_id) for receipt_id in ids]
        return Recorded(folder, decisions, vkey, receipts, ai_audit.get_verify_key_hex())

    def verify(self, folder: Path) -> Spent:
        """From the files: every byte hashed again, form, schema, chains, tree, roots, labels, newest signature."""
        found: list[sealog.Report] = []
        spent = spend(lambda: found.append(sealog.verify(self.folder / "b.sealog", key=self.vkey)), self.decisions)
        assert found[0].exit_code == 0 and found[0].size > self.decisions, found
        return spent

    def verify_chain(self, folder: Path) -> Spent:
        """Receipts that are objects in memory already; nothing is read or parsed."""
        found: list[ai_audit.VerificationResult] = []
        spent = spend(lambda: found.append(ai_audit.verify_chain(self.receipts, self.verify_key)), self.decisions)
        assert found[0].valid and found[0].verified_receipts == self.decisions, found
        return spent

    def provenance_verify(self, folder: Path) -> Spent:
        """From the database; no record is hashed again, only the links between stored hashes."""
        logger = provenance_again(self.folder)
        found: list[Any] = []
        spent = spend(lambda: found.append(logger.verify()), self.decisions)
        assert found[0][0] and f"{self.decisions} records" in found[0][1], found
        logger.close()
        return spent


def provenance_again(folder: Path) -> Any:
    from decision_provenance import ProvenanceLogger

    return ProvenanceLogger("m-1", "1.0", db_path=folder / "provenance.db")


def record(decisions: int) -> Work:
    """Decisions queued and durable: each with a label from its configuration, input and output committed to."""

    def done(folder: Path) -> Spent:
        with opened(folder) as ledger, configured(ledger):
            ledger.enqueue(KIND, {})
            ledger.flush()
            before = ledger.size
            spent = spend(lambda: _enqueue_decisions(ledger, decisions), decisions)
            assert ledger.size == before + decisions
        return spent

    return done


def _enqueue_decisions(ledger: sealog.Ledger, decisions: int) -> None:
    given = [features() for _ in range(VARIANTS)]
    for at in range(decisions):
        values = given[at % VARIANTS]
        score = values["f0"]
        config = ledger.config.show("threshold")
        body = {
            "decision_id": f"d-{at}",
            "model_id": "m-1",
            "model_version": "1.0",
            "model_state": "unverified",
            "model_reason": "benchmark",
            "config_digest": config.digest,
            "score": score,
            "label_id": config.label_of(score),
            "label_source": "derived",
        }
        commit = {"input_digest": values, "output_digest": {"score": score}}
        ledger.enqueue("decision", body, commit=commit)
    ledger.flush()


def provenance_record(decisions: int) -> Work:
    """The same decisions in SQLite, WAL with synchronous NORMAL as the package sets it: not durable on return."""

    def done(folder: Path) -> Spent:
        logger = provenance(folder)
        spent = spend(lambda: _record_decisions(logger, decisions), decisions)
        assert logger.chain.record_count == decisions
        logger.close()
        return spent

    return done


def _record_decisions(logger: Any, decisions: int) -> None:
    given = [features() for _ in range(VARIANTS)]
    for at in range(decisions):
        values = given[at % VARIANTS]
        logger.record(input_features=values, output={"score": values["f0"]}, score=values["f0"])


def collected(decisions: int) -> Work:
    """Collectors' lives until their records are durable."""

    def done(folder: Path) -> Spent:
        words = [text(100) for _ in range(VARIANTS)]
        with opened(folder) as ledger:

            def lives() -> None:
                for at in range(decisions):
                    life(ledger, words[at % VARIANTS])
                ledger.flush()

            ledger.enqueue(KIND, {})
            ledger.flush()
            before = ledger.size
            spent = spend(lives, decisions)
            assert ledger.size == before + decisions
        return spent

    return done


def emitted(decisions: int) -> Work:
    """The same lives in ai-audit-trail; receipts stay in memory."""

    def done(folder: Path) -> Spent:
        words = [text(100) for _ in range(VARIANTS)]
        store = ai_audit.ReceiptStore(max_size=decisions)

        def lives() -> None:
            for at in range(decisions):
                emit(store, words[at % VARIANTS])

        spent = spend(lives, decisions)
        assert store.count == decisions
        return spent

    return done


def tree_root(folder: Path) -> Spent:
    found: list[bytes] = []
    spent = spend(lambda: found.append(sealog.tree_root(LEAVES)), 1)
    assert found[0] == ai_audit.merkle_root(LEAVES), "one root for one list of leaves"
    return spent


def merkle_root(folder: Path) -> Spent:
    return spend(lambda: ai_audit.merkle_root(LEAVES), 1)


def append_many(batches: int) -> Work:
    """Batches of 2,048 records in memory: canonical form, envelope, tree, map and a signed checkpoint each."""

    def done(folder: Path) -> Spent:
        with sealog.memory() as ledger:
            ledger.append(KIND, {})
            values = [text(500) for _ in range(VARIANTS)]
            batch = [sealog.Record(KIND, {"text": values[at % VARIANTS]}) for at in range(2048)]

            def work() -> None:
                for _ in range(batches):
                    ledger.append_many(batch)

            before = ledger.size
            spent = spend(work, 2048 * batches)
            assert ledger.size == before + 2048 * batches
        return spent

    return done


def batcher(batches: int) -> Work:
    """Batches of 2,048 payloads of 600 B that are bytes already, one signed root each."""

    def done(folder: Path) -> Spent:
        made = ai_audit.MerkleBatcher("acme", get_signing_key(), max_batch_size=2048)

        def work() -> None:
            for at, leaf in zip(range(2048 * batches), itertools.cycle(LEAVES)):
                made.add(f"r-{at}", leaf)

        spent = spend(work, 2048 * batches)
        assert len(made.seals) == batches and made.pending_count == 0
        return spent

    return done
