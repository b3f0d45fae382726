"""Another value is shown for what a record only commits to.

The attacker wants the auditor to believe that a decision stood on another input. The commitment is in the record, and the record
in the tree.
"""

from tools import Attack, Package, by_the_log, first_line


def changed(change):
    return first_line("openings.jsonl", change)


def other(**values):
    return changed(lambda value: value.update(values))


def twice(package: Package):
    package.members["openings.jsonl"] *= 2
    package.predicate["commitments"]["opened"] += 1


def counted(**counts):
    return by_the_log(lambda package: package.predicate["commitments"].update(counts))


def moved(value):
    value["index"] += 1


ATTACKS = [
    Attack("another value", "beside", other(value="another"), 1, "package_opening"),
    Attack("another salt", "beside", other(salt="00" * 32), 1, "package_opening"),
    Attack("of another record", "beside", other(record_id="01890a5d-ac96-774b-bcce-b302099a8058"), 1, "package_opening"),
    Attack("of another place", "beside", changed(moved), 1, "package_opening"),
    Attack("of a place that is no entry of the package", "beside", other(index=0), 1, "package_opening"),
    Attack("of a field that is no commitment", "beside", other(field="/decision_id"), 1, "package_opening"),
    Attack("of a field that is not there", "beside", other(field="/nothing/0"), 1, "package_opening"),
    Attack("of the whole body", "beside", other(field=""), 1, "package_opening"),
    Attack("a field that is no pointer", "beside", other(field="input_digest"), 1, "package_opening"),
    Attack("a pointer with a wrong escape", "beside", other(field="/input~2digest"), 1, "package_opening"),
    Attack("a salt in upper case", "beside", other(salt="AA" * 32), 2, "package_malformed"),
    Attack("a value of 1,048,577 bytes", "beside", other(value="x" * ((1 << 20) + 1)), 2, "package_malformed"),
    Attack("one more member", "beside", other(more=1), 2, "package_malformed"),
    Attack("twice", "beside", by_the_log(twice), 2, "package_malformed"),
    Attack("more by the statement", "beside", counted(opened=2), 2, "package_malformed"),
    Attack("fewer closed ones by the statement", "beside", counted(closed=0), 1, "package_population"),
]
