"""A package of a newer format.

Not an attack by itself: a verifier that does not know a format must not say that it holds, nor that it is forged.
"""

from tools import Attack, by_the_log, member, stated


def newer_extract(data):
    return data.replace(b'"format":"sealog-export/v1"', b'"format":"sealog-export/v2"', 1)


ATTACKS = [
    Attack("of packages", "log", by_the_log(stated(format="sealog-evidence/v2")), 2, "package_newer"),
    Attack("of packages, with a member that is not known", "log", by_the_log(stated(format="sealog-evidence/v2", more=1)), 2, "package_newer"),
    Attack("of packages, the same with a member that is not known", "log", by_the_log(stated(more=1)), 2, "package_malformed"),
    Attack("a format that is no text", "log", by_the_log(stated(format=1)), 2, "package_malformed"),
    Attack("of the entries in a package", "log", by_the_log(member("entries.jsonl", newer_extract)), 2, "extract_malformed"),
    Attack("of extracts", "extract.jsonl", lambda _given, data: newer_extract(data), 2, "extract_malformed"),
    Attack("of receipts", "receipt.proof", lambda _given, data: data.replace(b"proof@v1", b"proof@v2", 1), 2, "receipt_malformed"),
]
