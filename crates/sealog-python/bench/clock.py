"""Time: of the caller's thread call by call, and of a whole piece of work in every thread of the process."""

from __future__ import annotations

import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Spent:
    """What one unit of a piece of work took, in microseconds."""

    cpu: float
    """Processor time of all threads."""
    wall: float
    caller: float
    """Processor time of the calling thread alone."""


@dataclass(frozen=True)
class Calls:
    """What the calls of one round took the caller, in microseconds."""

    p50: float
    p99: float
    cpu_p50: float
    cpu_p99: float


def spend(work: Callable[[], Any], units: int) -> Spent:
    """Runs a piece of work of so many units once."""
    gc.collect()
    process, thread, wall = time.process_time_ns(), time.thread_time_ns(), time.perf_counter_ns()
    work()
    wall, thread = time.perf_counter_ns() - wall, time.thread_time_ns() - thread
    process = time.process_time_ns() - process
    per_unit = 1000 * units
    return Spent(cpu=process / per_unit, wall=wall / per_unit, caller=thread / per_unit)


def call(act: Callable[[Any], Any], given: list[Any], settle: Callable[[], Any]) -> Calls:
    """Times each call: half of them by the clock on the wall, half by the thread's own.

    What the clock itself takes is in the wall times (tens of nanoseconds) and taken off the thread's (asking for it
    is a call of the system). `settle` runs after each half and is not timed.
    """
    half = len(given) // 2
    gc.collect()
    wall = _each(time.perf_counter_ns, act, given[:half])
    settle()
    own = _each(time.thread_time_ns, act, given[half:])
    settle()
    asking = statistics.median(_each(time.thread_time_ns, lambda _: None, list(range(1000))))
    own = [max(0, taken - asking) for taken in own]
    return Calls(percentile(wall, 50), percentile(wall, 99), percentile(own, 50), percentile(own, 99))


def _each(now: Callable[[], int], act: Callable[[Any], Any], given: list[Any]) -> list[int]:
    taken = [0] * len(given)
    for at, argument in enumerate(given):
        begin = now()
        act(argument)
        taken[at] = now() - begin
    return taken


def percentile(nanoseconds: list[int], percent: int) -> float:
    """The value that so many of a hundred do not exceed, in microseconds."""
    ordered = sorted(nanoseconds)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] / 1000


def flush_probe(folder: str) -> float:
    """The median of 20 flushes of one block to this disk, in microseconds: what the run's disk is like now."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(20):
            file.write(b"\0" * 4096)
            file.flush()
            begin = time.perf_counter_ns()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter_ns() - begin)
    return statistics.median(taken) / 1000
