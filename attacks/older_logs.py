"""Logs of older systems that are damaged or forged.

The attacker changes a file that ai-audit-trail, decision-provenance or llm-audit-trail left, so that something else is taken
over from it. He holds the file and a key of his own, and knows how its tool makes hashes. Some of these its own tool passes
too: docs/predecessors.md. What `sealog import` says is the first of its findings that speak against the file.
"""

import tempfile
from pathlib import Path

from older import PINS, altered, database, edited, event, events, lines, receipt, receipts
from tools import Attack, SigningKey

OTHER = SigningKey("example.org/eve", bytes([8]) * 32)
FORGED = lines(receipts(key=OTHER, action="deny"))


def written(data: bytes):
    """Another file in its place."""
    return lambda _given, _data: data


def cut(count: int):
    return lambda _given, data: data[:-count]


def relabelled(records):
    """One receipt says another thing, and its hash is right; the signature stays."""
    forged = receipt(1, records[0]["receipt_hash"], OTHER, action="deny")
    records[1] = {**forged, "signature": records[1]["signature"]}


def last_made_anew(records):
    forged = receipt(4, records[3]["receipt_hash"], OTHER, action="deny")
    records[4] = {**forged, "signature": records[4]["signature"]}


def spelt_otherwise(_given, data: bytes) -> bytes:
    return data.replace(b'"actor":"ops"', b'"actor": "ops"', 1)


def member_twice(_given, data: bytes) -> bytes:
    return data.replace(b'{"action":', b'{"action":"deny","action":', 1)


def attack(twin: str):
    def of(name: str, make, status: int, reason: str, pins: tuple[str, ...] | None = None) -> Attack:
        return Attack(name, twin, make, status, reason, pins=PINS[twin] if pins is None else pins)

    return of


def another(*facts, **more):
    """One more receipt behind the last one."""
    return edited(lambda records: records.append(receipt(5, records[4]["receipt_hash"], *facts, **more)))


def one_more(number: int, behind: int, *secret):
    return edited(lambda records: records.append(event(number, records[behind]["curr_hash"], *secret)))


def out(place: int):
    return edited(lambda records: records.pop(place))


def sql(*statements: str):
    return altered(";".join(statements))


def second(old: str, new: str, column: str) -> tuple[str, str]:
    """The second record of a database says another thing, and so does its column."""
    return (
        f"UPDATE records SET full_json=replace(full_json,'\"{old}\"','\"{new}\"') WHERE seq=2",
        f"UPDATE records SET {column}='{new}' WHERE seq=2",
    )


def made_anew(count: int):
    """Another database with its own head: no key is involved."""

    def make(_given, _data: bytes) -> bytes:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "old.db"
            database(path, count)
            return path.read_bytes()

    return make


RECEIPTS, DATABASE, EVENTS = attack("receipts.jsonl"), attack("provenance.db"), attack("events.jsonl")
FORK = edited(lambda records: records.append(receipt(9, records[0]["receipt_hash"])))
TWICE = edited(lambda records: records.insert(2, records[1]))
SWAPPED = edited(lambda records: records.insert(2, records.pop(3)))
CHAIN_AGAIN = edited(lambda records: records.append(event(5, "GENESIS")))
LABEL = second("approved", "denied", "label_display")
RAISED = "UPDATE config_records SET threshold=0.9,full_json=replace(full_json,'0.5','0.9')"
PLACES = [f"UPDATE records SET seq={new} WHERE seq={old}" for old, new in ((2, 9), (3, 2), (9, 3))]
VIEW = ["ALTER TABLE records RENAME TO kept", "CREATE VIEW records AS SELECT * FROM kept"]
ANEW = lines(events(secret=None, actor="eve"))
ANEW_UNDER_ANOTHER = lines(events(secret=b"another", actor="eve"))
KEYED = ("--hmac-key-file", "old.secret")

ATTACKS = [
    RECEIPTS("receipts: one is edited", edited(lambda records: records[1].update(action="deny")), 1, "import.record_hash"),
    RECEIPTS("receipts: one is edited, with its hash", edited(relabelled), 1, "import.broken_link"),
    RECEIPTS("receipts: the last is made anew with its hash", edited(last_made_anew), 1, "import.signature"),
    RECEIPTS("receipts: one is left out", out(2), 1, "import.broken_link"),
    RECEIPTS("receipts: the first is left out", out(0), 2, "import.chain_head_missing"),
    RECEIPTS("receipts: one stands twice", TWICE, 1, "import.duplicate_record"),
    RECEIPTS("receipts: a second one behind the first", FORK, 1, "import.forked_chain"),
    RECEIPTS("receipts: all signed anew with another key", written(FORGED), 1, "import.signature"),
    RECEIPTS("receipts: one more, signed with another key", another(OTHER), 1, "import.signature"),
    RECEIPTS("receipts: a member twice", member_twice, 1, "import.duplicate_member"),
    RECEIPTS("receipts: the last line is torn", cut(20), 1, "import.not_json"),
    RECEIPTS("receipts: all of them gone", written(b""), 2, "unknown_format"),
    RECEIPTS("receipts: all signed anew, and no key pinned", written(FORGED), 2, "import.key_not_pinned", ()),
    DATABASE("database: a column is edited", sql("UPDATE records SET label_id='L002'"), 1, "import.column_mismatch"),
    DATABASE("database: a record is edited", sql(*second("m1", "m2", "model_id")), 1, "import.record_hash"),
    DATABASE("database: a label reads otherwise", sql(*LABEL), 1, "import.label_changed"),
    DATABASE("database: a threshold is moved", sql(RAISED), 1, "import.config_hash"),
    DATABASE("database: the configuration is left out", sql("DELETE FROM config_records"), 1, "import.config_unknown"),
    DATABASE("database: a record is left out", sql("DELETE FROM records WHERE seq=2"), 1, "import.broken_link"),
    DATABASE("database: two records change places", sql(*PLACES), 1, "import.broken_link"),
    DATABASE("database: the last records are cut off", sql("DELETE FROM records WHERE seq>3"), 1, "import.head_mismatch"),
    DATABASE("database: the head is left out", sql("DELETE FROM chain_meta"), 1, "import.head_mismatch"),
    DATABASE("database: a view in place of a table", sql(*VIEW), 2, "foreign_schema"),
    EVENTS("events: one is edited", edited(lambda records: records[2].update(actor="eve")), 1, "import.record_hash"),
    EVENTS("events: one is left out", out(2), 1, "import.broken_link"),
    EVENTS("events: two change places", SWAPPED, 1, "import.out_of_order"),
    EVENTS("events: the last one is cut off", out(4), 1, "import.anchor_missing"),
    EVENTS("events: made anew without the secret", written(ANEW), 1, "import.hmac_downgraded", KEYED),
    EVENTS("events: made anew under another secret", written(ANEW_UNDER_ANOTHER), 1, "import.record_hash", KEYED),
    EVENTS("events: made anew, held to the anchor alone", written(ANEW), 1, "import.anchor_mismatch", ("--anchor", "old.anchor")),
    EVENTS("events: one more without the secret", one_more(5, 4, None), 1, "import.hmac_downgraded"),
    EVENTS("events: a second chain behind the first", CHAIN_AGAIN, 1, "import.broken_link"),
    EVENTS("events: a second one behind the first", one_more(5, 0), 1, "import.forked_chain"),
    EVENTS("events: spelt otherwise", spelt_otherwise, 2, "import.rewritten"),
    EVENTS("events: the last line is torn", cut(20), 1, "import.not_json", KEYED),
    EVENTS("events: brought without the secret", out(4), 2, "import.key_required", ()),
]
