"""A receipt, an extract or a package of another log.

The attacker has genuine files of a log of his own, or of any other, and hands one out as if it were of this one. Another log's
files say nothing about this one: that is no refutation, and no success.
"""

from tools import Attack


def of_another(name):
    return lambda given, _data: given.other.path(name).read_bytes()


def proof_moved(given, data):
    """This log's record under the other log's checkpoint."""
    other = given.other.path("one.proof").read_bytes()
    return data[: data.index(b"\n\n") + 2] + other[other.index(b"\n\n") + 2 :]


def record_moved(given, data):
    """The other log's record under this log's checkpoint."""
    other = given.other.path("one.proof").read_bytes()
    return other[: other.index(b"\n\n") + 2] + data[data.index(b"\n\n") + 2 :]


ATTACKS = [
    Attack("a receipt", "receipt.proof", of_another("one.proof"), 2, "origin_other"),
    Attack("an extract", "extract.jsonl", of_another("whole.jsonl"), 2, "origin_other"),
    Attack("a package", "log", of_another("log"), 2, "origin_other"),
    Attack("this log's record under its checkpoint", "receipt.proof", proof_moved, 1, "receipt_inclusion"),
    Attack("its record under this log's checkpoint", "receipt.proof", record_moved, 1, "receipt_inclusion"),
]
