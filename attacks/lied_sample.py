"""Another sample than the one that the auditor's seed draws.

The attacker holds the log's own key and shows records that he likes better than those that were drawn.
"""

from tools import Attack, by_the_log, stated


def other(**values):
    return by_the_log(lambda package: package.predicate["sample"].update(values))


X = {"count": 2, "drawn_by": "auditor", "seed": "x"}
ATTACKS = [
    Attack("of another seed", "log sample", other(seed="another"), 1, "package_incomplete"),
    Attack("of fewer", "log sample", other(count=2), 1, "package_incomplete"),
    Attack("of none", "log sample", other(count=0), 2, "package_malformed"),
    Attack("a control character in the seed", "log sample", other(seed="a\nb"), 2, "package_malformed"),
    Attack("another control character in the seed", "log sample", other(seed="a\u0085b"), 2, "package_malformed"),
    Attack("a seed of 201 bytes", "log sample", other(seed="x" * 201), 2, "package_malformed"),
    Attack("drawn by nobody", "log sample", other(drawn_by="nobody"), 2, "package_malformed"),
    Attack("called the whole", "log sample", by_the_log(stated(sample=None)), 1, "package_incomplete"),
    Attack("the whole called a sample", "stream", by_the_log(stated(sample=X)), 1, "package_incomplete"),
    Attack("of a selection", "selection", by_the_log(stated(sample=X)), 2, "package_malformed"),
]
