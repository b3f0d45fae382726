"""What outsiders said of the log is changed.

The attacker holds the log's own key and wants the package to say that witnesses saw a history that they did not see. The records
that name anchors are in the log's tree; the tokens are named by their digest in them.
"""

import base64

from tools import Attack, Package, by_the_log, first_line


def changed(change):
    return first_line("anchors.jsonl", change)


def lines(change):
    return by_the_log(lambda package: package.members.update({"anchors.jsonl": change(package.members["anchors.jsonl"])}))


def stated(**counts):
    return by_the_log(lambda package: package.predicate["anchors"].update(counts))


def without_the_record(package: Package):
    package.lines("context.jsonl", lambda rest: [line for line in rest if b'"kind":"chain.anchored"' not in line])


LONG = base64.b64encode(bytes(32_769)).decode()
ATTACKS = [
    Attack("a hash of the proof", "beside", changed(lambda v: v["proof"].append(base64.b64encode(bytes(32)).decode())), 1, "anchor_wrong"),
    Attack("of another record", "beside", changed(lambda v: v.update(index=1)), 2, "package_malformed"),
    Attack("of a record that is left out", "beside", by_the_log(without_the_record), 2, "package_malformed"),
    Attack("one more member", "beside", changed(lambda v: v.update(more=1)), 2, "package_malformed"),
    Attack("a token that is no base64", "beside", changed(lambda v: v.update(token="?")), 2, "package_malformed"),
    Attack("a token of 32,769 bytes", "beside", changed(lambda v: v.update(token=LONG)), 2, "package_malformed"),
    Attack("left out", "beside", lines(lambda data: b""), 2, "package_malformed"),
    Attack("twice", "beside", lines(lambda data: data * 2), 2, "package_malformed"),
    Attack("cut off", "beside", lines(lambda data: data[:-1]), 2, "package_malformed"),
    Attack("more by the statement", "beside", stated(held=2), 2, "package_malformed"),
    Attack("left out by the statement, without need", "beside", stated(left_out=1), 2, "package_malformed"),
]
