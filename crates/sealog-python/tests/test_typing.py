"""What type checkers make of the decorator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sealog

ledger = sealog.memory()

@ledger.decision
def bare(x: int, *, y: str = "") -> float:
    return x / 2

@ledger.decision(score="result")
async def later(x: int) -> float:
    return x / 2

class Model:
    @ledger.decision
    def predict(self, x: int) -> float:
        return x / 2

reveal_type(bare(1, y="a"))
reveal_type(bare.audited(1))
reveal_type(later.audited)
reveal_type(Model().predict(3))
reveal_type(Model.predict.audited(Model(), 3))
bare("wrong")
Model().predict("wrong")

async def main() -> None:
    reveal_type(await later(1))
    reveal_type(await later.audited(1))
"""


def test_types_go_through_the_decorator(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "program.py"], cwd=tmp_path, capture_output=True, text=True
    )
    revealed = [line.partition("is ")[2] for line in done.stdout.splitlines() if "Revealed type" in line]
    assert [text.strip('"').replace("builtins.", "") for text in revealed] == [
        "float",
        "tuple[float, sealog._sealog.Receipt | None]",
        "def (x: int) -> typing.Coroutine[Any, Any, tuple[float, sealog._sealog.Receipt | None]]",
        "float",
        "tuple[float, sealog._sealog.Receipt | None]",
        "float",
        "tuple[float, sealog._sealog.Receipt | None]",
    ], done.stdout
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(errors) == 2 and all("incompatible type" in error for error in errors), done.stdout


PRIVACY = """
import sealog
from sealog.privacy import FieldFunction, KeyWrapper, Policy, function

@function(version="1")
def shorten(value: str) -> str:
    return value[:4]

class Masks:
    name = "mask"
    version = "1"
    def apply(self, value: object) -> object:
        return None

class Service:
    id = "service-1"
    def wrap(self, key: bytes, context: bytes) -> bytes:
        return key
    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        return wrapped

functions: list[FieldFunction] = [shorten, Masks()]
wrapper: KeyWrapper = Service()
sealog.memory(privacy=Policy(functions=functions), key_wrapper=wrapper)
Policy(functions=[Service()])
sealog.memory(key_wrapper=Masks())
"""


def test_functions_and_wrappers_are_told_by_their_shape(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PRIVACY)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "program.py"], cwd=tmp_path, capture_output=True, text=True
    )
    errors = [line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line]
    lines = PRIVACY.splitlines()
    assert [lines[int(line) - 1] for line in errors] == [
        "Policy(functions=[Service()])",
        "sealog.memory(key_wrapper=Masks())",
    ], done.stdout
