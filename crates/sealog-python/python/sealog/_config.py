"""Configurations and labels: the records that the log keeps on behalf of a named person."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Union

from . import _rules, _sealog
from ._sealog import ConfigView, LabelView, Receipt

if TYPE_CHECKING:
    from ._ledger import Ledger

Band = tuple[str, Union[float, None], Union[float, None]]
"""A label id with the lower end, included, and the upper end, excluded, of its range; None is open."""


class Configurations:
    """Versions of thresholds and other settings, each with its author and reason."""

    def __init__(self, ledger: Ledger) -> None:
        self._of = ledger

    def set(
        self,
        config_id: str,
        *,
        by: str,
        reason: str,
        bands: Sequence[Band] | None = None,
        thresholds: Mapping[str, float] | Sequence[float] | None = None,
        labels: Sequence[str] | None = None,
        model: str | None = None,
        system: str | None = None,
        tenant: str | None = None,
        approval: str | None = None,
    ) -> Receipt:
        """Sets a configuration: the first version, or one that replaces the active one.

        Bands are given as such, or as ascending `thresholds` with one label more than there are thresholds:
        `thresholds=[0.5], labels=["approve", "decline"]`. A label is named by its id or by its display name.
        """
        if thresholds is not None:
            if bands is not None:
                raise ValueError("bands and thresholds say the same thing: give one of them")
            bands = _bands(thresholds, labels)
        elif labels is not None:
            raise ValueError("labels go with thresholds")
        made = None
        if bands is not None:
            made = [(self._of.labels._resolve(label), low, high) for label, low, high in bands]
        return _sealog.config_set(
            self._of,
            config_id,
            by=by,
            reason=reason,
            bands=made,
            model=model,
            system=system,
            tenant=tenant,
            approval=approval,
        )

    def show(self, config_id: str | None = None) -> ConfigView | list[ConfigView] | None:
        """The active version of a configuration, or of all of them."""
        if config_id is None:
            return _sealog.configs(self._of)
        return _sealog.config_active(self._of, config_id)

    def history(self, config_id: str) -> list[ConfigView]:
        """All versions of a configuration, oldest first."""
        return sorted(_sealog.config_history(self._of, config_id), key=lambda version: version.index)


def _bands(thresholds: Mapping[str, float] | Sequence[float], labels: Sequence[str] | None) -> list[Band]:
    if isinstance(thresholds, Mapping):
        raise TypeError("thresholds is a list of numbers; the labels stand in labels")
    ends = [float(end) for end in thresholds]
    if labels is None or len(labels) != len(ends) + 1:
        raise ValueError(f"{len(ends)} thresholds part the scores into {len(ends) + 1} ranges, each with a label")
    if any(not math.isfinite(end) for end in ends) or any(low >= high for low, high in zip(ends, ends[1:])):
        raise ValueError("thresholds ascend and are finite")
    lows: list[float | None] = [None, *ends]
    highs: list[float | None] = [*ends, None]
    return list(zip(labels, lows, highs))


class Labels:
    """Labels with stable ids; their display names may change without touching a decision."""

    def __init__(self, ledger: Ledger) -> None:
        self._of = ledger

    def add(self, display: str, *, by: str, reason: str, label_id: str | None = None) -> str:
        """Adds a label and returns its id: the one given, or the next of `L001`, `L002`, .."""
        made = _sealog.label_add(self._of, label_id, display, by, reason)
        self._of._label_ids = {}
        return made

    def rename(self, label_id: str, display: str, *, by: str, reason: str) -> Receipt:
        """Gives a label another display name."""
        receipt = _sealog.label_rename(self._of, label_id, display, by, reason)
        self._of._label_ids = {}
        return receipt

    def list(self) -> list[LabelView]:
        """All labels by id, with their display names."""
        return _sealog.labels(self._of)

    def _resolve(self, label: Any) -> str:
        """The id of a label named by id or display name; another identifier is taken as it is.

        A finding of the record says so where the log does not know the label.
        """
        if isinstance(label, enum.Enum):
            label = label.value
        text = label if isinstance(label, str) else _rules.identifier(_plain(label))
        known = self._of._label_ids.get(text)
        if known is not None:
            return known
        self._of._label_ids = self._names()
        return self._of._label_ids.get(text) or _rules.identifier(text)

    def _names(self) -> dict[str, str]:
        """Ids by id and by display name; a name that two labels have stands for neither."""
        labels = _sealog.labels(self._of)
        names: dict[str, str] = {}
        twice: set[str] = set()
        for label in labels:
            if label.display in names:
                twice.add(label.display)
            names[label.display] = label.label_id
        for name in twice:
            del names[name]
        names.update((label.label_id, label.label_id) for label in labels)
        return names


def _plain(label: Any) -> Any:
    """A numpy scalar as the Python value that it holds."""
    return label.item() if hasattr(type(label), "item") and not isinstance(label, (str, int)) else label
