"""What a decision says about the model that made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

UNVERIFIED_REASON = "no gate admitted a model in this process"


@dataclass(frozen=True)
class Model:
    """A model as a decision names it.

    `hosted` means that it runs elsewhere; `unverified` that nothing checked what was loaded. There is no way to
    claim `verified` here: only a gate that admitted the model can say so.
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


def _reason(state: str) -> str:
    return "it runs elsewhere" if state == "hosted" else UNVERIFIED_REASON
