"""A file of the archive is replaced, renamed or taken out.

The attacker has the package, and perhaps another genuine one of the same log.
"""

import struct
import zlib

from tools import Attack, Package, archive, by_anybody, by_the_log, document, member, of_members


def renamed(members):
    return archive([("population.jsom" if name == "population.json" else name, data) for name, data in members])


def swapped(members):
    return archive([members[0], members[2], members[1], *members[3:]])


def contents_swapped(members):
    (one, first), (two, second) = members[1:3]
    return archive([members[0], (one, second), (two, first), *members[3:]])


def checksum(at):
    """Another checksum in both headers, so that only the content tells."""

    def change(members):
        data, found = archive(members), zlib.crc32(members[at][1])
        assert data.count(struct.pack("<I", found)) == 2
        return data.replace(struct.pack("<I", found), struct.pack("<I", found ^ 1))

    return of_members(change)


def of_another_package(name, other, sign):
    def make(given, data):
        package = Package(data)
        package.members[name] = given.opened(other).members[name]
        return package.signed(given.key) if sign else package.zipped()

    return make


ATTACKS = [
    Attack("by that of another package", "stream", of_another_package("population.json", "log", False), 1, "package_member"),
    Attack("by another text", "stream", by_anybody(member("README.txt", lambda data: b"trust me")), 1, "package_member"),
    Attack("two contents in each other's place", "stream", of_members(contents_swapped), 1, "package_member"),
    Attack("two files in each other's place", "stream", of_members(swapped), 2, "package_malformed"),
    Attack("renamed", "stream", of_members(renamed), 2, "package_malformed"),
    Attack("the first taken out", "stream", of_members(lambda m: archive(m[1:])), 2, "package_malformed"),
    Attack("the manifest taken out", "stream", of_members(lambda m: archive(m[:-1])), 2, "package_malformed"),
    Attack("another date", "stream", of_members(lambda m: archive(m).replace(b"\x21\0", b"\x22\0", 1)), 2, "package_malformed"),
    Attack("another checksum", "stream", checksum(0), 2, "package_malformed"),
    Attack("another checksum of the manifest", "stream", checksum(-1), 2, "package_malformed"),
    Attack("the entries of another package, signed by the log", "selection", of_another_package("entries.jsonl", "log", True), 1, "package_query"),
    Attack("the context of another package, signed by the log", "log", of_another_package("context.jsonl", "stream", True), 2, "package_malformed"),
    Attack(
        "the claim with white space, signed by the log",
        "log",
        by_the_log(member("completeness.json", lambda data: data.replace(b",", b", "))),
        2,
        "package_malformed",
    ),
    Attack("one more member of the counts, signed by the log", "log", by_the_log(document("population.json", lambda p: p.update(more=1))), 1, "package_population"),
]
