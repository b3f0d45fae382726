"""One record is left out of the middle.

The attacker holds the log's own key: he leaves out a record that he would rather not show, makes the counts fit and signs the
manifest anew. Of a selection nobody can tell, which it says; of a stream, of the log and of a sample everybody can.
"""

from tools import Attack, by_the_log, dropped, stated

ATTACKS = [
    Attack("of a stream", "stream", by_the_log(dropped(2)), 1, "package_incomplete"),
    Attack("of the log", "log", by_the_log(dropped(7)), 1, "package_incomplete"),
    Attack("of a sample", "log sample", by_the_log(dropped(1)), 1, "package_incomplete"),
    Attack("of a stream's sample", "stream sample", by_the_log(dropped(0)), 1, "package_incomplete"),
    Attack("and the number of records is not changed", "stream", by_the_log(stated(entries=5)), 1, "package_incomplete"),
    Attack("of a selection, and its number is not changed", "selection", by_the_log(stated(entries=99)), 1, "package_incomplete"),
]
