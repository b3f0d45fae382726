"""Chats of three people, recorded so that none of it stands in the log, and one of them erased."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sealog
from paper import Paper
from sealog.privacy import Policy

CHATS = {
    "Ada Lovelace": "I am Ada Lovelace, ada@example.com, card 4111 1111 1111 1111.",
    "Grace Hopper": "Call me: +1 650-253-0000. My mail is grace@example.com.",
    "Edith Clarke": "IBAN GB82 WEST 1234 5698 7654 32, from 192.0.2.7, edith@example.com.",
}
"""What each of them wrote."""

POLICY = Policy(
    {
        "format": "sealog/privacy-policy/v1",
        "name": "chats",
        "fields": [{"path": "/text", "mode": "seal"}],
    }
)
"""Texts are sealed whole: what somebody writes about themselves no list knows."""


def tell(out: Path, settings: dict[str, Any], paper: Paper) -> None:
    """Records the chats, shows that nobody stands in the log, erases one, and shows that every proof still holds."""
    path = out / "chats.sealog"
    with sealog.open(path, privacy=POLICY, system="chat", **settings) as ledger:
        receipts = {
            person: ledger.record("org.example.chat", {"text": text}, subject=person)
            for person, text in CHATS.items()
        }
        ledger.seal_epoch()
        stored = b"".join(file.read_bytes() for file in everything(out, "chats"))
        words = [word.strip(",.") for text in CHATS.values() for word in text.split() if len(word) > 4]
        inside = [word for word in [*CHATS, *words] if word.encode() in stored]
        paper.check("three chats recorded, and nobody in any file", not inside, f"{len(words)} words looked for")

        erased = ledger.erase("Ada Lovelace", by="privacy-officer", request="request-1")
        paper.check(
            "Ada erased: her key, her pseudonym, and no residue",
            len(erased.key_ids) == 1 and not erased.residue,
            f"{erased.scope}, {len(erased.key_ids)} key, {erased.tokens} pseudonym, in {erased.entries} entry",
        )
        for person, receipt in receipts.items():
            try:
                shown = ledger.reveal(receipt.index, "/text", by="privacy-officer", purpose="demonstration").decode()
            except OSError as gone:
                shown = str(gone)
            gone_as_asked = (shown == CHATS[person]) == (person != "Ada Lovelace")
            paper.check(f"what {person} wrote", gone_as_asked, shown)
            paper.expect(f"the receipt of {person}", sealog.verify_receipt(receipt.bytes, key=ledger.vkey), 0, "holds")
        paper.expect("the ledger, with everything that was erased from it", ledger.verify(), 0, "holds")


def everything(out: Path, name: str) -> list[Path]:
    """Every file of a ledger and its secrets."""
    roots = (out / f"{name}.sealog", out / f"{name}.sealog.secrets")
    return [file for root in roots for file in root.rglob("*") if file.is_file()]
