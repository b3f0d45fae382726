"""What can be asked of the query index."""

from __future__ import annotations

import datetime
from typing import Literal, TypedDict


class Query(TypedDict, total=False):
    """Values that an entry must have, all of them; and how much of the answer is given."""

    record_id: str
    kind: str
    stream: str
    tenant: str
    system: str
    model: str
    label: str
    action: str
    trace: str
    session: str
    config: str
    producer: str
    run: str
    from_time: datetime.datetime | str
    to_time: datetime.datetime | str
    limit: int
    cursor: int | None
    order: Literal["newest", "oldest"]
