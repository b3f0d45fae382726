"""A Python callable signs the log: in time, wrongly, too slowly, or not at all."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import sealog

ORIGIN = "example.org/elsewhere"
KIND = "org.example.note"
KEY = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
VKEY = sealog.log_vkey(ORIGIN, KEY.public_key().public_bytes_raw())

Sign = Callable[[bytes], Any]


def opened(places: Path, signer: Sign, **options: Any) -> sealog.Ledger:
    return sealog.open(places / "a.sealog", signer=signer, vkey=VKEY, **options)


def holds(places: Path) -> int:
    report = sealog.verify(places / "a.sealog", key=VKEY, all_signatures=True)
    assert report.exit_code == 0, report
    return report.size


class Service:
    """Signs with the key, unless told otherwise; notes on which threads it was asked."""

    def __init__(self) -> None:
        self.answer: Sign = KEY.sign
        self.threads: set[str] = set()

    def __call__(self, message: bytes) -> Any:
        assert type(message) is bytes
        self.threads.add(threading.current_thread().name)
        return self.answer(message)


def test_a_callable_signs_a_ledger(places: Path) -> None:
    service = Service()
    with opened(places, service) as ledger:
        assert (ledger.origin, ledger.vkey) == (ORIGIN, VKEY)
        receipt = ledger.append(KIND, {"n": 1})
        assert sealog.verify_receipt(receipt.bytes, key=VKEY).exit_code == 0

        @ledger.decision(score="result")
        def predict(x: float) -> float:
            return x

        _, decided = predict.audited(0.5)
        assert decided.index == receipt.index + 1
    assert not (places / "a.sealog.secrets" / "log.key").exists()
    with opened(places, lambda message: bytearray(KEY.sign(message))) as ledger:
        ledger.append(KIND, {"n": 2})
    assert threading.main_thread().name not in service.threads
    assert holds(places) >= 6


def wrong(message: bytes) -> bytes:
    return KEY.sign(message + b" ")


def raising(message: bytes) -> bytes:
    raise PermissionError("the vault is sealed")


def silent(message: bytes) -> bytes:
    raise RuntimeError


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (wrong, "does not verify under its key"),
        (raising, "PermissionError: the vault is sealed"),
        (silent, "RuntimeError"),
        (lambda message: None, "it returned NoneType, not bytes"),
        (lambda message: "x" * 64, "it returned str, not bytes"),
        (lambda message: b"x" * 63, "it returned 63 bytes, not 64"),
        (lambda message: b"x" * 65, "it returned 65 bytes, not 64"),
        (lambda message: exit(3), "SystemExit: 3"),
    ],
)
def test_without_a_signature_nothing_is_written(places: Path, answer: Sign, said: str) -> None:
    service = Service()
    with opened(places, service) as ledger:
        before = ledger.append(KIND, {"n": 0}).index
        service.answer = answer
        with pytest.raises(sealog.RefusedError, match=said) as caught:
            ledger.append(KIND, {"n": 1})
        assert caught.value.code == "signer"
        assert ORIGIN in str(caught.value)
        assert ledger.size == before + 1
        service.answer = KEY.sign
        assert ledger.append(KIND, {"n": 1}).index == before + 1
    holds(places)


def test_a_signer_that_is_too_slow_is_refused_and_the_ledger_goes_on(places: Path) -> None:
    service, let_go = Service(), threading.Event()
    with opened(places, service, signer_wait=0.3) as ledger:
        before = ledger.append(KIND, {"n": 0}).index

        def slow(message: bytes) -> bytes:
            let_go.wait(30)
            return KEY.sign(message)

        service.answer = slow
        for _ in range(2):
            begun = time.monotonic()
            with pytest.raises(sealog.RefusedError, match="did not answer within 300 ms"):
                ledger.append(KIND, {"n": 1})
            assert time.monotonic() - begun < 15
        service.answer = KEY.sign
        let_go.set()
        assert append_in_the_end(ledger) == before + 1
    holds(places)


def append_in_the_end(ledger: sealog.Ledger) -> int:
    deadline = time.monotonic() + 20
    while True:
        try:
            return ledger.append(KIND, {"n": 1}).index
        except sealog.RefusedError:
            assert time.monotonic() < deadline


def test_a_signer_that_uses_its_ledger_waits_for_nobody_beyond_the_deadline(places: Path) -> None:
    service = Service()
    with opened(places, service, signer_wait=0.3) as ledger:
        ledger.append(KIND, {"n": 0})

        def entangled(message: bytes) -> bytes:
            try:
                ledger.append(KIND, {"n": "from inside"})
            except sealog.SealogError:
                pass
            return KEY.sign(message)

        service.answer = entangled
        with pytest.raises(sealog.RefusedError):
            ledger.append(KIND, {"n": 1})
        service.answer = KEY.sign
        append_in_the_end(ledger)
    holds(places)


def test_threads_that_append_and_look_while_a_slow_signer_signs(places: Path) -> None:
    def slow(message: bytes) -> bytes:
        time.sleep(0.01)
        return KEY.sign(message)

    failed: list[BaseException] = []
    with opened(places, slow) as ledger:

        def work(number: int) -> None:
            try:
                for n in range(5):
                    receipt = ledger.append(KIND, {"by": number, "n": n})
                    assert ledger.size > receipt.index
                    assert ledger.vkey == VKEY
                    assert ledger.entry(receipt.index).body["by"] == number
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
    assert not failed
    assert holds(places) >= 31


def test_queued_records_of_a_signer_that_fails_become_a_gap(places: Path) -> None:
    service = Service()
    with opened(places, service) as ledger:
        ledger.append(KIND, {"n": 0})
        service.answer = raising
        ledger.enqueue(KIND, {"n": 1})
        with pytest.raises(sealog.RefusedError, match="the vault is sealed"):
            ledger.flush()
        service.answer = KEY.sign
        ledger.flush()
        gaps = [entry.body for entry in ledger.entries() if entry.kind == "gap.declared"]
        assert [gap["cause"] for gap in gaps] == ["append_failed"]
    holds(places)


def test_a_forked_child_signs_too(places: Path) -> None:
    with opened(places, Service()) as ledger:
        ledger.append(KIND, {"by": "parent"})
        child = os.fork()
        if child == 0:
            status = 1
            try:
                ledger.append(KIND, {"by": "child"})
                ledger.close()
                status = 0
            finally:
                os._exit(status)
        ledger.append(KIND, {"by": "parent again"})
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        by = [entry.body["by"] for entry in ledger.entries() if entry.kind == KIND]
    assert sorted(by) == ["child", "parent", "parent again"]
    holds(places)


def test_the_end_of_the_interpreter_closes_the_run(places: Path) -> None:
    from test_process import run

    run(
        places,
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        key = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
        vkey = sealog.log_vkey("example.org/elsewhere", key.public_key().public_bytes_raw())
        ledger = sealog.open(PATH, signer=key.sign, vkey=vkey)
        ledger.enqueue("org.example.note", {"n": 1})
        """,
    )
    report = sealog.verify(places / "a.sealog", key=VKEY)
    runs = report.to_dict()["runs"]
    assert (report.exit_code, runs["open"], runs["closed_whole"]) == (0, 0, 1)


async def coroutine(message: bytes) -> bytes:
    return KEY.sign(message)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"signer": KEY.sign}, ValueError, "go together"),
        ({"vkey": VKEY}, ValueError, "go together"),
        ({"signer": 3, "vkey": VKEY}, ValueError, "cannot be called"),
        ({"signer": KEY.sign, "vkey": "x"}, ValueError, "vkey"),
        ({"signer": KEY.sign, "vkey": VKEY[:-1] + "A"}, ValueError, "vkey"),
        ({"signer": coroutine, "vkey": VKEY}, TypeError, "coroutine"),
        ({"signer": KEY.sign, "vkey": VKEY, "origin": "example.org/other"}, ValueError, "origin"),
        ({"signer": KEY.sign, "vkey": VKEY, "signer_wait": -1}, ValueError, "signer_wait"),
    ],
)
def test_what_makes_no_signer(places: Path, given: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        sealog.open(places / "a.sealog", **given)
    assert not (places / "a.sealog").exists()


def test_another_key_than_the_logs_is_refused(places: Path) -> None:
    opened(places, KEY.sign).close()
    other = Ed25519PrivateKey.generate()
    vkey = sealog.log_vkey(ORIGIN, other.public_key().public_bytes_raw())
    with pytest.raises(sealog.RefusedError) as caught:
        sealog.open(places / "a.sealog", signer=other.sign, vkey=vkey)
    assert caught.value.code == "key_mismatch"


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), bytes(32)])
def test_a_public_key_that_is_none(key: bytes) -> None:
    with pytest.raises(ValueError):
        sealog.log_vkey(ORIGIN, key)
