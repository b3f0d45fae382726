"""A checkpoint of another origin.

The attacker puts the checkpoint of another log, or of another name, where one of this log has to be.
"""

import json

from tools import Attack, Package, by_the_log, line_of, stated, with_note


def checkpoint_of(given):
    return (given.other.root / "now.txt").read_text(encoding="utf-8")


def in_an_extract(given, data):
    return with_note(data, lambda _note: checkpoint_of(given))


def in_an_extract_with_its_name(given, data):
    head, rest = data.split(b"\n", 1)
    value = {**json.loads(head), "origin": given.other.key.name, "checkpoint": checkpoint_of(given)}
    return line_of(value) + rest


def in_a_receipt(given, data):
    return data[: data.index(b"\n\n") + 2] + checkpoint_of(given).encode()


def earlier(given, data):
    """Among the earlier checkpoints of a package that the log's own key signs."""
    package = Package(data)

    def change(lines):
        value = json.loads(lines[0])
        lines[0] = line_of({**value, "checkpoint": checkpoint_of(given)})

    package.lines("consistency.jsonl", change, head=0)
    return package.signed(given.key)


def context(given, data):
    package = Package(data)
    for name in ["entries.jsonl", "context.jsonl"]:
        package.members[name] = with_note(package.members[name], lambda _note: checkpoint_of(given))
    return package.signed(given.key)


def renamed(given, data):
    """The log's own checkpoint under another name, signed by the log's own key."""

    def change(note):
        lines = note.split("\n")
        text = "\n".join(["example.org/other", *lines[1:3]]) + "\n"
        return f"{text}\n{given.key.line(text)}"

    return with_note(data, change)


ATTACKS = [
    Attack("in an extract", "extract.jsonl", in_an_extract, 1, "checkpoint_signature"),
    Attack("in an extract, with its name", "extract.jsonl", in_an_extract_with_its_name, 2, "origin_other"),
    Attack("in an extract, the log's own under another name", "extract.jsonl", renamed, 1, "checkpoint_signature"),
    Attack("in a receipt", "receipt.proof", in_a_receipt, 1, "receipt_inclusion"),
    Attack("in a package's extracts", "log", context, 1, "checkpoint_signature"),
    Attack("among a package's earlier ones", "stream", earlier, 1, "package_consistency"),
    Attack("in a package's statement", "log", by_the_log(stated(origin="example.org/other")), 2, "origin_other"),
]
