"""Opening ledgers."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from typing import Any, Literal, Union

from ._ledger import Ledger

StrPath = Union[str, "os.PathLike[str]"]
Full = Union[Literal["block"], Literal["fail"], Literal["gap"]]


def open(  # noqa: A001 - `sealog.open`, as `gzip.open`.
    path: StrPath,
    *,
    create: bool = True,
    access: Literal["append", "read"] = "append",
    system: str | None = None,
    tenant: str | None = None,
    operator: str | None = None,
    purpose: str | None = None,
    reason: str | None = None,
    origin: str | None = None,
    recovery_vkey: str | None = None,
    secrets: StrPath | None = None,
    state_dir: StrPath | None = None,
    config_dir: StrPath | None = None,
    head_copy: Literal["use", "require", "off"] | None = None,
    index: Literal["follow", "manual", "off"] | None = None,
    allow_file_systems: Sequence[str] | None = None,
    producer_id: str | None = None,
    turn_wait: float | None = None,
    segment_bytes: int | None = None,
    epoch_entries: int | None = None,
    epoch_seconds: int | None = None,
    full: Full = "block",
    queue_records: int | None = None,
    queue_bytes: int | None = None,
    queue_wait: float | None = None,
    on_unencodable: Literal["record", "raise"] = "record",
) -> Ledger:
    """Opens a ledger, or makes one where nothing is.

    A new ledger gets a signing key beside it (`<path>.secrets`), and its first entry says who runs it and what for
    (`operator`, `purpose`, `reason`). A path that this machine knows and where now nothing is, is refused: the
    volume may not be mounted.

    `system` and `tenant` stand in every record that names none. `full` says what `enqueue` does when the queue has
    no room: wait up to `queue_wait` seconds, fail, or drop the record and declare a gap.
    """
    given: dict[str, Any] = dict(locals())
    del given["path"]
    if allow_file_systems is not None:
        given["allow_file_systems"] = list(allow_file_systems)
    return _made(os.fspath(path), given)


def memory(
    *,
    system: str | None = None,
    tenant: str | None = None,
    producer_id: str | None = None,
    epoch_entries: int | None = None,
    full: Full = "block",
    queue_records: int | None = None,
    queue_bytes: int | None = None,
    queue_wait: float | None = None,
    on_unencodable: Literal["record", "raise"] = "record",
) -> Ledger:
    """A ledger in memory, with a key of its own: for tests, and for trying out. It ends with the process."""
    return _made(None, dict(locals()))


def _made(path: str | None, given: dict[str, Any]) -> Ledger:
    given["runtime"] = (
        f"{platform.python_implementation()} {platform.python_version()}",
        f"{platform.system()} {platform.release()}".strip() or "unknown",
        platform.node(),
    )
    return Ledger(path, given)
