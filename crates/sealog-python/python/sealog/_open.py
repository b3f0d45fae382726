"""Opening ledgers."""

from __future__ import annotations

import inspect
import os
import platform
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Union

from ._ledger import Ledger
from ._sealog import Policy

if TYPE_CHECKING:
    from .privacy import KeyWrapper

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
    privacy: Policy | Literal["usual"] | None = None,
    key_wrapper: KeyWrapper | None = None,
    signer: Callable[[bytes], bytes] | None = None,
    vkey: str | None = None,
    signer_wait: float | None = None,
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

    `privacy` is a policy that works on every record before it is written (`sealog.privacy`); `"usual"` replaces what
    it finds by the name of its type. `key_wrapper` wraps the data keys of persons and tenants in the place of a key file
    (`sealog.privacy.KeyWrapper`); it has to be the same each time.

    `signer` signs the log in place of a key file: it is called with the bytes to sign and returns the 64 bytes of an
    Ed25519 signature by the key `vkey`, whose name is the log's origin (`log_vkey` makes one from a public key). It is
    called on a thread of its own while every writer of the log waits, for at most `signer_wait` seconds (10); if it
    raises, is too slow or signs wrongly, nothing is written and those who wait get a `RefusedError`.
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
    privacy: Policy | Literal["usual"] | None = None,
    key_wrapper: KeyWrapper | None = None,
    signer: Callable[[bytes], bytes] | None = None,
    vkey: str | None = None,
    signer_wait: float | None = None,
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
    if inspect.iscoroutinefunction(given["signer"]):
        raise TypeError("signer is called on a thread of its own and must not be a coroutine function")
    given["runtime"] = (
        f"{platform.python_implementation()} {platform.python_version()}",
        f"{platform.system()} {platform.release()}".strip() or "unknown",
        platform.node(),
    )
    return Ledger(path, given)
