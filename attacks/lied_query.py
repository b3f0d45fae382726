"""Another query is named than the one that was asked.

The attacker holds the log's own key and calls what he exported something else: a selection the whole log, one stream another.
"""

import json

from tools import Attack, Package, by_the_log, line_of, stated


def everywhere(query):
    """In the statement and in the entries' first line."""

    def attack(package: Package):
        head, *rest = package.members["entries.jsonl"].splitlines(keepends=True)
        value = json.loads(head)
        value["query"] = query
        package.members["entries.jsonl"] = line_of(value) + b"".join(rest)
        package.predicate["query"] = query

    return attack


def as_the_log(package: Package):
    """A selection that is called the whole log."""
    everywhere({})(package)
    package.document("completeness.json", lambda claim: claim.update(ranks=[0, package.predicate["size"]]))
    package.predicate.update(scope="log")


ATTACKS = [
    Attack("another stream", "stream", by_the_log(stated(query={"stream": "other", "tenant": "default"})), 1, "package_map"),
    Attack("another selection", "selection", by_the_log(stated(query={"label": "L001"})), 1, "package_query"),
    Attack("another selection, everywhere", "selection", by_the_log(everywhere({"kind": "decision"})), 1, "package_query"),
    Attack("a name that no query has", "selection", by_the_log(stated(query={"colour": "red"})), 2, "package_malformed"),
    Attack("a selection as the whole log", "selection", by_the_log(as_the_log), 1, "package_incomplete"),
    Attack("the scope alone", "selection", by_the_log(stated(scope="log")), 2, "package_malformed"),
]
