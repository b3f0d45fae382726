"""One record stands there twice.

The attacker wants a decision to count double. He holds the log's own key and signs the manifest anew; or he has an extract and
needs no key.
"""

from tools import Attack, by_the_log, entries, member


def doubled(rest):
    rest.insert(1, rest[1])


def doubled_line(data):
    lines = data.splitlines(keepends=True)
    return b"".join([*lines[:2], lines[1], *lines[2:]])


ATTACKS = [
    Attack("in a stream", "stream", by_the_log(entries(doubled, 1)), 2, "extract_malformed"),
    Attack("in the context", "log", by_the_log(member("context.jsonl", doubled_line)), 2, "extract_malformed"),
    Attack("in an extract", "extract.jsonl", lambda _given, data: doubled_line(data), 2, "extract_malformed"),
]
