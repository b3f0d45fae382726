"""What hashing, signing, verifying and scanning a model costs, beside model-signing and openssl in one interleaved run.

Each round does each piece of work once, Sealog's and the peer's in turn, on the same files, which are in memory (read
once before). Writes a table into `docs/benchmarks.md`. Exits 1 if a piece of work was not done right; a goal that is
missed is reported, not an error.

    cargo xtask bench model [--profile NAME] [--quick] [--rounds N] [--dir DIRECTORY] [--no-write]

`--quick` does one round on little data, to see that everything runs, and writes nothing.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import data
import figures
import page
from measure import peak_memory, run
from page import MemoryRow, Row

REMARKS = """
- `sign` and `verify` make and check the same OMS bundle (key method, P-256, SHA-256) over the same files. model-signing is
  started as its users start it, as a command; its start-up is in its time, as ours is in ours.
- `openssl dgst -sha256` hashes the files one after the other in one process, and neither lists a directory nor signs.
- The rows of the scanner are of half as many rounds, one at least; no peer does that work.
- Memory is the kernel's own mark of the most that the process ever held (`VmHWM`), looked at every 2 ms of a run that is
  not timed. Zeros of a sparse file stand for the sizes that the disk does not hold.
"""


@dataclass(frozen=True)
class Tools:
    """The programs and the key."""

    sealog: Path
    key: Path

    @property
    def public(self) -> Path:
        """The public half."""
        return self.key.with_name(self.key.name + ".pub")

    def sign(self, model: Path, bundle: Path) -> list[object]:
        """Ours."""
        bundle.unlink(missing_ok=True)
        words = ["sign", model, "--format", "oms", "--key", self.key, "--created-by", "bench", "--out", bundle]
        return [self.sealog, "model", *words]

    def verify(self, model: Path, bundle: Path) -> list[object]:
        """Ours."""
        return [self.sealog, "model", "verify", model, "--manifest", bundle, "--key", self.public]

    def peer_sign(self, model: Path, bundle: Path) -> list[object]:
        """The reference's."""
        words = ["--private_key", self.key, "--signature", bundle, model]
        return [self._peer(), "sign", "key", *words]

    def peer_verify(self, model: Path, bundle: Path) -> list[object]:
        """The reference's."""
        words = ["--public_key", self.public, "--signature", bundle, model]
        return [self._peer(), "verify", "key", *words]

    @staticmethod
    def _peer() -> Path:
        return Path(sys.executable).with_name("model_signing")


def openssl(model: Path) -> list[object]:
    """Every file of a model, in one process."""
    return ["openssl", "dgst", "-sha256", *sorted(path for path in model.rglob("*") if path.is_file())]


class Bench:
    """The rows, and what they are measured on."""

    def __init__(self, tools: Tools, base: Path, quick: bool) -> None:
        self.tools, self.base, self.quick = tools, base, quick
        self.scale = 0.01 if quick else 1.0
        self.rows: list[Row] = []
        self.memory: list[MemoryRow] = []

    def pair(self, row: Row, ours: list[object], theirs: list[object] | None = None) -> None:
        """One round of a row: ours, then the peer's."""
        row.measured.append(run(ours))
        if theirs is not None:
            row.measured_theirs.append(run(theirs))

    def set_of_files(self, name: str, make: object, goal: float, rounds: int) -> None:
        """Sign, verify and hash one set of files."""
        tools = self.tools
        with folder(self.base) as own:
            model, ours, theirs = own / "model", own / "ours.sig", own / "theirs.sig"
            size = make(model, self.scale)
            sign = Row(f"{name}: sign", "model-signing", goal, size)
            verify = Row(f"{name}: verify", "model-signing", goal, size)
            digest = Row(f"{name}: digest", "`openssl dgst`", None, size)
            again = Row(f"{name}: verify again with `--digest-cache`", "model-signing, reading all", None, 0)
            self.rows += [sign, verify, digest, again]
            run(openssl(model))  # into memory
            cache = ["--digest-cache", own / "digests"]
            run([tools.sealog, "model", "digest", model, *cache])
            for _ in range(rounds):
                theirs.unlink(missing_ok=True)
                self.pair(sign, tools.sign(model, ours), tools.peer_sign(model, theirs))
                # Each verifies what the other has signed.
                self.pair(verify, tools.verify(model, theirs), tools.peer_verify(model, ours))
                self.pair(again, [*tools.verify(model, theirs), *cache])
                again.measured_theirs.append(verify.measured_theirs[-1])
                self.pair(digest, [tools.sealog, "model", "digest", model], openssl(model))
            self.memory.append(MemoryRow(f"{name}: verify", size, peak_memory(tools.verify(model, ours))))

    def start_up(self, rounds: int) -> None:
        """From start-up to verdict."""
        tools = self.tools
        with folder(self.base) as own:
            model, bundle = own / "model", own / "ours.sig"
            size = data.small(model)
            row = Row("3 files, 5 kB: verify, start-up included", "model-signing", None, size, wall_goal_ms=10)
            self.rows.append(row)
            run(tools.sign(model, bundle))
            for _ in range(rounds):
                self.pair(row, tools.verify(model, bundle), tools.peer_verify(model, bundle))

    def scanner(self, rounds: int) -> None:
        """How quick the scanner is; no peer does this work."""
        count = 100 if self.quick else 10_000
        scan = [self.tools.sealog, "model", "scan"]
        size = int(1000 * data.MB * self.scale)
        with folder(self.base) as own:
            for name, make in (
                ("scan a pickle of lists of numbers", data.pickle_of_numbers),
                ("scan a pickle of one string of bytes", data.pickle_of_bytes),
            ):
                path = own / "file.pkl"
                row = Row(name, "", None, make(path, size))
                self.rows.append(row)
                for _ in range(rounds):
                    self.pair(row, [*scan, path])
                self.memory.append(MemoryRow(name, row.size, peak_memory([*scan, path])))
                path.unlink()
            small = own / "small"
            row = Row(f"scan {count:,} small pickles", "", None, data.small_pickles(small, count), count)
            self.rows.append(row)
            for _ in range(rounds):
                self.pair(row, [*scan, small])

    def memory_beyond(self) -> None:
        """Memory on what no disk here holds, and on many files."""
        tools = self.tools
        with folder(self.base) as own:
            model = own / "model"
            size = sum(data.sparse(model / f"{at}.bin", int(8000 * data.MB * self.scale)) for at in range(2))
            ours = own / "ours.sig"
            run(tools.sign(model, ours))
            self.memory.append(MemoryRow("2 x 8 GB (sparse): verify", size, peak_memory(tools.verify(model, ours))))
            shutil.rmtree(model)
            ours.unlink()
            count = 1000 if self.quick else 100_000
            model.mkdir()
            for at in range(count):
                (model / f"{at:06}").write_bytes(at.to_bytes(8, "big"))
            run(tools.sign(model, ours))
            self.memory.append(MemoryRow(f"{count:,} files of 8 bytes: verify", 8 * count, peak_memory(tools.verify(model, ours))))


@contextmanager
def folder(base: Path) -> Iterator[Path]:
    """A new folder that is removed after."""
    with tempfile.TemporaryDirectory(prefix="bench-model-", dir=base) as path:
        yield Path(path)


def machine(rounds: int, loads: list[float], profile: str, sealog: Path) -> list[str]:
    """Where and with what this was measured."""
    said = subprocess.run([sealog, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    crypto = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout.strip()
    return [
        figures.when(rounds, *loads),
        figures.machine(),
        f"{said} built with the profile `{profile}`, model-signing {version('model-signing')} on"
        f" {platform.python_implementation()} {platform.python_version()}, {crypto}",
    ]


def main() -> int:
    arguments = figures.arguments(__doc__, rounds=5)
    arguments.add_argument("--sealog", type=Path, required=True, help="the command; `cargo xtask bench model` builds it")
    arguments.add_argument("--dir", type=Path, required=True, help="where the data are made")
    arguments.add_argument("--profile", default="release", help="how it was built")
    asked = arguments.parse_args()
    rounds = figures.rounds_of(asked)
    loads = [os.getloadavg()[0]]
    asked.dir.mkdir(parents=True, exist_ok=True)
    with folder(asked.dir) as base:
        tools = Tools(asked.sealog, base / "p256.pem")
        run([tools.sealog, "model", "key", "new", tools.key, "--kind", "p256"])
        bench = Bench(tools, base, asked.quick)
        bench.set_of_files("1 x 1 GB + 1000 x 1 MB", data.mixed, 2.3, rounds)
        bench.set_of_files("8 x 250 MB", data.large, 3.3, rounds)
        bench.start_up(rounds * 4)
        bench.scanner(max(1, rounds // 2))
        bench.memory_beyond()
    loads.append(os.getloadavg()[0])
    part = page.text(machine(rounds, loads, asked.profile, asked.sealog), bench.rows, bench.memory, REMARKS)
    figures.deliver("model", part, asked)
    return 0


if __name__ == "__main__":
    sys.exit(main())
