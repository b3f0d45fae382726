"""Two records change places.

The attacker wants another order of events. In an extract the index tells; in a package the rank does before it.
"""

from tools import Attack, by_the_log, entries


def swapped(rest):
    rest[1], rest[2] = rest[2], rest[1]


def in_an_extract(_given, data):
    head, *rest = data.splitlines(keepends=True)
    swapped(rest)
    return b"".join([head, *rest])


def indexes_too(_given, data):
    """The records change places, their indexes and proofs stay."""
    head, *rest = data.splitlines(keepends=True)
    ends = [line.rindex(b',"index":') for line in rest[1:3]]
    rest[1], rest[2] = rest[2][: ends[1]] + rest[1][ends[0] :], rest[1][: ends[0]] + rest[2][ends[1] :]
    return b"".join([head, *rest])


ATTACKS = [
    Attack("in a stream", "stream", by_the_log(entries(swapped)), 1, "package_incomplete"),
    Attack("in the log", "log", by_the_log(entries(swapped)), 1, "package_incomplete"),
    Attack("in an extract", "extract.jsonl", in_an_extract, 2, "extract_malformed"),
    Attack("in an extract, under each other's index", "extract.jsonl", indexes_too, 1, "receipt_inclusion"),
]
