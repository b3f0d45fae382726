"""A file that is a symbolic link.

The attacker wants whoever unpacks the package to read, or write through, a file elsewhere. ZIP keeps a link as a file with
attributes that say so; a package's files have none.
"""

import struct

from tools import Attack, archive, of_members

LINK, PLAIN, FOLDER = 0o120777 << 16, 0o100644 << 16, 0o040755 << 16 | 0x10


def attributes(value, made_by=10, target=None):
    """Attributes of the first file in the directory, and the system that is said to have made it."""

    def change(members):
        if target is not None:
            members = [(members[0][0], target), *members[1:]]
        data = bytearray(archive(members))
        at = data.index(b"PK\x01\x02")
        data[at + 4 : at + 6] = struct.pack("<H", made_by)
        data[at + 38 : at + 42] = struct.pack("<I", value)
        return bytes(data)

    return of_members(change)


UNIX = 3 << 8 | 10
ATTACKS = [
    Attack("to a file of the system", "stream", attributes(LINK, UNIX, b"/etc/passwd"), 2, "package_malformed"),
    Attack("to a file beside it", "stream", attributes(LINK, UNIX, b"entries.jsonl"), 2, "package_malformed"),
    Attack("a plain file with rights", "stream", attributes(PLAIN, UNIX), 2, "package_malformed"),
    Attack("a folder", "stream", attributes(FOLDER), 2, "package_malformed"),
    Attack("made by another system", "stream", attributes(0, UNIX), 2, "package_malformed"),
]
