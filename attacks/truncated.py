"""The head or the tail is cut off.

The attacker has the file and cuts bytes off either end; or he holds the log's key, leaves the first or the last records out,
makes the counts fit and signs the manifest anew.
"""

from tools import Attack, archive, document, dropped, every, by_the_log, member, of_members


def shorter_ranks(claim):
    claim["ranks"][1] -= 1


def shorter_value(claim):
    claim["stream_end"]["value"]["next_seq"] = claim["ranks"][1]


LAST = every(dropped(-1), document("completeness.json", shorter_ranks))
LAST_OF_MAP = every(LAST, document("completeness.json", shorter_value))


def cut(change):
    return lambda _given, data: change(data)


def emptied(name):
    return by_the_log(member(name, lambda data: b""))


def cut_member(name):
    return by_the_log(member(name, lambda data: data[:-1]))


ATTACKS = [
    Attack("the last byte of a package", "stream", of_members(lambda m: archive(m)[:-1]), 2, "package_malformed"),
    Attack("half of a package", "stream", of_members(lambda m: archive(m)[: len(archive(m)) // 2]), 2, "package_malformed"),
    Attack("all but the first four bytes", "stream", of_members(lambda m: archive(m)[:4]), 2, "package_malformed"),
    Attack("the first byte of a package", "stream", cut(lambda data: data[1:]), 2, "receipt_malformed"),
    Attack("a stream's first record", "stream", by_the_log(dropped(0)), 1, "package_incomplete"),
    Attack("a stream's last record", "stream", by_the_log(dropped(-1)), 1, "package_incomplete"),
    Attack("a stream's last record, with its rank", "stream", by_the_log(LAST), 1, "package_incomplete"),
    Attack("a stream's last record, with the map's value", "stream", by_the_log(LAST_OF_MAP), 1, "package_map"),
    Attack("the log's first record", "log", by_the_log(dropped(0)), 1, "package_incomplete"),
    Attack("the log's last record", "log", by_the_log(dropped(-1)), 1, "package_incomplete"),
    Attack("the log's last record, with its rank", "log", by_the_log(LAST), 1, "package_incomplete"),
    Attack("a period's first record", "stream period", by_the_log(dropped(0)), 1, "package_incomplete"),
    Attack("a period's last record", "log period", by_the_log(dropped(-1)), 1, "package_incomplete"),
    Attack("the entries, all of them", "log", emptied("entries.jsonl"), 2, "extract_malformed"),
    Attack("the context, all of it", "log", emptied("context.jsonl"), 2, "extract_malformed"),
    Attack("the context's last byte", "log", cut_member("context.jsonl"), 2, "extract_malformed"),
    Attack("the counts, all of them", "log", emptied("population.json"), 2, "package_malformed"),
    Attack("the last byte of the counts", "log", cut_member("population.json"), 2, "package_malformed"),
    Attack("the last byte of an earlier checkpoint", "stream", cut_member("consistency.jsonl"), 2, "package_malformed"),
    Attack("an extract's last byte", "extract.jsonl", cut(lambda data: data[:-1]), 2, "extract_malformed"),
    Attack("an extract's first line", "extract.jsonl", cut(lambda data: data.split(b"\n", 1)[1]), 2, "extract_malformed"),
    Attack("a receipt's last byte", "receipt.proof", cut(lambda data: data[:-1]), 2, "receipt_malformed"),
    Attack("a receipt's first line", "receipt.proof", cut(lambda data: data.split(b"\n", 1)[1]), 2, "receipt_malformed"),
]
