"""The index beside the log is edited.

The attacker can write in the ledger's directory and has no key. He takes records out of the index by which `search` and `stats`
find them, so that an export would leave them out, or he renames them there. A package is made by reading the log itself: it
is the same, byte by byte. So here the attacker gets nowhere unless he edits the package too, which then shows.
"""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from tools import Attack, by_the_log, dropped

EDITS = [
    "DELETE FROM {table} WHERE rowid % 2 = 0",
    "DELETE FROM {table}",
]


def edited(place: Path, statement: str) -> int:
    """How many tables of the index were edited."""
    count = 0
    for path in sorted(place.glob("derived/*.sqlite")):
        with sqlite3.connect(path) as index:
            names = index.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            for (table,) in names.fetchall():
                try:
                    count += index.execute(statement.format(table=f'"{table}"')).rowcount > 0
                except sqlite3.OperationalError:
                    continue
        index.close()
    return count


# What a long-lived writer does beside its writing; a single command reads the log itself.
FOLLOW = """
import sys
import sealog
with sealog.open(sys.argv[1]) as ledger:
    assert ledger.wait_for_index(60)
"""


def exported(statement):
    """The package of a log with an edited index, at the size of the genuine one; then one record is left out of it."""

    def make(given, data):
        place = given.root / "edited"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for name in ["audit.sealog", "audit.sealog.secrets", "state"]:
            shutil.copytree(given.root / name, place / name)
        env = {**given.env, "XDG_STATE_HOME": str(place / "state")}
        opened = [sys.executable, "-c", FOLLOW, str(place / "audit.sealog")]
        subprocess.run(opened, env=env, check=True)
        assert edited(place / "audit.sealog", statement) > 0, "the index was not found"
        size = str(given.opened("stream").predicate["size"])
        words = ["export", "--evidence", str(place / "again.zip"), "--by", "jo", "--stream", "credit", "--at", size]
        kept = ["--previous", str(given.root / "held.txt"), "--ledger", str(place / "audit.sealog")]
        subprocess.run([*given.program, *words, *kept], env=env, check=True, capture_output=True)
        again = (place / "again.zip").read_bytes()
        assert again == data, "the package is another than before the index was edited"
        return by_the_log(dropped(2))(given, again)

    return make


ATTACKS = [
    Attack("every other record taken out of it", "stream", exported(EDITS[0]), 1, "package_incomplete"),
    Attack("every record taken out of it", "stream", exported(EDITS[1]), 1, "package_incomplete"),
]
