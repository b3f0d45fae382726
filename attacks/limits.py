"""What no verifier can tell, and what is not looked at.

No attacks that are caught: each of these holds, and docs/formats/evidence.md says why under "What it does not show". They stand
here so that nobody takes the table for more than it is. All need the log's own key, but those of older systems, whose own
formats show no more: docs/import.md, `import.tail_not_provable` and `import.unkeyed`.
"""

import base64
import json
import re

import invented_disposal
import left_out_context
import older_logs
from tools import Attack, Package, by_the_log, document, line_of, member
from lied_query import everywhere
from payload_replaced import taken_out


def other_signature(package: Package):
    """An earlier checkpoint that nobody signed, with the root that the log had."""

    def change(lines):
        value = json.loads(lines[0])
        text, line = value["checkpoint"].rstrip("\n").rsplit(" ", 1)
        found = bytearray(base64.b64decode(line))
        found[40] ^= 1
        value["checkpoint"] = f"{text} {base64.b64encode(bytes(found)).decode()}\n"
        lines[0] = line_of(value)

    package.lines("consistency.jsonl", change, head=0)


def consistency(change):
    return by_the_log(member("consistency.jsonl", change))


def payload_left_out(package: Package):
    taken_out(package)
    package.predicate["payloads"]["left_out"] += 2


def anchors_left_out(package: Package):
    package.members["anchors.jsonl"] = b""
    package.predicate["anchors"]["held"] = 0


def other_token(package: Package):
    package.members["anchors.jsonl"] = re.sub(rb'"token":"[^"]*"', b'"token":"AAAA"', package.members["anchors.jsonl"])


def opening_left_out(package: Package):
    package.members["openings.jsonl"] = b""
    package.predicate["commitments"].update(opened=0, closed=package.predicate["commitments"]["closed"] + 1)


ATTACKS = [
    Attack("a record that is called disposed of and left out", "stream", by_the_log(invented_disposal.HIDDEN), 0, "holds"),
    Attack("a selection by a wider query", "selection", by_the_log(everywhere({"tenant": "default"})), 0, "holds"),
    Attack("the counts beside a sample", "log sample", by_the_log(document("population.json", lambda p: p.update(entries=7))), 0, "holds"),
    Attack("a label that decisions do not need", "stream", left_out_context.without("label.registered"), 0, "holds"),
    Attack("an earlier checkpoint's signature", "stream", by_the_log(other_signature), 0, "holds"),
    Attack("the earlier checkpoints left out", "stream", consistency(lambda data: b""), 0, "holds"),
    Attack("the earlier checkpoints twice", "stream", consistency(lambda data: data * 2), 0, "holds"),
    Attack("a thousand earlier checkpoints", "stream", consistency(lambda data: data.splitlines(keepends=True)[0] * 1_000), 0, "holds"),
    Attack("a payload left out, and the statement says so", "beside", by_the_log(payload_left_out), 0, "holds"),
    Attack("the anchors left out", "beside", by_the_log(anchors_left_out), 0, "holds"),
    Attack("another token of an anchor: noted", "beside", by_the_log(other_token), 0, "holds"),
    Attack("an opening left out, and the statement says so", "beside", by_the_log(opening_left_out), 0, "holds"),
    Attack("another page for people", "stream", by_the_log(member("README.txt", lambda data: b"trust me")), 0, "holds"),
    older_logs.RECEIPTS("older receipts: the last one is cut off", older_logs.out(4), 0, "holds"),
    older_logs.DATABASE("older database: made anew with one record less", older_logs.made_anew(4), 0, "holds"),
]
