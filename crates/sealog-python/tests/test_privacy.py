"""Policies over text and over records, persons under pseudonyms, sealed values, and erasing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sealog
from sealog.privacy import Policy, reveal, seal

MAIL = "john.doe@example.com"
FORMAT = "sealog/privacy-policy/v1"


def policy(**members: Any) -> Policy:
    return Policy({"format": FORMAT, **members})


def body(ledger: sealog.Ledger, index: int) -> dict[str, Any]:
    return dict(ledger.entry(index).body)


def test_a_policy_redacts_text_and_says_where() -> None:
    redacted = Policy().redact(f"Füße: {MAIL}, again {MAIL}")
    assert redacted.text == "Füße: [EMAIL], again [EMAIL]"
    assert redacted.counts == {"EMAIL": 2}
    assert redacted.spans == [(6, 26, "EMAIL"), (34, 54, "EMAIL")]
    assert MAIL not in repr(redacted)


def test_a_policy_redacts_values_and_keeps_their_shape() -> None:
    value = {"to": [MAIL, 7], "ok": True, "card": 4111111111111111}
    assert Policy().redact_value(value) == {"to": ["[EMAIL]", 7], "ok": True, "card": "[CREDIT_CARD]"}


def test_policies_are_read_from_objects_and_text_and_have_one_digest() -> None:
    members = {"format": FORMAT, "types": {"EMAIL": "mask"}}
    text = json.dumps(members, indent=2)
    assert Policy(members).digest == Policy(text).digest == Policy(text.encode()).digest
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", Policy().digest)
    assert Policy(members).types["EMAIL"] == "mask"
    assert Policy(members).digest != Policy().digest


@pytest.mark.parametrize("wrong", [{}, {"format": FORMAT, "types": {"NOBODY": "drop"}}, "no json", b"\xff"])
def test_what_is_no_policy_is_refused(wrong: Any) -> None:
    with pytest.raises(sealog.FormatError):
        Policy(wrong)


@pytest.mark.parametrize("mode", ["token", "commit", "seal"])
def test_without_a_ledger_modes_that_need_keys_are_refused(mode: str) -> None:
    needs = policy(types={"EMAIL": mode})
    with pytest.raises(sealog.RefusedError, match="key store"):
        needs.redact("nothing")
    with pytest.raises(sealog.RefusedError, match="key store"):
        needs.redact_value({})


class Customers:
    name = "CUSTOMER"
    version = "1"

    def find(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"(?i)k\d{4}", text)]


def test_a_recogniser_of_ones_own_finds_and_enters_the_digest() -> None:
    own = Policy(recognisers=[Customers()])
    assert own.redact("für K1234 und K9").text == "für [CUSTOMER] und K9"

    class Newer(Customers):
        version = "2"

    assert len({own.digest, Policy().digest, Policy(recognisers=[Newer()]).digest}) == 3


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_recogniser_that_raises_keeps_nothing_of_the_text() -> None:
    class Broken(Customers):
        def find(self, text: str) -> list[tuple[int, int]]:
            raise LookupError("private")

    assert Policy(recognisers=[Broken()]).redact("who knows").text == "[CUSTOMER]"
    long = "who knows what stands here, " * 100
    left = Policy(recognisers=[Broken()]).redact(long).text.replace("[CUSTOMER]", "")
    assert left == ""


def test_what_a_recogniser_finds_is_replaced_however_long_it_is() -> None:
    class Long(Customers):
        def find(self, text: str) -> list[tuple[int, int]]:
            return [(4, len(text) - 4)]

    text = "keep" + "é" * 1_000 + "this"
    redacted = Policy(recognisers=[Long()]).redact(text).text
    assert redacted.startswith("keep[CUSTOMER]") and redacted.endswith("[CUSTOMER]this")
    assert "é" not in redacted


def test_a_decision_about_a_person_says_a_pseudonym_and_the_name_is_nowhere(opened: Any, tmp_path: Path) -> None:
    with opened() as ledger:

        @ledger.decision(score="result", subject="applicant", input="amount")
        def decide(applicant: str, amount: int) -> float:
            return 0.5

        decide("Ada Lovelace", 41)
        _, receipt = decide.audited("Ada Lovelace", 42)
        decide("Grace Hopper", 43)
        ledger.flush()
        bodies = [body(ledger, hit.index) for hit in ledger.search(kind="decision").hits]
        references = [one["subject_ref"] for one in bodies]
        assert len(set(references)) == 2 and all(re.fullmatch("[0-9a-f]{32}", one) for one in references)
        assert ledger.subject_ref("Ada Lovelace") in references
        keys = {one["input_digest"].split(":")[1] for one in bodies}
        assert len(keys) == 2
        assert receipt is not None
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"Lovelace" not in path.read_bytes(), path


def test_a_policy_works_on_records_and_erasing_one_leaves_the_others(opened: Any, tmp_path: Path) -> None:
    sealing = policy(types={"EMAIL": "seal", "IPV4": "token"})
    with opened(privacy=sealing) as ledger:
        indices = {}
        for person in ("ada", "grace", "edith"):
            text = f"{person}@example.com writes from 192.0.2.7"
            receipt = ledger.record("org.example.chat", {"text": text}, subject=person)
            indices[person] = receipt.index
            said = body(ledger, receipt.index)["text"]
            assert re.fullmatch(r"\[EMAIL\] writes from \[IPV4:[0-9a-f]{32}\]", said)
        entry = json.loads(ledger.entry(indices["ada"]).bytes)
        assert entry["record"]["privacy"] == {"counts": {"EMAIL": 1, "IPV4": 1}, "policy_digest": sealing.digest}
        shown = ledger.reveal(indices["ada"], "/text", by="auditor-1", purpose="complaint")
        assert shown == b"ada@example.com writes from 192.0.2.7"

        erased = ledger.erase("ada", by="officer-1", request="r-1")
        assert (erased.entries, len(erased.key_ids), erased.residue) == (1, 1, [])
        with pytest.raises(OSError, match="data key"):
            ledger.reveal(indices["ada"], "/text", by="auditor-1")
        for person in ("grace", "edith"):
            assert ledger.reveal(indices[person], "/text", by="auditor-1").startswith(person.encode())
        with pytest.raises(sealog.RefusedError) as unknown:
            ledger.erase("ada", by="officer-1")
        assert unknown.value.code == "unknown_subject"
        ledger.flush()
        report = ledger.verify()
        assert report.exit_code == 0
    assert not any(b"ada@example.com" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_single_values_are_sealed_for_a_person(opened: Any) -> None:
    with opened() as ledger:
        sealed = seal(ledger, "a secret", subject="ada")
        assert sealed.startswith("sealed:v1:")
        assert reveal(ledger, sealed, by="auditor-1") == b"a secret"
        with pytest.raises(sealog.TamperError):
            reveal(ledger, sealed[:-4], by="auditor-1")
        with pytest.raises(sealog.FormatError):
            reveal(ledger, "sealed:v1:nothing", by="auditor-1")
        ledger.erase("ada", by="officer-1")
        with pytest.raises(OSError, match="data key"):
            reveal(ledger, sealed, by="auditor-1")


def test_erase_wants_exactly_one_of_its_ways_to_say_who(opened: Any) -> None:
    with opened() as ledger:
        for wrong in ({}, {"person": "a", "subject_ref": "b"}, {"whole_tenant": True}):
            with pytest.raises(TypeError):
                ledger.erase(by="officer-1", **wrong)


def test_pseudonyms_are_the_same_in_every_process(opened: Any, tmp_path: Path) -> None:
    with opened() as ledger:
        here = ledger.subject_ref("Ada Lovelace")
    script = (
        "import sealog, sys; from pathlib import Path; p = Path(sys.argv[1]);"
        "l = sealog.open(p / 'audit.sealog', state_dir=p / 'state', config_dir=p / 'config');"
        "print(l.subject_ref('Ada Lovelace')); l.close()"
    )
    for seed in ("0", "1"):
        there = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            env={"PYTHONHASHSEED": seed, "HOME": str(tmp_path), "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert there.stdout.strip() == here


def test_the_worked_example_of_a_sealed_value_comes_out_of_another_implementation_too() -> None:
    import base64
    import hashlib
    import hmac

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    page = (Path(__file__).parents[3] / "docs/formats/sealed.md").read_text(encoding="utf-8")
    example = json.loads(page.split("```json sealed")[1].split("```")[0])

    def derived(key: bytes, message: bytes) -> bytes:
        return hmac.new(key, message, hashlib.sha256).digest()

    data_key, value = bytes.fromhex(example["data_key"]), example["value"].encode()
    parts = (example["record_id"], example["key_id"], example["policy"], example["field"])
    bound = b"sealog/seal/v1\0" + b"".join(part.encode() + b"\0" for part in parts)
    nonce_key = derived(data_key, b"sealog/seal-nonce/v1\0")
    nonce = derived(nonce_key, hashlib.sha256(bound).digest() + value)[:12]
    encrypted = AESGCM(derived(data_key, b"sealog/seal-key/v1\0")).encrypt(nonce, value, bound)
    sealed = b"SLG1" + bytes.fromhex(example["key_id"]) + nonce + encrypted
    assert "sealed:v1:" + base64.b64encode(sealed).decode() == example["sealed"]
