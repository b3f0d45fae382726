"""A small archive that says it is large.

The attacker wants the verifier to fill its memory or its disk. A package is stored without compression, so a compressed file is
none; and a length beyond the archive's own end is refused before anything is read by it.
"""

import struct
import zlib

from tools import Attack, archive, line_of, of_members


def header(name, method, checksum, size, whole):
    return b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 10, 0, method, 0, 0x21, checksum, size, whole, len(name), 0) + name


def deflated(members):
    """The first file is a gigabyte of zeros in a megabyte."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = bytes(1 << 20)
    data = b"".join(squeezer.compress(piece) for _ in range(1 << 10)) + squeezer.flush()
    assert len(data) < 2 << 20
    return header(b"README.txt", 8, 0, len(data), 1 << 30) + data + archive(members[1:])


def claimed(at, value):
    """A length in the header of the first file."""

    def change(members):
        data = bytearray(archive(members))
        data[at : at + 4] = struct.pack("<I", value)
        return bytes(data)

    return of_members(change)


def within_itself(members):
    """Every file is told to begin in the one before, as bombs without compression do."""
    data = bytearray(archive(members))
    end = len(data) - 22
    (directory,) = struct.unpack_from("<I", data, end + 16)
    at = directory
    while data[at : at + 4] == b"PK\x01\x02":
        data[at + 42 : at + 46] = struct.pack("<I", 0)
        at += 46 + struct.unpack_from("<H", data, at + 28)[0]
    return bytes(data)


def nested(members):
    """An array of a million arrays in each other, in the place of the manifest."""
    return archive([*members[:-1], ("manifest.json", b"[" * 1_000_000 + b"]" * 1_000_000 + b"\n")])


def long_number(members):
    return archive([*members[:-1], ("manifest.json", b"1" * 1_000_000 + b"\n")])


def counted(members):
    """The end says that there are 65,535 files."""
    data = bytearray(archive(members))
    data[-14:-10] = b"\xff" * 4
    return bytes(data)


ATTACKS = [
    Attack("a gigabyte of zeros, compressed", "stream", of_members(deflated), 2, "package_malformed"),
    Attack("a file of 4 GiB by its header", "stream", claimed(18, 0xFFFF_FFFF), 2, "package_malformed"),
    Attack("4 GiB once it is unpacked", "stream", claimed(22, 0xFFFF_FFFF), 2, "package_malformed"),
    Attack("files that lie in each other", "stream", of_members(within_itself), 2, "package_malformed"),
    Attack("65,535 files by the archive's end", "stream", of_members(counted), 2, "package_malformed"),
    Attack("a million arrays in each other", "stream", of_members(nested), 2, "package_malformed"),
    Attack("a number of a million digits", "stream", of_members(long_number), 2, "package_malformed"),
    Attack(
        "an array of a million numbers for the signatures",
        "stream",
        of_members(lambda m: archive([*m[:-1], ("manifest.json", line_of({"payload": "", "payloadType": "", "signatures": [0] * 1_000_000}))])),
        2,
        "package_malformed",
    ),
]
