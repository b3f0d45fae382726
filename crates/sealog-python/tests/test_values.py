"""Values have the encodings of `docs/formats/values.md`."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import re
import sys
import types
import uuid
from collections import OrderedDict, defaultdict, namedtuple
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sealog

PAGE = Path(__file__).parents[3] / "docs" / "formats" / "values.md"


@dataclasses.dataclass
class Point:
    x: int
    y: int


class Color(enum.Enum):
    RED = "red"


class Registered:
    def __init__(self, part: Any) -> None:
        self.part = part


class Opaque:
    pass


sealog.register_encoder(Registered, lambda value: value.part)


def text(value: Any) -> str:
    return sealog.encode(value).bytes.decode()


def page_examples() -> list[Any]:
    block = re.search(r"```json values\n(.*?)```", PAGE.read_text(), re.S)
    assert block is not None
    return [pytest.param(case["python"], case["encoding"], id=case["python"][:40]) for case in json.loads(block[1])]


@pytest.mark.parametrize(("python", "encoding"), page_examples())
def test_worked_examples_of_the_format_page(python: str, encoding: str) -> None:
    names = {
        "np": np,
        "pd": pd,
        "datetime": datetime,
        "decimal": decimal,
        "uuid": uuid,
        "pathlib": pathlib,
        "Point": Point,
        "Color": Color,
        "Registered": Registered,
        "Opaque": Opaque,
    }
    assert text(eval(python, names)) == encoding


def test_what_has_no_encoding_is_named_by_its_type() -> None:
    encoded = sealog.encode({"a": [Opaque(), 1], "b": lambda: None})
    assert encoded.unencodable == (f"{Opaque.__module__}.Opaque", "function")
    assert encoded.bytes == b'{"a":[{"$unencodable":"Opaque"},1],"b":{"$unencodable":"function"}}'
    assert sealog.encode([1]).unencodable == ()


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(sealog.FormatError, match="nests deeper than 128"):
        sealog.encode(endless)


def test_depth_at_the_limit_and_beyond() -> None:
    def nested(levels: int) -> Any:
        value: Any = 1
        for _ in range(levels):
            value = [value]
        return value

    assert text(nested(128)) == "[" * 128 + "1" + "]" * 128
    with pytest.raises(sealog.FormatError, match="128"):
        sealog.encode(nested(129))


def test_an_encoder_that_converts_without_end_is_refused() -> None:
    class Loop:
        pass

    sealog.register_encoder(Loop, lambda value: Loop())
    with pytest.raises(sealog.FormatError, match="128"):
        sealog.encode(Loop())


def test_an_encoder_that_fails_leaves_the_type_name() -> None:
    class Broken:
        pass

    def fail(value: Broken) -> Any:
        raise KeyError("private")

    sealog.register_encoder(Broken, fail)
    encoded = sealog.encode([Broken()])
    assert [name.rpartition(".")[2] for name in encoded.unencodable] == ["Broken"]
    assert b"private" not in encoded.bytes


def test_an_encoder_holds_for_subclasses_and_goes_before_built_in_rules() -> None:
    class Sub(Registered):
        pass

    @dataclasses.dataclass
    class Money:
        cents: int

    sealog.register_encoder(Money, lambda money: money.cents)
    assert text(Sub(1)) == '{"$custom":["' + Sub.__qualname__ + '",1]}'
    assert text(Money(5)) == '{"$custom":["' + Money.__qualname__ + '",5]}'


@pytest.mark.parametrize("kind", [str, int, dict, type(None)])
def test_the_encoding_of_a_json_type_cannot_be_replaced(kind: type) -> None:
    with pytest.raises(ValueError, match="already"):
        sealog.register_encoder(kind, lambda value: None)


def test_register_encoder_takes_a_type_and_a_function() -> None:
    with pytest.raises(TypeError):
        sealog.register_encoder("int", len)
    with pytest.raises(TypeError):
        sealog.register_encoder(Opaque, 3)


def test_subclasses_of_json_types_are_as_their_base() -> None:
    class Text(str):
        pass

    class Number(int):
        pass

    class Real(float):
        pass

    assert text([Text("a"), Number(3), Real(0.5)]) == '["a",3,0.5]'
    assert text(OrderedDict(b=1, a=2)) == '{"a":2,"b":1}'
    assert text(defaultdict(list, a=[1])) == '{"a":[1]}'
    assert text(bytearray(b"ab")) == text(b"ab") == text(memoryview(b"ab"))


def test_strided_memory_has_no_encoding() -> None:
    assert sealog.encode(memoryview(b"abcd")[::2]).unencodable == ("memoryview",)


def test_objects_with_named_fields() -> None:
    @attrs.define
    class Attrs:
        a: int
        b: str = "x"

    class Model(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="allow")
        a: int

    Named = namedtuple("Named", ["a", "b"])

    @dataclasses.dataclass(frozen=True, slots=True)
    class Slots:
        a: Any

    assert json.loads(text(Attrs(1))) == {"$object": [Attrs.__qualname__, {"a": 1, "b": "x"}]}
    assert json.loads(text(Model(a=1, more=[2])))["$object"][1] == {"a": 1, "more": [2]}
    assert json.loads(text(Named(1, 2))) == {"$object": ["Named", {"a": 1, "b": 2}]}
    assert json.loads(text(Slots(Slots(1))))["$object"][1]["a"]["$object"][1] == {"a": 1}


def test_enumerations_go_before_the_type_they_are_built_on() -> None:
    class Level(enum.IntEnum):
        HIGH = 3

    class Mode(enum.Flag):
        A = 1
        B = 2

    assert json.loads(text(Level.HIGH)) == {"$enum": [Level.__qualname__, 3]}
    assert json.loads(text(Mode.A | Mode.B)) == {"$enum": [Mode.__qualname__, 3]}


def test_times_with_zones() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=-3, minutes=-30))
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=zone)
    assert text(moment) == '{"$datetime":"2026-01-02T03:04:05.000060-03:30"}'
    assert text(moment.timetz()) == '{"$time":"03:04:05.000060-03:30"}'
    odd = datetime.timezone(datetime.timedelta(seconds=3661, microseconds=7))
    assert "+01:01:01.000007" in text(datetime.datetime(2026, 1, 2, tzinfo=odd))


def test_numpy_arrays_are_little_endian_in_c_order() -> None:
    plain = np.arange(6, dtype="<i4").reshape(2, 3)
    assert text(plain) == text(plain.astype(">i4")) == text(np.asfortranarray(plain)) == text(plain[::1])
    assert text(plain[:, ::2]) == text(np.ascontiguousarray(plain[:, ::2]))
    assert text(plain) != text(plain.astype("<i8"))
    assert text(plain.T) != text(plain)


def test_every_numpy_element_type_of_the_format() -> None:
    names = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
    names += ["float16", "float32", "float64", "complex64", "complex128", "datetime64[us]", "timedelta64[D]"]
    for name in names:
        array = np.zeros(3, dtype=name)
        assert json.loads(text(array))["$array"][0::2] == [name, [3]], name


def test_numpy_nan_is_a_value_like_any_other() -> None:
    one, other = np.array([np.nan]), np.array([np.nan])
    assert text(one) == text(other)
    payload = one.view("uint64") + 1
    assert text(payload.view("float64")) != text(one)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(2, dtype="longdouble"),
        np.zeros(2, dtype=[("a", "i4")]),
        np.zeros(2, dtype="datetime64[25s]"),
        np.ma.masked_array([1, 2], mask=[True, False]),
        np.longdouble(1),
    ],
    ids=["longdouble", "structured", "unit", "masked", "scalar"],
)
def test_arrays_without_an_encoding(array: Any) -> None:
    assert len(sealog.encode(array).unencodable) == 1


def test_numpy_scalars_are_as_python_values() -> None:
    assert text([np.float32(0.1), np.float64(0.5), np.int8(-3), np.bool_(True), np.str_("a")]) == (
        '[0.10000000149011612,0.5,-3,true,"a"]'
    )
    assert text(np.complex64(1 + 2j)) == text(1 + 2j)
    assert text(np.datetime64("2026-01-01", "D"))[:10] == '{"$array":'


def test_large_arrays_are_hashed_where_they_lie() -> None:
    encoded = sealog.encode(np.zeros(1_000_000))
    assert len(encoded.bytes) < 200 and b'"size":8000000' in encoded.bytes


def test_tensors_are_told_without_importing_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tensor:
        is_sparse = False

        def __init__(self, array: Any) -> None:
            self.array = array
            self.dtype = f"torch.{array.dtype.name}"
            self.shape = array.shape

        def detach(self) -> Tensor:
            return self

        cpu = contiguous = detach

        def reshape(self, extent: int) -> Tensor:
            return Tensor(self.array.reshape(extent))

        def view(self, dtype: Any) -> Tensor:
            return Tensor(self.array.view(dtype))

        def numel(self) -> int:
            return int(self.array.size)

        def numpy(self) -> Any:
            return self.array

    torch = types.ModuleType("torch")
    torch.Tensor, torch.uint8 = Tensor, np.uint8
    assert sealog.encode(Tensor(np.zeros(1))).unencodable != ()
    monkeypatch.setitem(sys.modules, "torch", torch)
    for array in (np.array([[1.5, np.nan]], dtype="float32"), np.array(3, dtype="int64"), np.zeros((0, 2))):
        assert text(Tensor(array)) == text(array)


def test_frames_column_by_column() -> None:
    frame = pd.DataFrame(
        {"n": [1, 2], "s": ["a", None], "t": pd.to_datetime(["2026-01-01", None]), "c": pd.Categorical(["x", "y"])},
        index=["p", "q"],
    )
    index, *columns = json.loads(text(frame))["$table"]
    assert index["$items"][1] == ["p", "q"]
    assert [name for name, _ in columns] == ["n", "s", "t", "c"]
    by_name = dict(columns)
    assert by_name["n"]["$array"][0] == "int64"
    assert by_name["s"]["$items"][1] == ["a", None]
    assert by_name["t"]["$array"][0].startswith("datetime64[")
    assert by_name["c"]["$items"] == ["category", ["x", "y"], [2]]


def test_frames_with_twice_the_same_column_and_several_levels() -> None:
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert [name for name, _ in json.loads(text(twice))["$table"][1:]] == ["a", "a"]
    levels = pd.Series([1], index=pd.MultiIndex.from_tuples([("x", 1)]))
    assert json.loads(text(levels))["$series"][1]["$items"][1] == [{"$tuple": ["x", 1]}]


def test_pandas_scalars() -> None:
    assert text(pd.Timestamp("2026-01-01T00:00:00.000000005")) == '{"$datetime":"2026-01-01T00:00:00.000000005"}'
    assert text(pd.Timedelta(nanoseconds=-1)) == '{"$duration":"-0.000000001"}'
    assert text([pd.NaT, pd.NA]) == "[null,null]"


def test_a_dictionary_that_changes_while_it_is_walked() -> None:
    data: dict[str, Any] = {}

    class Nosy:
        pass

    def grow(value: Nosy) -> int:
        data[f"more{len(data)}"] = 1
        return 1

    sealog.register_encoder(Nosy, grow)
    data.update(a=Nosy(), b=2)
    assert json.loads(text(data)) == {"a": {"$custom": [Nosy.__qualname__, 1]}, "b": 2}


def test_an_encoding_inside_a_value_is_bytes() -> None:
    inner = sealog.encode([1])
    assert text([inner]) == text([inner.bytes])
    assert sealog.encode(inner) == inner and hash(sealog.encode(inner)) == hash(inner)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not 2**53 <= abs(x) < 1e21 and str(x) != "-0.0")
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_json_reads_back_as_itself(value: Any) -> None:
    def doubled(part: Any) -> Any:
        if isinstance(part, list):
            return [doubled(item) for item in part]
        if isinstance(part, dict):
            return {("$" + key if key.startswith("$") else key): doubled(item) for key, item in part.items()}
        return part

    assert json.loads(text(value)) == doubled(value)


ANY = st.recursive(
    st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.decimals()
    | st.datetimes(timezones=st.none() | st.just(datetime.timezone.utc))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


@given(ANY)
def test_any_value_has_one_encoding(value: Any) -> None:
    encoded = sealog.encode(value)
    assert encoded.unencodable == ()
    assert sealog.encode(value).bytes == encoded.bytes
    if isinstance(value, dict):
        assert sealog.encode(dict(reversed(value.items()))).bytes == encoded.bytes
