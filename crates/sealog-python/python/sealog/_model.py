"""What a decision says about the model that made it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from . import _rules
from .model._admit import AdmittedModel

CHANGED_REASON = "the admitted model was written to while it was held open"
UNVERIFIED_REASON = "no gate admitted a model in this process"


@dataclass(frozen=True)
class Model:
    """A model as a decision names it.

    `hosted` means that it runs elsewhere; `unverified` that nothing checked what was loaded. There is no way to
    claim `verified` here: only what `sealog.model.admit` gave can say so, and is given to a decision as it is.
    """

    id: str | None = None
    version: str | None = None
    digest: str | None = None
    state: Literal["unverified", "hosted"] = "unverified"
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.state not in ("unverified", "hosted"):
            raise ValueError(f"a host may call a model 'unverified' or 'hosted', not {self.state!r}")

    @classmethod
    def of(cls, value: Any) -> Model:
        """Reads a model from a `Model`, a mapping of its fields, or its id."""
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls(id=value)
        if isinstance(value, Mapping):
            return cls(**{str(key): part for key, part in value.items()})
        raise TypeError(f"a model is a Model, a mapping or an id, not {type(value).__qualname__}")

    def members(self) -> dict[str, str]:
        """The members of a decision's body."""
        body = {"model_state": self.state, "model_reason": self.reason or _reason(self.state)}
        for name, part in (("model_id", self.id), ("model_version", self.version), ("model_digest", self.digest)):
            if part is not None:
                body[name] = part
        return body


def named(value: Any) -> Model | AdmittedModel:
    """What a decision may be told of its model: what a gate admitted, or what `Model.of` reads."""
    return value if isinstance(value, AdmittedModel) else Model.of(value)


def members_of(value: Any) -> dict[str, str]:
    """The members of a decision's body for it."""
    model = named(value)
    return _admitted(model) if isinstance(model, AdmittedModel) else model.members()


def _admitted(model: AdmittedModel) -> dict[str, str]:
    """Name and version as they are signed. A signed name that is no identifier is known by the digest."""
    body = {"model_state": "verified", "model_digest": model.model_digest}
    if model._changed:
        body = {"model_state": "unverified", "model_reason": CHANGED_REASON}
    for name, part, rule in (("model_id", model.name, _rules.identifier), ("model_version", model.version, _rules.line)):
        if part is not None:
            with contextlib.suppress(ValueError):
                body[name] = rule(part)
    return body


def _reason(state: str) -> str:
    return "it runs elsewhere" if state == "hosted" else UNVERIFIED_REASON
