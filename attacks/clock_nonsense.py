"""Times that no clock shows.

The attacker holds the log's own key. He writes a log in which times are no times, or asks for periods that are none. Whether the
log's times go back is not a package's to say: verifying the whole ledger tells (`time_decreases`).
"""

import re

from tools import Attack, ForgedLog, Package, by_the_log, entries_of, stated

TIME = re.compile(rb'"recorded_at":"[^"]*"')


def written(time):
    """A log whose third record has this time."""

    def make(given, data):
        package = Package(data)
        lines = entries_of(package.members["entries.jsonl"])
        changed = TIME.sub(b'"recorded_at":' + time, lines[2], count=1)
        assert changed != lines[2]
        lines[2] = changed
        return ForgedLog(given.key, lines).package(package).signed(given.key)

    return make


def period(**times):
    return by_the_log(stated(query=times))


NONSENSE = {
    "the 30th of February": b'"2026-02-30T00:00:00.000000Z"',
    "the 25th hour": b'"2026-01-01T25:00:00.000000Z"',
    "the 61st second": b'"2026-01-01T00:00:60.000000Z"',
    "no year": b'"0000-01-01T00:00:00.000000Z"',
    "another zone": b'"2026-01-01T00:00:00.000000+02:00"',
    "digits of another script": '"\u0662\u0660\u0662\u0666-01-01T00:00:00.000000Z"'.encode(),
    "a number": b"1790000000",
    "nothing": b"null",
}
ATTACKS = [
    *[Attack(f"of a record: {name}", "log", written(time), 1, "receipt_entry") for name, time in NONSENSE.items()],
    Attack("of a query: without six digits", "log", period(from_time="2026-01-01T00:00:00Z"), 2, "package_malformed"),
    Attack("of a query: the 30th of February", "log", period(to_time="2026-02-30T00:00:00.000000Z"), 2, "package_malformed"),
    Attack(
        "of a query: an end before its begin",
        "log",
        period(from_time="2999-01-01T00:00:00.000000Z", to_time="2000-01-01T00:00:00.000000Z"),
        1,
        "package_query",
    ),
]
