"""What the log says of itself is left out.

The attacker holds the log's own key. He leaves out the configuration under which a decision would have had another label, or the
epoch that says where a stream ends.
"""

from tools import Attack, Package, by_the_log


def without(kind, at=0):
    def attack(package: Package):
        def change(rest):
            del rest[[n for n, line in enumerate(rest) if f'"kind":"{kind}"'.encode() in line][at]]

        package.lines("context.jsonl", change)

    return by_the_log(attack)


ATTACKS = [
    Attack("the first configuration", "stream", without("config.changed"), 1, "config_never_active"),
    Attack("the last configuration", "stream", without("config.changed", 1), 1, "config_never_active"),
    Attack("the last configuration, of the whole log", "log", without("config.changed", 1), 1, "package_incomplete"),
    Attack("a label, of the whole log", "log", without("label.registered"), 1, "package_incomplete"),
    Attack("the epoch", "stream", without("epoch.sealed"), 1, "package_map"),
    Attack("the log's first record", "log", without("ledger.created"), 2, "package_malformed"),
]
