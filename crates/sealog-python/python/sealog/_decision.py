"""The decorator `@ledger.decision`: each call of a function becomes one record.

The function's result and its exceptions reach the caller as without the decorator. What Sealog itself has to say
is a warning, a note in the record, or, where `on_error="raise"` asks for it, an exception that carries the result.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import warnings
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

from . import _rules
from ._collector import Collector, OnError, OnUnencodable, Via, _current
from ._model import Model, named
from ._sealog import Builder, Receipt
from ._selectors import Chosen, Scope, Selector, compile_selector, is_path, needs_result
from .errors import FormatError, RecordLostWarning, SealogError

if TYPE_CHECKING:
    from ._ledger import Ledger
    from .model import AdmittedModel

_STACK_LEVEL = 4


class Plan:
    """How the calls of one function are recorded: everything that can be worked out before the first call."""

    def __init__(
        self,
        ledger: Ledger,
        function: Callable[..., Any],
        *,
        selectors: Mapping[str, Selector | Model | AdmittedModel | Mapping[str, Any] | None],
        members: Mapping[str, Any],
        on_error: OnError,
        on_unencodable: OnUnencodable,
        intent: bool,
    ) -> None:
        self.ledger = ledger
        self.function = function
        self.members = dict(members)
        self.on_error = on_error
        self.on_unencodable = on_unencodable
        self.intent = intent
        self._signature = _signature(function)
        self._names, self._simple = _names(self._signature)
        self._hidden = self._names[:1] if self._names[:1] in (("self",), ("cls",)) else ()
        parameters = frozenset(self._names)
        #: Members that are known when the call starts, and those that need its result.
        self.before: list[tuple[str, Chosen]] = []
        self.after: list[tuple[str, Chosen]] = []
        self.input: Chosen | None = None
        self.output: Chosen | None = None
        self.wants_result = False
        for name, selector in selectors.items():
            if selector is not None:
                self._take(name, selector, parameters)

    def _take(self, name: str, selector: Any, parameters: frozenset[str]) -> None:
        if name in _CONSTANTS and not callable(selector):
            if not isinstance(selector, str) or not is_path(selector, parameters):
                self.before.append((name, _constant(_CONSTANTS[name](selector))))
                return
        chosen = compile_selector(name, selector, parameters)
        late = needs_result(selector, parameters)
        self.wants_result = self.wants_result or late
        if name == "input":
            if late and isinstance(selector, str):
                raise ValueError("input= is taken before the call and cannot look at the result")
            self.input = chosen
        elif name == "output":
            self.output = chosen
        elif late or name in ("score", "label", "action"):
            self.after.append((name, chosen))
        else:
            self.before.append((name, chosen))

    def scope(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Scope:
        """The bound arguments by name. Raises `TypeError` where they do not fit the signature."""
        if self._simple and not kwargs and len(args) == len(self._names):
            return dict(zip(self._names, args))
        if self._signature is None:
            return {"args": args, "kwargs": kwargs}
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
        """Takes the call's number and encodes its input. None where the ledger takes nothing any more."""
        try:
            collector = Collector(self.ledger, on_error=self.on_error, on_unencodable=self.on_unencodable)
        except (SealogError, OSError) as error:
            if self.on_error == "raise":
                raise
            _warn_lost(error)
            return None
        return Call(self, collector, args, kwargs)

    def default_input(self, scope: Scope) -> Any:
        """The arguments by name, without the object that a method belongs to."""
        return {name: value for name, value in scope.items() if name not in self._hidden}


class Call:
    """One call of a decorated function."""

    __slots__ = ("collector", "items", "plan", "refused", "scope", "stream")

    def __init__(self, plan: Plan, collector: Collector, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.plan = plan
        self.collector = collector
        self.stream: Builder | None = None
        self.refused: FormatError | None = None
        self.items: list[Any] | None = None
        self.scope: Scope = {}
        collector._body.update(plan.members)
        try:
            self.scope = plan.scope(args, kwargs)
        except TypeError as error:
            # The function will say so itself, or knows better than its signature.
            collector.error(f"arguments: {_rules.error_name(error)}")
            self.scope = {"args": args, "kwargs": kwargs}
        try:
            self._input()
            self._choose(plan.before, None)
            if plan.intent:
                plan.ledger._intend(collector)
        except (SealogError, OSError) as error:
            # Only where the host asked for errors; the function has not run.
            collector._end(error)
            collector._hand_over("enqueue")
            raise

    def _input(self) -> None:
        plan, collector = self.plan, self.collector
        if plan.input is None:
            collector.input(plan.default_input(self.scope))
            return
        try:
            value = plan.input(self.scope, None)
        except Exception as error:
            collector._note("input", error)
            collector._body["input_digest"] = None
        else:
            collector.input(value)

    def _choose(self, chosen: list[tuple[str, Chosen]], result: Any) -> None:
        for name, select in chosen:
            try:
                value = select(self.scope, result)
            except Exception as error:
                self.collector._note(name, error)
                if name == "score":
                    self.collector._body["score"] = None
                    self.collector._escalate = True
                continue
            if value is not None or name == "score":
                getattr(self.collector, name)(value)

    def _output(self, result: Any) -> None:
        collector = self.collector
        if self.plan.output is None:
            if self.stream is None:
                collector.output(result)
            else:
                self._streamed()
            return
        try:
            value = self.plan.output(self.scope, result)
        except Exception as error:
            collector._note("output", error)
            collector._body["output_digest"] = None
        else:
            collector.output(value)

    def _streamed(self) -> None:
        collector = self.collector
        if self.stream is None or self.refused is not None:
            collector._body["output_digest"] = None
            if self.refused is not None:
                collector._unencodable("output", self.refused)
            return
        encoded = self.stream.finish()
        collector._keep("output_digest", "output", encoded)

    def item(self, item: Any) -> None:
        """Takes in one item that a generator yielded."""
        if self.stream is None:
            self._streams()
            self.collector._body["first_token_ms"] = self.collector._elapsed_ms()
        if self.items is not None:
            self.items.append(item)
        if self.stream is not None and self.plan.output is None and self.refused is None:
            try:
                self.stream.push(item)
            except FormatError as error:
                self.refused = error

    def _streams(self) -> None:
        self.stream = Builder.sequence()
        self.items = [] if self.plan.wants_result else None

    def done(self, result: Any, via: Via) -> Receipt | None:
        """The function returned. Raises only by `on_error` or `on_unencodable`, with the result in the error."""
        collector = self.collector
        collector._end(None)
        try:
            try:
                self._output(result)
                self._choose(self.plan.after, result)
            finally:
                collector._hand_over(via)
        except SealogError as error:
            error.result = result
            raise
        return collector.receipt

    async def done_async(self, result: Any, via: Via) -> Receipt | None:
        """The same without holding up the event loop."""
        if (via == "append" or self.plan.ledger._queue_is_full()) and _has_loop():
            return await asyncio.to_thread(self.done, result, via)
        return self.done(result, via)

    def failed(self, error: BaseException, via: Via = "enqueue") -> None:
        """The function raised, was cancelled or was abandoned. Never raises."""
        collector = self.collector
        collector._on_error = "record_gap"
        collector._on_unencodable = "record"
        collector._end(error)
        if self.stream is not None and self.plan.output is None:
            self._streamed()
        collector._hand_over(via)


def wrap(plan: Plan) -> Callable[..., Any]:
    """The function that stands in the place of the decorated one: of the same sort, with the same signature."""
    function = plan.function
    called = function if inspect.isroutine(function) else getattr(function, "__call__", function)
    if inspect.isasyncgenfunction(function) or inspect.isasyncgenfunction(called):
        return _wrap_async_generator(plan)
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called):
        return _wrap_coroutine(plan)
    if inspect.isgeneratorfunction(function) or inspect.isgeneratorfunction(called):
        return _wrap_generator(plan)
    return _wrap_function(plan)


def _dress(plan: Plan, wrapper: Callable[..., Any], audited: Callable[..., Any]) -> Callable[..., Any]:
    functools.update_wrapper(wrapper, plan.function)
    functools.update_wrapper(audited, plan.function)
    wrapper.audited = audited  # type: ignore[attr-defined]
    return wrapper


def _wrap_function(plan: Plan) -> Callable[..., Any]:
    function = plan.function

    def run(args: tuple[Any, ...], kwargs: dict[str, Any], via: Via) -> tuple[Any, Receipt | None]:
        call = plan.begin(args, kwargs)
        if call is None:
            return function(*args, **kwargs), None
        token = _current.set(call.collector)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            call.failed(error, via)
            raise
        finally:
            _current.reset(token)
        return result, call.done(result, via)

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return run(args, kwargs, "enqueue")[0]

    def audited(*args: Any, **kwargs: Any) -> tuple[Any, Receipt | None]:
        return run(args, kwargs, "append")

    return _dress(plan, wrapper, audited)


def _wrap_coroutine(plan: Plan) -> Callable[..., Any]:
    function = plan.function

    async def run(args: tuple[Any, ...], kwargs: dict[str, Any], via: Via) -> tuple[Any, Receipt | None]:
        call = plan.begin(args, kwargs)
        if call is None:
            return await function(*args, **kwargs), None
        token = _current.set(call.collector)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            call.failed(error)
            raise
        finally:
            _current.reset(token)
        return result, await call.done_async(result, via)

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return (await run(args, kwargs, "enqueue"))[0]

    async def audited(*args: Any, **kwargs: Any) -> tuple[Any, Receipt | None]:
        return await run(args, kwargs, "append")

    return _dress(plan, wrapper, audited)


def _wrap_generator(plan: Plan) -> Callable[..., Any]:
    function = plan.function

    def run(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any], via: Via) -> Generator[Any, Any, Any]:
        generator: Any = None

        def step(act: Callable[..., Any], *given: Any) -> Any:
            # A generator shares its caller's context, so the collector is only there while the function runs.
            token = _current.set(call.collector)
            try:
                return act(*given)
            finally:
                _current.reset(token)

        try:
            generator = iter(function(*args, **kwargs))
            item = step(next, generator)
            while True:
                call.item(item)
                try:
                    sent = yield item
                except GeneratorExit:
                    step(getattr(generator, "close", _nothing))
                    raise
                except BaseException as thrown:
                    item = step(generator.throw, thrown)
                else:
                    item = step(next, generator) if sent is None else step(generator.send, sent)
        except StopIteration as stop:
            call.done(call.items or [], via)
            return stop.value
        except BaseException as error:
            call.failed(error, via)
            raise

    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        call = plan.begin(args, kwargs)
        if call is None:
            return (yield from function(*args, **kwargs))
        return (yield from run(call, args, kwargs, "enqueue"))

    def audited(*args: Any, **kwargs: Any) -> tuple[Any, Receipt | None]:
        call = plan.begin(args, kwargs)
        if call is None:
            return list(function(*args, **kwargs)), None
        return list(run(call, args, kwargs, "append")), call.collector.receipt

    return _dress(plan, wrapper, audited)


def _wrap_async_generator(plan: Plan) -> Callable[..., Any]:
    function = plan.function

    async def run(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any], via: Via) -> AsyncGenerator[Any, Any]:
        generator: Any = None

        async def step(act: Callable[..., Any], *given: Any) -> Any:
            token = _current.set(call.collector)
            try:
                return await act(*given)
            finally:
                _current.reset(token)

        try:
            generator = function(*args, **kwargs)
            item = await step(generator.__anext__)
            while True:
                call.item(item)
                try:
                    sent = yield item
                except GeneratorExit:
                    await step(generator.aclose)
                    raise
                except BaseException as thrown:
                    item = await step(generator.athrow, thrown)
                else:
                    item = await (step(generator.__anext__) if sent is None else step(generator.asend, sent))
        except StopAsyncIteration:
            await call.done_async(call.items or [], via)
        except BaseException as error:
            call.failed(error)
            raise

    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        call = plan.begin(args, kwargs)
        inner = function(*args, **kwargs) if call is None else run(call, args, kwargs, "enqueue")
        try:
            item = await inner.__anext__()
            while True:
                try:
                    sent = yield item
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as thrown:
                    item = await inner.athrow(thrown)
                else:
                    item = await (inner.__anext__() if sent is None else inner.asend(sent))
        except StopAsyncIteration:
            return

    async def audited(*args: Any, **kwargs: Any) -> tuple[Any, Receipt | None]:
        call = plan.begin(args, kwargs)
        if call is None:
            return [item async for item in function(*args, **kwargs)], None
        return [item async for item in run(call, args, kwargs, "append")], call.collector.receipt

    return _dress(plan, wrapper, audited)


def _constant(value: Any) -> Chosen:
    return lambda scope, result: value


#: Parts that may be given as they are, with the check that they pass when the decorator is applied.
_CONSTANTS: dict[str, Callable[[Any], Any]] = {
    "model": named,
    "config": _rules.identifier,
    "action": _rules.action,
}


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # Built-ins without one.
        return None


def _names(signature: inspect.Signature | None) -> tuple[tuple[str, ...], bool]:
    """Names of the parameters, and whether as many positional arguments fill them all."""
    if signature is None:
        return ("args", "kwargs"), False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    simple = all(parameter.kind in positional for parameter in signature.parameters.values())
    return tuple(signature.parameters), simple


def _nothing() -> None:
    return None


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _warn_lost(error: BaseException) -> None:
    what = f"a call is not recorded: {error}"
    try:
        warnings.warn(what, RecordLostWarning, stacklevel=_STACK_LEVEL)
    except Warning:
        from ._collector import _log

        _log.warning(what)
