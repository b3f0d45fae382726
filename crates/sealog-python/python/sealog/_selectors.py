"""Selectors: how a decorator finds a score, a label or a subject in a call.

A selector is a dotted path or a callable. A path begins with the name of a parameter, with `arguments`, or with
`result`; each further step is an attribute, a key or an index, tried in this order. A callable gets what its
parameters name: parameters of the function, `result`, `arguments` (a mapping of all of them); one with a single
parameter of another name gets the result.

Whether a path can exist is decided when the decorator is applied, so that a slip of the pen fails at once and not
in production.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final, Union

Selector = Union[str, Callable[..., Any]]
"""A dotted path, or a callable over bound arguments and result."""

Scope = Mapping[str, Any]
"""The bound arguments of a call by name."""

Chosen = Callable[[Scope, Any], Any]
"""A selector made ready: called with bound arguments and result."""

RESULT: Final = "result"
ARGUMENTS: Final = "arguments"


def compile_selector(name: str, selector: Selector, parameters: frozenset[str]) -> Chosen:
    """Makes a selector ready. Raises `ValueError` or `TypeError` for one that can never work."""
    if isinstance(selector, str):
        return _path(name, selector, parameters)
    if callable(selector):
        return _callable(name, selector, parameters)
    raise TypeError(f"{name}= takes a dotted path or a callable, not {type(selector).__qualname__}")


def is_path(text: str, parameters: frozenset[str]) -> bool:
    """Whether a text is a path into a call of a function with these parameters."""
    root = text.partition(".")[0]
    return root in (RESULT, ARGUMENTS) or root in parameters


def needs_result(selector: Selector, parameters: frozenset[str]) -> bool:
    """Whether a selector may look at the result."""
    if isinstance(selector, str):
        return selector.partition(".")[0] == RESULT
    wanted = _wanted(selector, parameters)
    return wanted is None or RESULT in wanted


def _path(name: str, path: str, parameters: frozenset[str]) -> Chosen:
    root, *steps = path.split(".")
    if not path or not all([root, *steps]):
        raise ValueError(f"{name}={path!r} is not a dotted path")
    if not is_path(path, parameters):
        known = ", ".join(sorted({*parameters, RESULT, ARGUMENTS}))
        raise ValueError(f"{name}={path!r} begins with no parameter of the function; known: {known}")

    def chosen(scope: Scope, result: Any) -> Any:
        if root == RESULT:
            value = result
        elif root in scope:
            value = scope[root]
        else:
            value = scope
        for step in steps:
            value = _step(value, step)
        return value

    return chosen


def _step(value: Any, step: str) -> Any:
    if not isinstance(value, Mapping) and hasattr(value, step):
        return getattr(value, step)
    if isinstance(value, Mapping):
        if step in value:
            return value[step]
        if hasattr(value, step):
            return getattr(value, step)
    if step.lstrip("-").isdecimal():
        return value[int(step)]
    return value[step]


def _wanted(function: Callable[..., Any], parameters: frozenset[str]) -> frozenset[str] | None:
    """Names that a callable wants; None for one that just gets the result."""
    try:
        own = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # A built-in without a signature.
        return None
    known = parameters | {RESULT, ARGUMENTS}
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in own):
        return known
    named = [p for p in own if p.kind is not inspect.Parameter.VAR_POSITIONAL]
    required = [p for p in named if p.default is inspect.Parameter.empty]
    if any(p.kind is inspect.Parameter.POSITIONAL_ONLY or p.name not in known for p in required):
        if len(required) == 1 and required[0].kind is not inspect.Parameter.KEYWORD_ONLY:
            return None
        strange = ", ".join(p.name for p in required if p.name not in known) or required[0].name
        raise TypeError(f"it asks for {strange}, which a call does not have")
    return frozenset(p.name for p in named if p.name in known)


def _callable(name: str, function: Callable[..., Any], parameters: frozenset[str]) -> Chosen:
    try:
        wanted = _wanted(function, parameters)
    except TypeError as error:
        raise TypeError(f"{name}= cannot be called: {error}") from None
    if wanted is None:
        return lambda scope, result: function(result)
    names = wanted

    def chosen(scope: Scope, result: Any) -> Any:
        found = {key: scope[key] for key in names if key in scope}
        if RESULT in names:
            found[RESULT] = result
        if ARGUMENTS in names and ARGUMENTS not in scope:
            found[ARGUMENTS] = scope
        return function(**found)

    return chosen
