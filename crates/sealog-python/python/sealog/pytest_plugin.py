"""A pytest fixture: `sealog_ledger`, a ledger in memory for one test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sealog import Ledger


@pytest.fixture
def sealog_ledger() -> Iterator[Ledger]:
    """A ledger in memory, closed after the test."""
    import sealog

    with sealog.memory() as ledger:
        yield ledger
