"""What the decorator gives back, as type checkers see it. At run time it is a plain function with an `audited`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from ._sealog import Receipt

if TYPE_CHECKING:
    from typing_extensions import Self

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Decided(Protocol[P, R_co]):
    """A function whose calls are recorded."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Calls the function and queues the record."""

    def audited(self, *args: P.args, **kwargs: P.kwargs) -> tuple[R_co, Receipt | None]:
        """Calls the function and waits until the record is durable.

        The receipt is None only where the record could not be kept and a gap stands in its place.
        """

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self: Decided[Concatenate[S, Q], R], instance: S, owner: type) -> Callable[Q, R]: ...


class AsyncDecided(Protocol[P, T_co]):
    """A coroutine function whose calls are recorded."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T_co]:
        """Calls the function and queues the record."""

    def audited(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, tuple[T_co, Receipt | None]]:
        """Calls the function and waits until the record is durable."""

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(
        self: AsyncDecided[Concatenate[S, Q], T], instance: S, owner: type
    ) -> Callable[Q, Coroutine[Any, Any, T]]: ...


class Decorator(Protocol):
    """What `ledger.decision(...)` gives back."""

    # They overlap on purpose: a coroutine function is told from other functions by coming first.
    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, function: Callable[P, Coroutine[Any, Any, T]], /
    ) -> AsyncDecided[P, T]: ...

    @overload
    def __call__(self, function: Callable[P, R], /) -> Decided[P, R]: ...
