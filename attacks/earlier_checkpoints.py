"""An earlier checkpoint that is not of this log's history.

The attacker holds the log's own key and wants the recipient to believe that the log extends what they hold.
"""

import base64
import json

from tools import Attack, Package, by_the_log, line_of


def changed(change, at=0):
    def attack(package: Package):
        def of_lines(lines):
            value = json.loads(lines[at])
            change(value)
            lines[at] = line_of(value)

        package.lines("consistency.jsonl", of_lines, head=0)

    return by_the_log(attack)


def other_root(value):
    """Another root under the same signature."""
    parts = value["checkpoint"].split("\n")
    parts[2] = base64.b64encode(bytes(32)).decode()
    value["checkpoint"] = "\n".join(parts)


def bytes_of(change):
    return by_the_log(lambda package: package.members.update({"consistency.jsonl": change(package.members["consistency.jsonl"])}))


def many(count):
    return bytes_of(lambda data: data.splitlines(keepends=True)[0] * count)


def short_signature(value):
    value["checkpoint"] = value["checkpoint"][:-6] + "AAA=\n"


ATTACKS = [
    Attack("another root", "stream", changed(other_root), 1, "package_consistency"),
    Attack("another root of the second", "stream", changed(other_root, 1), 1, "package_consistency"),
    Attack("a hash of the proof less", "stream", changed(lambda v: v["proof"].pop()), 1, "package_consistency"),
    Attack("a hash that is none", "stream", changed(lambda v: v["proof"].append("AA")), 2, "package_malformed"),
    Attack("one more member", "stream", changed(lambda v: v.update(more=1)), 2, "package_malformed"),
    Attack("another log's name", "stream", changed(lambda v: v.update(checkpoint="x" + v["checkpoint"])), 1, "package_consistency"),
    Attack("no checkpoint", "stream", changed(lambda v: v.update(checkpoint="x")), 2, "package_malformed"),
    Attack("a signature of another length", "stream", changed(short_signature), 2, "package_malformed"),
    Attack("white space", "stream", bytes_of(lambda data: data.replace(b',"proof"', b', "proof"', 1)), 2, "package_malformed"),
    Attack("a thousand and one", "stream", many(1_001), 2, "package_malformed"),
]
