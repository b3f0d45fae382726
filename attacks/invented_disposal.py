"""A record is called disposed of.

The attacker holds the log's own key. He says that a record was erased by the rules, with another hash in its place, or says so
of a record that is there. (That one which is left out was lawfully disposed of is the log's word: see `limits.py`.)
"""

import json

from tools import Attack, Package, by_the_log, document, dropped, every, stated, verify


def invented(package: Package):
    """An entry that stands in the log, with its true proof."""
    value = json.loads(package.members["entries.jsonl"].splitlines()[3])
    leaf = verify.leaf_hash(verify.write_canonical(value["entry"])).hex()
    item = {"index": value["index"], "leaf": leaf, "proof": value["proof"], "rank": value["entry"]["log"]["seq"]}
    package.document("completeness.json", lambda claim: claim["disposed"].append(item))
    package.predicate["disposed"] = 1


HIDDEN = every(invented, dropped(2), document("population.json", lambda value: value.update(disposed=1)))
OTHER_LEAF = document("completeness.json", lambda claim: claim["disposed"][0].update(leaf="00" * 32))
BEYOND = document("completeness.json", lambda claim: claim["disposed"][0].update(index=10**6))

ATTACKS = [
    Attack("and it is there", "stream", by_the_log(invented), 1, "package_incomplete"),
    Attack("another hash in its place", "stream", by_the_log(every(HIDDEN, OTHER_LEAF)), 1, "receipt_inclusion"),
    Attack("of no place in the log", "stream", by_the_log(every(HIDDEN, BEYOND)), 2, "package_malformed"),
    Attack("by the number alone", "stream", by_the_log(stated(disposed=1)), 2, "package_malformed"),
]
