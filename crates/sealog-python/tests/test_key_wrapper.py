"""Key-encryption keys that a Python object keeps: round trips, wrong ones, and those that fail."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import threading
import traceback
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import in_threads
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import sealog
from sealog.privacy import KeyWrapper, Policy, reveal, seal

KIND = "org.example.note"
SECRET = "ada@example.com"


class Service:
    """Keeps keys in a dictionary, by handles: what nobody should do, and what shows all that it was asked."""

    def __init__(self) -> None:
        self.id = "service-1"
        self.kept: dict[bytes, tuple[bytes, bytes]] = {}
        self.asked: list[str] = []

    def wrap(self, key: bytes, context: bytes, /) -> bytes:
        assert type(key) is bytes and type(context) is bytes and len(key) == 32
        self.asked.append("wrap")
        handle = uuid.uuid4().bytes
        self.kept[handle] = (key, context)
        return handle

    def unwrap(self, wrapped: bytes, context: bytes, /) -> bytes:
        self.asked.append("unwrap")
        key, bound = self.kept[wrapped]
        if bound != context:
            raise PermissionError("another context")
        return key


class Cipher:
    """Wraps under a key of its own, bound to the context."""

    def __init__(self, key: bytes = bytes(32), id: str = "cipher-1") -> None:
        self.id = id
        self.cipher = AESGCM(key)

    def wrap(self, key: bytes, context: bytes, /) -> bytes:
        nonce = os.urandom(12)
        return nonce + self.cipher.encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, context: bytes, /) -> bytes:
        return self.cipher.decrypt(wrapped[:12], wrapped[12:], context)


@pytest.fixture
def opened(tmp_path: Path) -> Any:
    def make(wrapper: KeyWrapper | None, **settings: Any) -> sealog.Ledger:
        settings.setdefault("privacy", Policy({"format": "sealog/privacy-policy/v1", "types": {"EMAIL": "seal"}}))
        places: dict[str, Any] = {"state_dir": tmp_path / "state", "config_dir": tmp_path / "config"}
        return sealog.open(tmp_path / "audit.sealog", key_wrapper=wrapper, **places, **settings)

    return make


def files(directory: Path) -> list[bytes]:
    held = [path.read_bytes() for path in directory.rglob("*") if path.is_file()]
    assert held
    return held


def forms(key: bytes) -> list[bytes]:
    return [key, key.hex().encode(), base64.b64encode(key), base64.urlsafe_b64encode(key)]


def code(error: BaseException) -> str:
    return str(getattr(error, "code", ""))


@pytest.mark.parametrize("make", [Service, Cipher])
def test_what_it_wrapped_opens_again_and_no_key_is_in_any_file(
    opened: Any, tmp_path: Path, make: Callable[[], KeyWrapper]
) -> None:
    wrapper = make()
    with opened(wrapper) as ledger:
        index = ledger.append(KIND, {"text": SECRET}, subject="ada").index
        reference = ledger.subject_ref("ada")
    assert not (tmp_path / "audit.sealog.secrets" / "kek.key").exists()
    with opened(wrapper) as ledger:
        assert ledger.subject_ref("ada") == reference
        assert ledger.reveal(index, "/text", by="auditor-1") == SECRET.encode()
        assert ledger.verify().exit_code == 0
    if isinstance(wrapper, Service):
        keys = [form for key, _ in wrapper.kept.values() for form in forms(key)]
        assert len(wrapper.kept) == 2 and len({context for _, context in wrapper.kept.values()}) == 2
        assert not any(key in held for held in files(tmp_path) for key in keys)


def test_erasing_a_person_works_with_it(opened: Any, tmp_path: Path) -> None:
    wrapper = Service()
    with opened(wrapper) as ledger:
        indices = {name: ledger.append(KIND, {"text": SECRET}, subject=name).index for name in ("ada", "grace")}
        handles = list(wrapper.kept)
        erased = ledger.erase("ada", by="officer-1", request="r-1")
        assert (erased.entries, len(erased.key_ids), erased.residue) == (1, 1, [])
        with pytest.raises(OSError, match="data key") as gone:
            ledger.reveal(indices["ada"], "/text", by="auditor-1")
        assert code(gone.value) == "data_key"
        assert ledger.reveal(indices["grace"], "/text", by="auditor-1") == SECRET.encode()
    # What it had wrapped of that person is in no file; of the other it is.
    held = [any(handle in content for content in files(tmp_path)) for handle in handles]
    assert sorted(held) == [False, True, True]


def test_single_values_and_ledgers_in_memory(opened: Any) -> None:
    wrapper = Service()
    with sealog.memory(key_wrapper=wrapper) as ledger:
        assert reveal(ledger, seal(ledger, "a secret", subject="ada"), by="auditor-1") == b"a secret"
    assert "wrap" in wrapper.asked and "unwrap" in wrapper.asked


def test_a_wrong_wrapper_opens_nothing(opened: Any, tmp_path: Path) -> None:
    with opened(Cipher()) as ledger:
        assert ledger.append(KIND, {"text": SECRET}, subject="ada").index == 2
    store = tmp_path / "audit.sealog.secrets" / "keys.sqlite"
    before = store.read_bytes()
    with opened(Cipher(b"x" * 32)) as ledger:
        with pytest.raises(OSError, match="unwrap raised .*InvalidTag") as failed:
            ledger.reveal(2, "/text", by="auditor-1")
        assert code(failed.value) == "key_wrapper"
        with pytest.raises(OSError) as failed:
            ledger.append(KIND, {"text": SECRET}, subject="grace")
        assert code(failed.value) == "key_wrapper"
    with opened(Cipher(id="cipher-2")) as ledger:
        with pytest.raises(OSError, match="cipher-1, and cipher-2 is at hand") as failed:
            ledger.reveal(2, "/text", by="auditor-1")
        assert code(failed.value) == "key_store"
    with opened(None) as ledger, pytest.raises(sealog.RefusedError) as missing:
        ledger.reveal(2, "/text", by="auditor-1")
    assert missing.value.code == "key_missing"
    assert store.read_bytes() == before
    with opened(Cipher()) as ledger:
        assert ledger.reveal(2, "/text", by="auditor-1") == SECRET.encode()


def answering(wrap: Any = None, unwrap: Any = None) -> KeyWrapper:
    right = Cipher()
    if wrap is not None:
        right.wrap = wrap  # type: ignore[method-assign]
    if unwrap is not None:
        right.unwrap = unwrap  # type: ignore[method-assign]
    return right


def telling(key: bytes, context: bytes) -> bytes:
    raise ValueError(f"cannot wrap {key!r} {key.hex()}")


@pytest.mark.parametrize(
    ("wrapper", "said"),
    [
        (answering(wrap=telling), "wrap raised ValueError"),
        (answering(wrap=lambda key, context: None), "wrap returned NoneType, not bytes"),
        (answering(wrap=lambda key, context: key.hex()), "wrap returned str, not bytes"),
        (answering(wrap=lambda key, context: b"x" * 15), "it has 15 bytes"),
        (answering(wrap=lambda key, context: b"x" * (16 * 1024 + 1)), "it has 16385 bytes"),
        (answering(wrap=lambda key, context: key), "in the clear"),
        (answering(wrap=lambda key, context: b"header " + key + b" end"), "in the clear"),
        (answering(wrap=lambda key, context: b"x" * 40), "unwrap raised .*InvalidTag"),
        (answering(unwrap=lambda wrapped, context: b"k" * 32), "gives back another key"),
        (answering(unwrap=lambda wrapped, context: b"k" * 31), "unwrap returned 31 bytes, not 32"),
        (answering(unwrap=lambda wrapped, context: bytearray(33)), "unwrap returned 33 bytes, not 32"),
        (answering(unwrap=lambda wrapped, context: memoryview(b"k")), "unwrap returned memoryview, not bytes"),
        (answering(wrap=lambda key: key), "wrap raised TypeError"),
    ],
)
def test_one_that_fails_stores_nothing_and_tells_no_key(
    opened: Any, tmp_path: Path, wrapper: KeyWrapper, said: str
) -> None:
    keys: list[bytes] = []
    plain = wrapper.wrap

    def noting(key: bytes, context: bytes) -> bytes:
        keys.append(key)
        return plain(key, context)

    if said != "wrap raised TypeError":
        wrapper.wrap = noting  # type: ignore[method-assign]
    with opened(wrapper) as ledger:
        ledger.append(KIND, {"n": 0})
        with pytest.raises(OSError, match=said) as failed:
            ledger.append(KIND, {"text": SECRET}, subject="ada")
        assert code(failed.value) == "key_wrapper"
        with pytest.warns(sealog.RecordLostWarning):
            assert ledger.append(KIND, {"text": SECRET}, subject="ada", on_error="record_gap") is None
        ledger.flush()
        kinds = [entry.kind for entry in ledger.entries()]
        assert (kinds.count(KIND), kinds.count("gap.declared")) == (1, 1)
    told = "".join(traceback.format_exception(failed.value)).encode()
    for key in keys:
        assert not any(form in told for form in [*forms(key), repr(key).encode()])
        assert not any(form in held for held in files(tmp_path) for form in forms(key))
    assert not any(SECRET.encode() in held for held in files(tmp_path))


def test_one_that_recovers_goes_on(opened: Any) -> None:
    right, state = Cipher(), {"away": False}

    def wrap(key: bytes, context: bytes) -> bytes:
        if state["away"]:
            raise ConnectionError("the line to the service")
        return right.wrap(key, context)

    with opened(answering(wrap=wrap)) as ledger:
        ledger.append(KIND, {"text": SECRET}, subject="ada")
        state["away"] = True
        with pytest.raises(OSError, match="wrap raised ConnectionError") as failed:
            ledger.append(KIND, {"text": SECRET}, subject="grace")
        assert "line" not in str(failed.value)
        # Keys at hand are not asked for.
        ledger.append(KIND, {"text": SECRET}, subject="ada")
        state["away"] = False
        ledger.append(KIND, {"text": SECRET}, subject="grace")
        assert ledger.verify().exit_code == 0


def test_bytearrays_are_taken_too(opened: Any) -> None:
    cipher = Cipher()
    taking = answering(
        wrap=lambda key, context: bytearray(cipher.wrap(key, context)),
        unwrap=lambda wrapped, context: bytearray(cipher.unwrap(wrapped, context)),
    )
    with opened(taking) as ledger:
        index = ledger.append(KIND, {"text": SECRET}, subject="ada").index
    with opened(cipher) as ledger:
        assert ledger.reveal(index, "/text", by="auditor-1") == SECRET.encode()


async def later(key: bytes, context: bytes) -> bytes:
    return key


@pytest.mark.parametrize(
    ("wrapper", "error", "said"),
    [
        (object(), AttributeError, "id"),
        ("cipher", AttributeError, "id"),
        (Cipher(id=3), TypeError, "str"),  # type: ignore[arg-type]
        (answering(wrap=3), sealog.FormatError, "wrap cannot be called"),
        (answering(unwrap="x"), sealog.FormatError, "unwrap cannot be called"),
        (answering(wrap=later), sealog.FormatError, "coroutine"),
    ],
)
def test_what_makes_no_wrapper(opened: Any, tmp_path: Path, wrapper: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        opened(wrapper)
    assert not (tmp_path / "audit.sealog").exists()


@pytest.mark.parametrize("id", ["", "a\nb", "schl\u00fcssel", "x" * 201])
def test_an_id_that_is_none_is_refused_before_anything_is_wrapped(opened: Any, id: str) -> None:
    with opened(Cipher(id=id)) as ledger:
        with pytest.raises(sealog.FormatError, match="id of the key wrapper"):
            ledger.append(KIND, {"text": SECRET}, subject="ada")


def test_one_that_uses_the_ledger_is_refused_and_nobody_waits_for_ever(opened: Any) -> None:
    ledger: sealog.Ledger
    right = Cipher()

    def wrap(key: bytes, context: bytes) -> bytes:
        with pytest.raises(sealog.RefusedError, match="must not use a ledger"):
            ledger.subject_ref("grace")
        return right.wrap(key, context)

    with opened(answering(wrap=wrap)) as ledger:
        index = ledger.append(KIND, {"text": SECRET}, subject="ada").index
        assert ledger.reveal(index, "/text", by="auditor-1") == SECRET.encode()


def test_many_threads_and_a_slow_service(opened: Any) -> None:
    right, pause = Cipher(), threading.Event()

    def slowly(call: Callable[[bytes, bytes], bytes]) -> Callable[[bytes, bytes], bytes]:
        def slow(bytes: bytes, context: bytes) -> bytes:
            pause.wait(0.005)
            return call(bytes, context)

        return slow

    with opened(answering(slowly(right.wrap), slowly(right.unwrap))) as ledger:

        def work(number: int) -> None:
            for n in range(5):
                receipt = ledger.append(KIND, {"text": SECRET}, subject=f"person {number} {n}")
                ledger.enqueue(KIND, {"text": SECRET}, subject=f"person {number} {n} queued")
                assert ledger.reveal(receipt.index, "/text", by="auditor-1") == SECRET.encode()

        in_threads(work)
        ledger.flush()
        assert ledger.queue.lost == 0
        assert ledger.verify().exit_code == 0


def test_one_that_asks_a_program_and_a_forked_child(opened: Any) -> None:
    right = Cipher()

    def unwrap(wrapped: bytes, context: bytes) -> bytes:
        subprocess.run(["true"], check=True)
        return right.unwrap(wrapped, context)

    with opened(answering(unwrap=unwrap)) as ledger:
        first = ledger.append(KIND, {"text": SECRET}, subject="ada").index
        child = os.fork()
        if child == 0:
            status = 1
            try:
                shown = ledger.reveal(first, "/text", by="child")
                ledger.append(KIND, {"text": SECRET}, subject="grace")
                ledger.close()
                status = int(shown != SECRET.encode())
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert ledger.reveal(first, "/text", by="parent") == SECRET.encode()


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_while_it_is_asked_is_not_lost(opened: Any) -> None:
    def wrap(key: bytes, context: bytes) -> bytes:
        signal.raise_signal(signal.SIGINT)
        return key

    with opened(answering(wrap=wrap)) as ledger, pytest.raises(KeyboardInterrupt):
        ledger.append(KIND, {"text": SECRET}, subject="ada", on_error="record_gap")


def test_the_cipher_of_these_tests_binds_the_context() -> None:
    wrapped = Cipher().wrap(b"k" * 32, b"one")
    with pytest.raises(InvalidTag):
        Cipher().unwrap(wrapped, b"two")
