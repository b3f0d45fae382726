"""Ten million entries, by the word of the file.

The attacker wants the verifier to make room, or to count, for entries that are not there. He holds the log's own key. The page
takes at most 100,000 records and says so first.
"""

from tools import Attack, Package, by_the_log, document, stated, with_note

MANY = 10_000_000


def ranks(claim):
    claim["ranks"][1] = MANY


def of_the_map(claim):
    claim["ranks"][1] = claim["stream_end"]["value"]["next_seq"] = MANY


def sampled(count):
    return stated(sample={"count": count, "drawn_by": "auditor", "seed": "x"})


def longer_line(given, data):
    """One line of an extract longer than any may be."""
    head, rest = data.split(b"\n", 1)
    return head + b"\n" + b'{"entry":' + b"[" * 70_000 + b"\n" + rest


def signed_size(given, data):
    """A checkpoint of so many entries, signed by the log's own key, over a tree of few."""
    package = Package(data)

    def change(note):
        lines = note.split("\n")
        text = f"{lines[0]}\n{MANY}\n{lines[2]}\n"
        return f"{text}\n{given.key.line(text)}"

    for name in ["entries.jsonl", "context.jsonl"]:
        package.members[name] = with_note(package.members[name], change)
    package.predicate.update(size=MANY, covers=MANY)
    return package.signed(given.key)


ATTACKS = [
    Attack("in the statement", "log", by_the_log(stated(entries=MANY)), 1, "package_incomplete", page=(2, "too_large")),
    Attack("in the statement of a selection", "selection", by_the_log(stated(entries=MANY)), 1, "package_incomplete", page=(2, "too_large")),
    Attack("the size in the statement", "log", by_the_log(stated(size=MANY, covers=MANY)), 2, "package_malformed"),
    Attack("the size that the checkpoint signs", "log", signed_size, 1, "size_mismatch"),
    Attack("ranks of the log", "log", by_the_log(document("completeness.json", ranks)), 1, "package_incomplete"),
    Attack("ranks by the map of streams", "stream", by_the_log(document("completeness.json", of_the_map)), 1, "package_map"),
    Attack("a sample of so many", "log", by_the_log(sampled(MANY)), 2, "package_malformed"),
    Attack("a sample of 100,001", "log", by_the_log(sampled(100_001)), 2, "package_malformed"),
    Attack("disposed entries", "log", by_the_log(stated(disposed=MANY)), 2, "package_malformed"),
    Attack("a line longer than any may be", "extract.jsonl", longer_line, 2, "extract_malformed"),
]
