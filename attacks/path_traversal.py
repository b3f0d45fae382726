"""A name that leads out of the archive.

The attacker wants whoever unpacks the package to overwrite a file elsewhere. The names of a package are fixed, so none of these
is one.
"""

from tools import Attack, archive, of_members

NAMES = [
    "../README.txt",
    "/README.txt",
    "a/../../README.txt",
    "..\\README.txt",
    "C:\\README.txt",
    "README.txt\0.zip",
    "\u202etxt.EMDAER",
]


def named(name):
    """In the place of the first file, and as a further one."""
    return [
        of_members(lambda members: archive([(name, members[0][1]), *members[1:]])),
        of_members(lambda members: archive([*members, (name, b"")])),
    ]


ATTACKS = [
    Attack(f"{name.encode('ascii', 'backslashreplace').decode()!r} {place}", "stream", make, 2, "package_malformed")
    for name in NAMES
    for place, make in zip(["in the place of the first file", "as a further file"], named(name))
]
