"""Models of random bytes, made on the spot and removed after."""

from __future__ import annotations

import os
import pickle
import random
from pathlib import Path

MB = 1_000_000
CHUNK = 8 * MB


def random_file(path: Path, size: int) -> None:
    """Bytes that nothing can compress and no block is shared of."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        while size:
            file.write(os.urandom(min(size, CHUNK)))
            size -= min(size, CHUNK)


def mixed(folder: Path, scale: float) -> int:
    """1 x 1 GB + 1000 x 1 MB. Returns how many bytes that is."""
    random_file(folder / "weights.bin", int(1000 * MB * scale))
    count = max(1, int(1000 * scale))
    for at in range(count):
        random_file(folder / "shards" / f"{at:04}.bin", MB)
    return int(1000 * MB * scale) + count * MB


def large(folder: Path, scale: float) -> int:
    """8 x 250 MB. Returns how many bytes that is."""
    each = int(250 * MB * scale)
    for at in range(8):
        random_file(folder / f"model-{at}.bin", each)
    return 8 * each


def small(folder: Path) -> int:
    """Three files, 5 kB."""
    for name, size in (("config.json", 500), ("tokenizer.bin", 1500), ("weights.bin", 3000)):
        random_file(folder / name, size)
    return 5000


def sparse(path: Path, size: int) -> int:
    """Zeros that take no place on the disk: memory is measured on more than the disk holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    return size


def pickle_of_numbers(path: Path, size: int) -> int:
    """A pickle of many opcodes: lists of floats, 9 bytes for each opcode. Returns its length."""
    numbers = [random.random() for _ in range(100_000)]
    part = pickle.dumps(numbers, protocol=3)
    with path.open("wb") as file:
        # A list of lists, written by hand: what Python would need for it is many times the file.
        body = part[2:-1]  # without PROTO and STOP
        file.write(b"\x80\x03](")
        written = 4
        while written + len(body) < size:
            file.write(body)
            written += len(body)
        file.write(b"e.")
    return written + 2


def pickle_of_bytes(path: Path, size: int) -> int:
    """A pickle of one string of bytes. Returns its length."""
    head = b"\x80\x04\x8e" + size.to_bytes(8, "little")
    with path.open("wb") as file:
        file.write(head)
        left = size
        while left:
            file.write(os.urandom(min(left, CHUNK)))
            left -= min(left, CHUNK)
        file.write(b".")
    return len(head) + size + 1


def small_pickles(folder: Path, count: int) -> int:
    """Pickles as they lie about: a dictionary of some texts, numbers and lists. Returns how many bytes that is."""
    folder.mkdir(parents=True)
    size = 0
    for at in range(count):
        content = {"number": at, "words": ["word"] * 20, "floats": [random.random() for _ in range(50)]}
        text = pickle.dumps(content, protocol=2 + at % 4)
        (folder / f"{at:05}.pkl").write_bytes(text)
        size += len(text)
    return size
