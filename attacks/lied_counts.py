"""The counts are not those of the records.

The attacker holds the log's own key and writes another table of what there is: fewer runs, no gap, more decisions.
"""

from tools import Attack, by_the_log, document


def counts(change):
    return by_the_log(document("population.json", change))


ATTACKS = [
    Attack("of entries", "stream", counts(lambda p: p.update(entries=7)), 1, "package_population"),
    Attack("of a kind", "log", counts(lambda p: p["counts"][0].update(count=9)), 1, "package_population"),
    Attack("of runs", "log", counts(lambda p: p.update(runs=1)), 1, "package_population"),
    Attack("declared gaps", "log", counts(lambda p: p.update(gaps=[1])), 1, "package_population"),
    Attack("of runs of a selection", "selection", counts(lambda p: p.update(runs=99)), 1, "package_population"),
    Attack("a truth value for a number", "log", counts(lambda p: p.update(runs=True)), 1, "package_population"),
]
