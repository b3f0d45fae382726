"""One run of a program: time by the clock, processor time of all its threads, and the most memory it held."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.002
"""Between two looks at a process's memory. What it held at most (`VmHWM`) never falls, so the last look tells."""


@dataclass(frozen=True)
class Spent:
    """What a run took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of processor time, user and system."""


def run(command: Sequence[object], status: int = 0) -> Spent:
    """Runs a program to its end. Raises if it does not end with this status."""
    words = [str(word) for word in command]
    begin = time.perf_counter()
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = process.stdout.read() if process.stdout else b""
    _, ended, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(ended)
    if process.returncode != status:
        sys.exit(f"`{' '.join(words)}` ended with {process.returncode}:\n{said.decode(errors='replace')}")
    return Spent(wall=wall, cpu=usage.ru_utime + usage.ru_stime)


def peak_memory(command: Sequence[object], status: int = 0) -> float:
    """The most that a program ever held, in MiB, by the kernel's own mark. Not timed: it is looked at meanwhile."""
    words = [str(word) for word in command]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    program = Path(words[0]).name[:15]
    most = 0
    while process.poll() is None:
        most = max(most, _mark(process.pid, program))
        time.sleep(POLL_SECONDS)
    if process.returncode != status or most == 0:
        sys.exit(f"`{' '.join(words)}` ended with {process.returncode} and {most} kB")
    return most / 1024


def _mark(pid: int, program: str) -> int:
    """In kB; nothing before the process has become the program, and nothing once it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (OSError, ProcessLookupError):
        return 0
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    if fields["Name"].strip() != program:
        return 0
    return int(fields.get("VmHWM", "0 kB").split()[0])
