"""A record is changed.

The attacker wants a decision to read otherwise than it was recorded. He has the file; with the log's own key he also signs
the manifest anew. Either way the record's hash is no longer the one in the signed tree.
"""

import base64
import json

from tools import Attack, Package, by_anybody, by_the_log, entries


def edited(rest):
    return [line.replace(b'"decision_id":"d2"', b'"decision_id":"d9"') for line in rest]


def flipped(name):
    """A bit in the middle of a member, with the checksum that fits."""

    def change(package: Package):
        data = bytearray(package.members[name])
        data[len(data) // 2] ^= 1
        package.members[name] = bytes(data)

    return by_anybody(change)


def in_a_receipt(_given, data):
    head, rest = data.split(b"\nindex ", 1)
    entry = base64.b64decode(head.split(b"extra ", 1)[1])
    changed = entry.replace(b'"kind":"', b'"kind":"x', 1)
    assert changed != entry
    return head.split(b"extra ", 1)[0] + b"extra " + base64.b64encode(changed) + b"\nindex " + rest


def in_an_extract(_given, data):
    return data.replace(b'"decision_id":"d2"', b'"decision_id":"d9"', 1)


def without_its_proof(_given, data):
    lines = data.splitlines(keepends=True)
    value = json.loads(lines[2])
    lines[2] = lines[2].replace(json.dumps(value["proof"][0]).encode(), b'"' + base64.b64encode(bytes(32)) + b'"')
    return b"".join(lines)


MEMBERS = ["README.txt", "entries.jsonl", "context.jsonl", "completeness.json", "population.json", "consistency.jsonl"]
ATTACKS = [
    Attack("edited, and the manifest signed anew by the log", "stream", by_the_log(entries(edited)), 1, "receipt_inclusion"),
    Attack("edited, and the manifest left as it is", "stream", by_anybody(entries(edited)), 1, "package_member"),
    *[Attack(f"a bit of {name} flipped", "stream", flipped(name), 1, "package_member") for name in MEMBERS],
    Attack("in a receipt", "receipt.proof", in_a_receipt, 1, "receipt_inclusion"),
    Attack("in an extract", "extract.jsonl", in_an_extract, 1, "receipt_inclusion"),
    Attack("the proof of a record in an extract", "extract.jsonl", without_its_proof, 1, "receipt_inclusion"),
]
