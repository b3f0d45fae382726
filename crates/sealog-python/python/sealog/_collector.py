"""The collector: one decision while it is being made.

A decorated function has one per call, `with ledger.collect()` makes one by hand, and code further down reaches the
innermost through `sealog.current()`. What it is given is encoded at once, so later changes to a value do not matter.
"""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Union

from . import _rules
from ._model import Model, members_of
from ._sealog import Builder, ConfigView, Encoded, Receipt, Started, encode
from .errors import (
    FormatError,
    LabelDiffersWarning,
    RecordLostWarning,
    SealogError,
    SealogWarning,
    SelectorWarning,
    UnencodableWarning,
)

if TYPE_CHECKING:
    from ._ledger import Ledger
    from .model import AdmittedModel

# Unions of literals: what stubtest can compare with the running code.
OnError = Union[Literal["raise"], Literal["record_gap"]]
OnUnencodable = Union[Literal["raise"], Literal["record"]]
Via = Union[Literal["enqueue"], Literal["append"]]

_log = logging.getLogger("sealog")

_current: ContextVar[Collector | None] = ContextVar("sealog_current", default=None)

_ABSENT: Final = object()
_STACK_LEVEL: Final = 4


def current() -> Collector | None:
    """The decision that is being made here, or None outside of any."""
    return _current.get()


class Collector:
    """One decision while it is being made. Every method may be called any number of times, from any thread."""

    __slots__ = (
        "_body",
        "_commits",
        "_subject",
        "_config",
        "_ended",
        "_errors",
        "_escalate",
        "_label",
        "_ledger",
        "_on_error",
        "_on_unencodable",
        "_receipt",
        "_score",
        "_started",
        "_started_at",
        "_state",
        "_token",
        "_warnings",
    )

    def __init__(
        self,
        ledger: Ledger,
        *,
        on_error: OnError = "record_gap",
        on_unencodable: OnUnencodable = "record",
    ) -> None:
        self._ledger = ledger
        self._on_error = on_error
        self._on_unencodable = on_unencodable
        self._body: dict[str, Any] = {}
        self._commits: dict[str, Encoded] = {}
        self._subject: str | None = None
        self._errors: list[str] = []
        self._warnings: list[tuple[type[SealogWarning], str]] = []
        self._escalate = False
        self._score: Any = _ABSENT
        self._label: Any = _ABSENT
        self._config: ConfigView | None = None
        self._state: Builder | None = None
        self._ended = False
        self._receipt: Receipt | None = None
        self._token: Token[Collector | None] | None = None
        self._started_at = time.perf_counter()
        self._started: Started = ledger._begin()
        parent = _current.get()
        if parent is not None and parent._ledger is ledger:
            self._body["parent_ids"] = [parent.record_id]

    # What the host says.

    @property
    def record_id(self) -> str:
        """The id that the record will have; also its `decision_id`."""
        return self._started.record_id

    @property
    def receipt(self) -> Receipt | None:
        """The receipt, once the decision ended and if it was appended rather than queued."""
        return self._receipt

    def check(
        self,
        name: str,
        fired: bool,
        *,
        score: Any = _ABSENT,
        threshold: float | None = None,
        version: str | None = None,
        detail: Mapping[str, str | int | float | bool] | None = None,
    ) -> None:
        """Adds a check, in the order in which they ran. A score that is no number is recorded as null."""
        with self._guard("check"):
            entry: dict[str, Any] = {"name": _rules.line(name), "fired": bool(fired)}
            if score is not _ABSENT:
                try:
                    entry["score"] = _rules.number(score)
                except (TypeError, ValueError) as error:
                    entry["score"] = None
                    self._note(f"check {name}", error)
            if threshold is not None:
                entry["threshold"] = _rules.number(threshold)
            if version is not None:
                entry["version"] = _rules.line(version)
            if detail is not None:
                entry["detail"] = dict(detail)
            self._body.setdefault("checks", []).append(entry)

    def reason(self, code: str | None = None, text: str | None = None) -> None:
        """Adds a reason: a code, words, or both."""
        with self._guard("reason"):
            if code is not None:
                code = _rules.identifier(code)
                self._body.setdefault("reason_codes", []).append(code)
            if text is not None:
                text = _rules.text(text)
                self._body.setdefault("reasons", []).append(text)

    def control(self, control_id: str) -> None:
        """Names a control that this decision is evidence for."""
        with self._guard("control"):
            control_id = _rules.identifier(control_id)
            self._body.setdefault("control_ids", []).append(control_id)

    def score(self, value: Any) -> None:
        """The score that the label is derived from."""
        self._score = value

    def label(self, value: Any) -> None:
        """The host's own label: a label id, or the name that people see."""
        self._label = value

    def config(self, config_id: str) -> None:
        """The configuration that the decision is made under: its active version."""
        with self._guard("config"):
            config_id = _rules.identifier(config_id)
            self._config = self._ledger._active_config(config_id)
            if self._config is None:
                self._errors.append("config: there is no active configuration of this id")

    def model(self, model: Model | AdmittedModel | Mapping[str, Any] | str) -> None:
        """The model that decides; one that `sealog.model.admit` gave is recorded as verified, with its digest."""
        with self._guard("model"):
            self._body.update(_checked_model(model))

    def action(self, value: str) -> None:
        """What was done with the result."""
        with self._guard("action"):
            self._body["action"] = _rules.action(value)

    def outcome(self, value: str) -> None:
        """The result as a short code of the host."""
        with self._guard("outcome"):
            self._body["outcome"] = _rules.line(value)

    def session(self, value: Any) -> None:
        """The session; a pseudonym where it stands for a person."""
        self._identify("session_id", "session", value)

    def subject(self, value: Any) -> None:
        """The person concerned, by any name: the record says a pseudonym, and what it commits to is under a key of that
        person's own, which `ledger.erase` destroys."""
        if value is None:
            return
        with self._guard("subject"):
            self._subject = _rules.line(_rules.written(value))

    def trace(self, value: Any) -> None:
        """The trace that the decision belongs to."""
        self._identify("trace_id", "trace", value)

    def set(self, member: str, value: Any) -> None:
        """Any other member of a decision's body, by its name in the record format."""
        self._body[member] = value

    def input(self, value: Any) -> None:
        """Commits to the input."""
        self._commit("input_digest", "input", value)

    def output(self, value: Any) -> None:
        """Commits to the output."""
        self._commit("output_digest", "output", value)

    def state(self, name: str, value: Any) -> None:
        """Commits to a named part of the host's state."""
        try:
            if self._state is None:
                self._state = Builder.mapping()
            self._state.member(name, value)
        except FormatError as error:
            self._unencodable("state", error)

    def error(self, what: str) -> None:
        """Notes in the record that something went wrong. Words, not personal data."""
        self._errors.append(what)

    # How it ends.

    def __enter__(self) -> Collector:
        self._token = _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)
            self._token = None
        self._end(error)
        self._hand_over("enqueue")

    def _elapsed_ms(self) -> float:
        return round((time.perf_counter() - self._started_at) * 1000.0, 3)

    def _end(self, error: BaseException | None) -> None:
        """Notes how the call ended and how long it took."""
        self._body["duration_ms"] = self._elapsed_ms()
        self._body["ended_by"] = _ended_by(error)
        if error is not None and not isinstance(error, GeneratorExit):
            self._errors.append(_rules.error_name(error))

    def _decide(self) -> tuple[dict[str, Any], dict[str, Encoded]]:
        """The body and what it commits to."""
        body = self._body
        body["decision_id"] = self._started.record_id
        self._config_and_label(body)
        if "model_state" not in body:
            body.update(Model().members())
        if self._state is not None:
            with contextlib.suppress(FormatError):  # A part was refused, and said so then.
                self._keep("state_digest", "state", self._state.finish())
        if self._escalate:
            body["action"] = "escalate"
        if self._errors:
            body["error"] = "; ".join(self._errors)
        return body, self._commits

    def _config_and_label(self, body: dict[str, Any]) -> None:
        score = self._number()
        active = self._config
        if active is not None and active.model_id is not None:
            if body.setdefault("model_id", active.model_id) != active.model_id:
                self._errors.append("config: it is valid for another model")
                active = None
        if active is not None:
            body["config_digest"] = active.digest
        host = self._host_label()
        if self._score is not _ABSENT and score is None:
            if host is not None:
                self._errors.append("label: without a score there is none")
            return
        derived = active.label_of(score) if active is not None and score is not None else None
        if derived is None:
            if host is not None:
                body["label_id"] = host
            return
        body["label_id"], body["label_source"] = derived, "derived"
        if host is not None and host != derived:
            body["label_id"], body["label_source"] = host, "host"
            what = f"the host's label {host} is not {derived}, which the configuration gives the score"
            self._warnings.append((LabelDiffersWarning, what))

    def _number(self) -> float | None:
        if self._score is _ABSENT:
            return None
        try:
            score = _rules.number(self._score)
        except Exception as error:  # A host's __float__ may raise anything.
            self._body["score"] = None
            self._escalate = True
            self._errors.append(f"score: {error if isinstance(error, ValueError) else _rules.error_name(error)}")
            return None
        self._body["score"] = score
        return score

    def _host_label(self) -> str | None:
        if self._label is _ABSENT or self._label is None:
            return None
        try:
            return self._ledger.labels._resolve(self._label)
        except (TypeError, ValueError, SealogError) as error:
            self._note("label", error)
            return None

    def _hand_over(self, via: Via) -> None:
        """Gives the record to the ledger, once. Raises only where `on_error` asks for it."""
        if self._ended:
            return
        self._ended = True
        try:
            body, commits = self._decide()
            try:
                self._receipt = self._ledger._finish(self._started, body, commits, self._subject, via)
            except FormatError as error:
                # What the host put in does not fit. The decision is recorded all the same, without it.
                self._receipt = self._ledger._finish(self._started, self._bare(error), commits, self._subject, via)
        except Exception as error:
            self._lost(error)
        finally:
            self._warn()

    def _bare(self, error: FormatError) -> dict[str, Any]:
        self._warnings.append((SelectorWarning, f"parts of the record were left out: {error}"))
        body = {
            "decision_id": self._started.record_id,
            "ended_by": self._body.get("ended_by", "completed"),
            "error": "; ".join([*self._errors, "parts of the record were left out: " + (error.code or "format")]),
        }
        body.update(Model().members())
        return body

    def _lost(self, error: Exception) -> None:
        """The record could not be handed over: a gap says so, or the error goes to the host."""
        with contextlib.suppress(SealogError, OSError):
            self._ledger._lost(self._started)
        if self._on_error == "raise":
            raise error
        what = f"a decision was not recorded ({error}); the log shows a gap or a hole in its place"
        self._warnings.append((RecordLostWarning, what))

    def _warn(self) -> None:
        """Says what there is to say, after the record is safe. A warning turned into an error stops nobody."""
        noted, self._warnings = self._warnings, []
        for category, what in noted:
            try:
                warnings.warn(what, category, stacklevel=_STACK_LEVEL)
            except Warning:
                _log.warning(what)

    # Parts that fail are left out and named.

    def _guard(self, part: str) -> _Guard:
        return _Guard(self, part)

    def _identify(self, member: str, part: str, value: Any) -> None:
        if value is None:
            return
        with self._guard(part):
            self._body[member] = _rules.identifier(value)

    def _note(self, part: str, error: BaseException) -> None:
        self._errors.append(f"{part}: {_rules.error_name(error)}")
        self._warnings.append((SelectorWarning, f"{part} is left out of the record: {error!r}"))

    def _commit(self, member: str, part: str, value: Any) -> None:
        try:
            self._keep(member, part, value if isinstance(value, Encoded) else encode(value))
        except FormatError as error:
            self._unencodable(part, error)
            self._body[member] = None

    def _keep(self, member: str, part: str, encoded: Encoded) -> None:
        """Commits to an encoding. Parts of it that have none stand in it by the name of their type."""
        if encoded.unencodable:
            names = ", ".join(dict.fromkeys(encoded.unencodable))
            self._unencodable(part, FormatError(f"no encoding for {names}", code="unencodable"))
        self._commits[member] = encoded

    def _unencodable(self, part: str, error: FormatError) -> None:
        if self._on_unencodable == "raise":
            raise error
        self._errors.append(f"{part}: {error}")
        self._warnings.append((UnencodableWarning, f"the {part} is not fully committed to: {error}"))


class _Guard:
    """Turns what a part raises into a note in the record."""

    __slots__ = ("_collector", "_part")

    def __init__(self, collector: Collector, part: str) -> None:
        self._collector = collector
        self._part = part

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        self._collector._note(self._part, error)
        return True


def _checked_model(model: Model | AdmittedModel | Mapping[str, Any] | str) -> dict[str, str]:
    members = members_of(model)
    for name in ("model_id",):
        if name in members:
            members[name] = _rules.identifier(members[name])
    for name in ("model_version", "model_reason"):
        if name in members:
            members[name] = _rules.line(members[name])
    digest = members.get("model_digest")
    if digest is not None and not _is_digest(digest):
        raise ValueError("a model digest is sha256: and 64 lowercase hex digits")
    return members


def _is_digest(text: str) -> bool:
    head, _, digits = text.partition(":")
    return head == "sha256" and len(digits) == 64 and set(digits) <= set("0123456789abcdef")


def _ended_by(error: BaseException | None) -> str:
    if error is None:
        return "completed"
    if isinstance(error, GeneratorExit):
        return "abandoned"
    if isinstance(error, Exception):
        return "error"
    return "cancelled"  # asyncio.CancelledError, KeyboardInterrupt, SystemExit.
