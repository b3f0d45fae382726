"""Two files of one name.

The attacker has the package and adds a second file of a name that is there, so that one reader sees the one and another reader
the other.
"""

from tools import Attack, archive, of_members


def second(name, data):
    return of_members(lambda members: archive([*members, (name, data)]))


def doubled(at):
    return of_members(lambda members: archive([*members[: at + 1], members[at], *members[at + 1 :]]))


ATTACKS = [
    Attack("the manifest, the same twice", "stream", of_members(lambda m: archive([*m, m[-1]])), 2, "package_malformed"),
    Attack("other entries behind the manifest", "stream", second("entries.jsonl", b"{}\n"), 2, "package_malformed"),
    Attack("the entries twice, in their place", "stream", doubled(1), 2, "package_malformed"),
    Attack("a name that differs in case", "stream", second("ENTRIES.jsonl", b"{}\n"), 2, "package_malformed"),
]
