"""A payload file is replaced, renamed, added or taken out.

The attacker wants another letter to stand behind a decision. Its digest is in the record, and the record in the tree.
"""

import hashlib

from tools import Attack, Package, by_anybody, by_the_log

OTHER = b"another letter"
NAME = "payloads/" + hashlib.sha256(OTHER).hexdigest()


def put(package: Package, name, data):
    """In its place: before the manifest, in the order of the names."""
    package.members[name] = data
    names = sorted(one for one in package.members if one.startswith("payloads/"))
    for one in [*names, "manifest.json"]:
        package.members[one] = package.members.pop(one)


def other_bytes(package: Package):
    package.members[package.payload] = OTHER


def same_length(package: Package):
    package.members[package.payload] = package.members[package.payload].replace(b"letter", b"lettre", 1)


def another(package: Package):
    del package.members[package.payload]
    put(package, NAME, OTHER)


def one_more(package: Package):
    put(package, NAME, OTHER)
    package.predicate["payloads"]["files"] += 1


def taken_out(package: Package):
    del package.members[package.payload]
    package.predicate["payloads"]["files"] -= 1


def swapped(package: Package):
    """Two payloads, the later name first."""
    one_more(package)
    names = sorted((one for one in package.members if one.startswith("payloads/")), reverse=True)
    for name in [*names, "manifest.json"]:
        package.members[name] = package.members.pop(name)


def named(name):
    def attack(package: Package):
        put(package, name, package.members.pop(package.payload))

    return attack


ATTACKS = [
    Attack("by anybody", "beside", by_anybody(other_bytes), 1, "package_member"),
    Attack("by the log, under its name", "beside", by_the_log(other_bytes), 1, "payload_mismatch"),
    Attack("by the log, of the same length", "beside", by_the_log(same_length), 1, "payload_mismatch"),
    Attack("by one under a name of its own", "beside", by_the_log(another), 1, "payload_mismatch"),
    Attack("one more", "beside", by_the_log(one_more), 1, "payload_mismatch"),
    Attack("one more, that the statement does not count", "beside", by_the_log(lambda p: put(p, NAME, OTHER)), 2, "package_malformed"),
    Attack("taken out, and nobody says so", "beside", by_the_log(taken_out), 1, "payload_missing"),
    Attack("two in another order", "beside", by_the_log(swapped), 2, "package_malformed"),
    Attack("a name in upper case", "beside", by_the_log(named("payloads/" + "A" * 64)), 2, "package_malformed"),
    Attack("a name that leads out", "beside", by_the_log(named("payloads/../" + "0" * 61)), 2, "package_malformed"),
    Attack("more left out by the statement", "beside", by_the_log(lambda p: p.predicate["payloads"].update(left_out=9)), 1, "payload_missing"),
]
