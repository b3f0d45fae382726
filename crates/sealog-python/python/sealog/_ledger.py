"""The ledger as Python code sees it."""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import warnings
import weakref
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, overload

from . import _sealog
from ._collector import Collector, OnError, OnUnencodable, Via, _log
from ._config import Configurations, Labels
from ._decided import AsyncDecided, Decided, Decorator
from ._decision import Plan, wrap
from ._erased import Erased
from ._evidence import Package
from ._model import Model
from ._query import Query
from ._retention import Holds, Retention
from ._sealog import (
    ConfigView,
    Encoded,
    ImportReport,
    LedgerCore,
    Page,
    Receipt,
    Record,
    Report,
    Started,
)
from ._selectors import Selector
from ._verify import Kept, Key, Source, _bytes, _brought, _pins, _request

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from .model import AdmittedModel

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

EXIT_SECONDS = 5.0
"""How long the end of the interpreter waits for what is queued."""


class Ledger(LedgerCore):
    """A ledger that is open. `sealog.open` and `sealog.memory` make one.

    Safe to share between threads and asyncio tasks. A forked child goes on with a run of its own, which opens when
    it is first used. Close it, or use it in a `with` statement: that ends the run, so that a verifier can tell
    that nothing is missing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        #: Ids of labels by id and display name, as last read.
        self._label_ids: dict[str, str] = {}
        _open_ledgers.add(self)

    # Made anew each time: a part that the ledger kept would keep the ledger.

    @property
    def config(self) -> Configurations:
        """Configurations: `set`, `show`, `history`."""
        return Configurations(self)

    @property
    def labels(self) -> Labels:
        """Labels: `add`, `rename`, `list`."""
        return Labels(self)

    @property
    def retention(self) -> Retention:
        """How long entries are kept: `set`, `policies`, `status`, `due`, `dispose`."""
        return Retention(self)

    @property
    def holds(self) -> Holds:
        """Legal holds: `place`, `release`, `list`."""
        return Holds(self)

    # Decisions.

    # They overlap on purpose: a coroutine function is told from other functions by coming first.
    @overload
    def decision(  # type: ignore[overload-overlap]
        self, function: Callable[P, Coroutine[Any, Any, T]], /
    ) -> AsyncDecided[P, T]: ...

    @overload
    def decision(self, function: Callable[P, R], /) -> Decided[P, R]: ...

    @overload
    def decision(
        self,
        function: None = None,
        /,
        *,
        score: Selector | None = None,
        label: Selector | None = None,
        input: Selector | None = None,
        output: Selector | None = None,
        subject: Selector | None = None,
        session: Selector | None = None,
        trace: Selector | None = None,
        action: Selector | None = None,
        outcome: Selector | None = None,
        model: Selector | Model | AdmittedModel | Mapping[str, Any] | None = None,
        config: Selector | None = None,
        members: Mapping[str, Any] | None = None,
        intent: bool = False,
        on_error: OnError = "record_gap",
        on_unencodable: OnUnencodable | None = None,
    ) -> Decorator: ...

    def decision(
        self,
        function: Any = None,
        /,
        *,
        members: Mapping[str, Any] | None = None,
        intent: bool = False,
        on_error: OnError = "record_gap",
        on_unencodable: OnUnencodable | None = None,
        **selectors: Any,
    ) -> Any:
        """Records each call of a function as one decision.

        Works bare and with arguments, on functions, methods, coroutines, generators and asynchronous generators.
        Each selector is a dotted path into the call (`"result.score"`, `"applicant.id"`) or a callable over bound
        arguments and result; `model`, `config` and `action` may also be given as they are. By default the input is
        all arguments and the output the result; both are committed to, not stored.

        The function gets a twin `function.audited`, which waits until the record is durable and returns
        `(result, receipt)`.
        """
        unknown = selectors.keys() - _SELECTORS
        if unknown:
            raise TypeError(f"decision() got an unexpected keyword argument {min(unknown)!r}")
        _one_of("on_error", on_error, ("raise", "record_gap"))
        if on_unencodable is None:
            on_unencodable = self._on_unencodable
        _one_of("on_unencodable", on_unencodable, ("raise", "record"))

        def decorate(function: Any) -> Any:
            if isinstance(function, (staticmethod, classmethod)):
                return type(function)(decorate(function.__func__))
            if not callable(function):
                raise TypeError(f"a decision is made by a function, not by {type(function).__qualname__}")
            plan = Plan(
                self,
                function,
                selectors=selectors,
                members=members or {},
                on_error=on_error,
                on_unencodable=on_unencodable or "record",
                intent=intent,
            )
            return wrap(plan)

        return decorate if function is None else decorate(function)

    def collect(
        self,
        *,
        on_error: OnError = "record_gap",
        on_unencodable: OnUnencodable | None = None,
    ) -> Collector:
        """A decision recorded by hand: `with ledger.collect() as c: c.score(0.7)`."""
        return Collector(self, on_error=on_error, on_unencodable=on_unencodable or self._on_unencodable)

    # Records.

    @overload
    def record(
        self, kind: str, body: Mapping[str, Any], *, on_error: Literal["raise"] | None = None, **fields: Any
    ) -> Receipt: ...

    @overload
    def record(
        self, kind: str, body: Mapping[str, Any], *, on_error: Literal["record_gap"], **fields: Any
    ) -> Receipt | None: ...

    def record(
        self,
        kind: str,
        body: Mapping[str, Any],
        *,
        on_error: Literal["raise", "record_gap"] | None = None,
        **fields: Any,
    ) -> Receipt | None:
        """Appends a record and returns its receipt: the same as `append`, under the name of the command."""
        return self.append(kind, body, on_error=on_error, **fields)

    @overload
    async def aappend(
        self,
        record: Record | str,
        body: Mapping[str, Any] | None = None,
        /,
        *,
        on_error: Literal["raise"] | None = None,
        **fields: Any,
    ) -> Receipt: ...

    @overload
    async def aappend(
        self,
        record: Record | str,
        body: Mapping[str, Any] | None = None,
        /,
        *,
        on_error: Literal["record_gap"],
        **fields: Any,
    ) -> Receipt | None: ...

    async def aappend(
        self,
        record: Record | str,
        body: Mapping[str, Any] | None = None,
        /,
        *,
        on_error: Literal["raise", "record_gap"] | None = None,
        **fields: Any,
    ) -> Receipt | None:
        """Like `append`, without holding up the event loop.

        If the task is cancelled meanwhile, the record is written or refused all the same.
        """
        if not isinstance(record, Record):
            if body is None:
                raise TypeError("a kind needs a body")
            record, fields = Record(record, body, **fields), {}
        elif body is not None:
            raise TypeError("a Record has its body already")
        append: Callable[..., Receipt | None] = self.append
        return await asyncio.to_thread(append, record, on_error=on_error, **fields)

    # Reading.

    def search(self, **asked: Unpack[Query]) -> Page:
        """Entries that have every value named, by the query index; each is read from the log.

        A page says up to where the index was. Answers that claim completeness come from `entries` or `verify`.
        """
        return _sealog.search(self, **asked)

    def count(self, **asked: Unpack[Query]) -> int:
        """How many entries match, by the query index."""
        return _sealog.count(self, **asked)

    def stats(self, **asked: Unpack[Query]) -> dict[str, Any]:
        """Counts of the entries that match, by the query index: by kind, system, tenant, day, model, label and action;
        rates of rejection, of allowance and of checks that fired; a histogram of scores; gaps.
        """
        return _sealog.stats(self, **asked)

    def wait_for_index(self, timeout: float = 10.0) -> bool:
        """Waits until the query index holds what this handle knows of the log; false if that took too long."""
        return _sealog.wait_for_index(self, timeout)

    def seal_epoch(self) -> Receipt:
        """Fixes in one signed map what the log holds of streams, runs and configurations."""
        return _sealog.seal_epoch(self)

    # Proof.

    def import_checkpoint(
        self, note: bytes | os.PathLike[str], *, policy: bytes | os.PathLike[str]
    ) -> Receipt:
        """Brings a checkpoint of this log that witnesses cosigned into the log.

        It is verified first: a key of this log signed it, the log had its root, and the policy's quorum is met. What is
        recorded from then on was written after the witnesses' time.
        """
        return _sealog.import_checkpoint(self, _bytes(note), _bytes(policy))

    def verify(
        self,
        *,
        key: Key | Sequence[Key] | None = None,
        against: Kept | Sequence[Kept] | None = None,
        policy: bytes | os.PathLike[str] | None = None,
        all_signatures: bool = False,
    ) -> Report:
        """Flushes what is queued and verifies the whole log, under the keys given or the ledger's own.

        A ledger that vouches for itself proves less than one verified elsewhere, under a key that its verifier
        pinned, and against something kept from before: `sealog.verify`.
        """
        self.flush()
        request = _request(self.vkey if key is None else key, against, policy, all_signatures, False)
        return _sealog.verify_open(self, request)

    def export_evidence(
        self,
        path: str | os.PathLike[str],
        *,
        by: str,
        recipient: str | None = None,
        at: int | None = None,
        sample: int | None = None,
        seed: str | None = None,
        previous: bytes | os.PathLike[str] | None = None,
        payloads: bool = False,
        openings: Iterable[tuple[str, str, object]] = (),
        sealed: Iterable[tuple[str, str]] = (),
        signed_by: str | None = None,
        signing_key: str | os.PathLike[str] | None = None,
        **wanted: Unpack[Query],
    ) -> Package:
        """Writes an evidence package of the entries asked for, and records in the log that it left.

        `by` is who asked and `recipient` for whom it is. It stands on the newest checkpoint, or on that of `at`
        entries. `sample` draws so many entries by the log's root and `seed`; the sample counts as the auditor's only
        if `at` fixed the size before the seed was said. `previous` is a checkpoint that the recipient holds from
        before. The entries are selected by reading the log, never by the index; `limit`, `cursor` and `order` have no
        place here.

        `payloads` adds the payload files that the entries name. `openings` are triples of a record's id, a field and
        the value that was committed to there, and `sealed` pairs of a record's id and the name of a sealed payload:
        whoever has the package sees these values, and can check that they are those. The log says first who looked at
        a sealed one. `signed_by` is the id of an actor's key that the log knows, which signs too, and `signing_key` the
        file that holds it.

        A file that is there is not written over, and where anything fails none is left behind.
        """
        for name in ("limit", "cursor", "order"):
            if name in wanted:
                raise TypeError(f"export_evidence() got an unexpected keyword argument {name!r}")
        if (signed_by is None) != (signing_key is None):
            raise TypeError("signed_by= and signing_key= go together")
        self.flush()
        asked = {
            "payloads": payloads,
            "openings": list(openings),
            "sealed": list(sealed),
            "signed_by": signed_by,
            "signing_key": signing_key,
            "by": by,
            "recipient": recipient,
            "at": at,
            "sample": sample,
            "seed": seed,
            "previous": None if previous is None else _bytes(previous),
        }
        made = _sealog.export_evidence(self, os.fspath(path), asked, wanted)
        return Package(path=os.fspath(path), **made)

    def import_(
        self,
        path: str | os.PathLike[str],
        *,
        system: str,
        source: Source | None = None,
        key: str | os.PathLike[str] | None = None,
        hmac_key: bytes | str | None = None,
        anchor: bytes | os.PathLike[str] | None = None,
        model: str | os.PathLike[str] | None = None,
        signature: str | os.PathLike[str] | None = None,
        openpgp_keyring: str | os.PathLike[str] | None = None,
        fingerprint: str | None = None,
        ignore: Sequence[str] = (),
        model_id: str | None = None,
        model_version: str | None = None,
        accept_findings: bool = False,
    ) -> ImportReport:
        """Verifies a log of an older system, or its manifest or hash file of a model, whole, under its own rules, and
        then adopts its records.

        What is brought is as for `sealog.check_import`; `system` is the AI system that the records are about. Nothing
        is added before all of it is verified. A log that is refuted raises `TamperError`, one that is undecided
        `RefusedError`; `accept_findings` adopts either, with the findings on record. The same file is adopted once; a
        document that was adopted without its model and comes again with it has the model registered. An adoption that
        was interrupted goes on, and one that goes on elsewhere raises `RefusedError` (`import_busy`).
        """
        self.flush()
        asked = _pins(source, key, hmac_key, anchor)
        asked.update(
            _brought(model, signature, openpgp_keyring, fingerprint, ignore, model_id, model_version)
        )
        asked.update(system=system, accept_findings=accept_findings)
        return _sealog.import_adopt(self, os.fspath(path), asked)

    # Persons.

    def subject_ref(self, person: str, *, tenant: str | None = None) -> str:
        """The pseudonym of a person within a tenant, made if there is none: what records say in the person's place."""
        return _sealog.subject_ref(self, person, tenant)

    def reveal(
        self, index: int, name: str, *, by: str, purpose: str | None = None, auth_method: str | None = None
    ) -> bytes:
        """Shows a sealed value of an entry, by its name, after the log has recorded who looks.

        Refused once the key of the person is destroyed.
        """
        self.flush()
        return _sealog.reveal(self, index, name, by, purpose, auth_method)

    def erase(
        self,
        person: str | None = None,
        *,
        by: str,
        subject_ref: str | None = None,
        tenant: str | None = None,
        whole_tenant: bool = False,
        request: str | None = None,
        approvals: int = 0,
        despite_retention: bool = False,
    ) -> Erased:
        """Erases a person, by the name that records gave or by the pseudonym, or a whole tenant.

        Keys, pseudonyms and codes are destroyed; no entry is changed, and every proof still holds. What the erasure
        could not reach, and what is still in a file of this ledger, stands in what comes back. Refused under a legal
        hold, while a retention policy keeps an entry, without the approvals that it needs (two for a tenant), and for
        whom the key store does not know.
        """
        if [person is not None, subject_ref is not None, whole_tenant].count(True) != 1:
            raise TypeError("one of a person, subject_ref= and whole_tenant=True is needed")
        if whole_tenant and tenant is None:
            raise TypeError("whole_tenant=True needs tenant=")
        self.flush()
        order = {
            "person": person,
            "subject_ref": subject_ref,
            "tenant": tenant,
            "by": by,
            "request": request,
            "approvals": approvals,
            "despite_retention": despite_retention,
        }
        return Erased(**_sealog.erase(self, order))

    # The end.

    def close(self, timeout: float | None = None) -> None:
        """Flushes what is queued, ends the run and closes the ledger. May be called again.

        Waits at most `timeout` seconds, by default `EXIT_SECONDS`, and raises `TimeoutError` if that was too short:
        what is left then shows as holes of the run, or as an open run.
        """
        _open_ledgers.discard(self)
        self._close(EXIT_SECONDS if timeout is None else timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_is_open", False):
            try:
                warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self)
            except Warning as warning:
                _log.warning(str(warning))
            _close_quietly(self)

    # What the collector and the decorator use.

    def _begin(self) -> Started:
        """Takes the number of a call that starts. The run's first record is durable when this returns."""
        return self._number()

    def _active_config(self, config_id: str) -> ConfigView | None:
        return _sealog.config_active(self, config_id)

    def _finish(
        self,
        started: Started,
        body: dict[str, Any],
        commits: Mapping[str, Encoded],
        subject: str | None,
        via: Via,
    ) -> Receipt | None:
        if via == "append":
            return self.append("decision", body, started=started, commit=commits, subject=subject)
        self.enqueue("decision", body, started=started, commit=commits, subject=subject)
        return None

    def _intend(self, collector: Collector) -> None:
        intent: dict[str, Any] = {"decision_id": collector.record_id}
        started = self._number()
        intent["intent_id"] = started.record_id
        collector._body["intent_id"] = started.record_id
        self.append("decision.intent", intent, started=started)


_SELECTORS = frozenset(
    ("action", "config", "input", "label", "model", "outcome", "output", "score", "session", "subject", "trace")
)

_open_ledgers: weakref.WeakSet[Ledger] = weakref.WeakSet()


def _one_of(name: str, value: str, allowed: Iterable[str]) -> None:
    if value not in tuple(allowed):
        raise ValueError(f"{name} is one of {', '.join(allowed)}, not {value!r}")


def _close_quietly(ledger: Ledger) -> None:
    """Closes where nobody can catch anything; a failure is only logged. The log itself shows an open run."""
    try:
        ledger.close()
    except Exception as error:
        _log.warning("closing %r failed: %s", ledger, error)


def _at_exit() -> None:
    for ledger in list(_open_ledgers):
        _close_quietly(ledger)


def _after_fork_in_child() -> None:
    _sealog._forked()
    for ledger in list(_open_ledgers):
        _let_go_of_files(ledger)


def _let_go_of_files(ledger: Ledger) -> None:
    """Points the inherited descriptors of a ledger elsewhere.

    A lock belongs to the open file that parent and child share. If the parent dies while it holds the lock, a child
    that still has the file open would keep it for ever.
    """
    path = ledger.path
    if path is None or not sys.platform.startswith("linux"):
        return
    inside = os.path.realpath(path) + os.sep
    try:
        numbers = [int(name) for name in os.listdir("/proc/self/fd")]
        nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    for number in numbers:
        try:
            if os.readlink(f"/proc/self/fd/{number}").startswith(inside):
                os.dup2(nothing, number, inheritable=False)
        except OSError:
            continue
    os.close(nothing)


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_sealog._fork_begins,
        after_in_parent=_sealog._fork_ended,
        after_in_child=_after_fork_in_child,
    )
