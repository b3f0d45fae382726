"""A file is added to the archive.

The attacker has the package and adds what its manifest does not name: a page that explains the records away, or bytes in
places that unpackers pass over.
"""

from tools import Attack, archive, of_members

ATTACKS = [
    Attack("a file", "stream", of_members(lambda m: archive([*m, ("more.txt", b"believe me")])), 2, "package_malformed"),
    Attack("an empty file", "stream", of_members(lambda m: archive([*m, ("more.txt", b"")])), 2, "package_malformed"),
    Attack("a file before the others", "stream", of_members(lambda m: archive([("A.txt", b""), *m])), 2, "package_malformed"),
    Attack("bytes behind the archive", "stream", of_members(lambda m: archive(m) + b"\0"), 2, "package_malformed"),
    Attack("bytes before the archive", "stream", of_members(lambda m: b"PK\x03\x04" + archive(m)), 2, "package_malformed"),
    Attack("a comment", "stream", of_members(lambda m: archive(m)[:-2] + b"\1\0x"), 2, "package_malformed"),
]
