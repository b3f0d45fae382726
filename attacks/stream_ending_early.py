"""The extract of a stream ends early.

The attacker holds the log's own key and claims that the stream, or the period of it, ended before the records that he would
rather not show. The map of streams that an epoch in the log commits to tells where it ends, and the entries beside a period
where that does.
"""

from tools import Attack, by_the_log, document, stated


def claim(change):
    return by_the_log(document("completeness.json", change))


def without(member):
    return claim(lambda c: c.update({member: None}))


ATTACKS = [
    Attack("another last record", "stream", claim(lambda c: c["stream_end"]["value"].update(head_leaf="00" * 32)), 1, "package_map"),
    Attack("no such stream", "stream", claim(lambda c: c["stream_end"].update(value=None)), 1, "package_map"),
    Attack("a hash of the map's proof less", "stream", claim(lambda c: c["stream_end"]["proof"]["siblings"].pop()), 1, "package_map"),
    Attack("an entry that is no epoch", "stream", claim(lambda c: c["stream_end"].update(epoch=0)), 1, "package_map"),
    Attack("an epoch of fewer entries", "stream", by_the_log(stated(covers=3)), 1, "package_map"),
    Attack("no end of the stream", "stream", claim(lambda c: c.update(stream_end=None)), 2, "package_malformed"),
    Attack(
        "the map's value in another form",
        "stream",
        claim(lambda c: c["stream_end"]["value"].pop("first_index")),
        2,
        "package_malformed",
    ),
    Attack("other ranks", "stream", claim(lambda c: c.update(ranks=[1, 6])), 1, "package_incomplete"),
    Attack("no ranks", "log", claim(lambda c: c.update(ranks=None)), 2, "package_malformed"),
    Attack("ranks of a selection", "selection", claim(lambda c: c.update(ranks=[0, 1])), 2, "package_malformed"),
    Attack("nothing before the period of a stream", "stream period", without("before"), 1, "package_incomplete"),
    Attack("nothing after the period of a stream", "stream period", without("after"), 1, "package_incomplete"),
    Attack("nothing before the period of the log", "log period", without("before"), 1, "package_incomplete"),
    Attack("nothing after the period of the log", "log period", without("after"), 1, "package_incomplete"),
    Attack(
        "another entry before the period",
        "log period",
        claim(lambda c: c.update(before=c["before"] - 1)),
        1,
        "package_incomplete",
    ),
    Attack(
        "another entry after the period",
        "log period",
        claim(lambda c: c.update(after=c["after"] + 1)),
        1,
        "package_incomplete",
    ),
    Attack("one more member of the claim", "log", claim(lambda c: c.update(more=1)), 2, "package_malformed"),
    Attack("a log of fewer entries", "log", by_the_log(stated(size=3, covers=3)), 2, "package_malformed"),
    Attack("fewer entries covered", "log", by_the_log(stated(covers=3)), 2, "package_malformed"),
]
