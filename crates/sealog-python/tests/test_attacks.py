"""Every attack of `attacks/` against all three verifiers, or `sealog import`, by the runner that lies there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import older
import run
from given import GENUINE, Given
from tools import Attack

LISTED = list(run.attacks())
README = run.HERE / "README.md"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    return Given(tmp_path_factory.mktemp("given"))


@pytest.fixture(scope="module")
def asked(given: Given, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, run.Verifier]]:
    with run.verifiers(given, tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.mark.parametrize("name", GENUINE)
def test_the_genuine_twin_holds(given: Given, asked: dict[str, run.Verifier], name: str) -> None:
    assert {said: verify(given.path(name), given.vkey) for said, verify in asked.items()} == {
        said: (0, "holds") for said in asked
    }


@pytest.mark.parametrize("name", older.PINS)
def test_the_genuine_older_log_holds(given: Given, name: str) -> None:
    assert run.imported(given, given.path(name), older.PINS[name]) == (0, "holds")


@pytest.mark.parametrize(("script", "attack"), LISTED, ids=[f"{script}: {attack.name}" for script, attack in LISTED])
def test_no_verifier_says_other_than_the_script(
    given: Given, asked: dict[str, run.Verifier], script: str, attack: Attack
) -> None:
    assert run.faults(given, attack, asked) == []


def test_the_page_was_among_the_verifiers(asked: dict[str, run.Verifier]) -> None:
    if "verify.html" not in asked:
        pytest.skip(run.NO_BROWSER)
    assert set(asked) == {"sealog", "verify.py", "verify.html"}


def test_nothing_but_limits_holds() -> None:
    assert {script for script, attack in LISTED if attack.status == 0} == {"limits"}
    assert {attack.status for script, attack in LISTED if script == "limits"} == {0}
    # Names are what a failure is told by.
    names = [(script, attack.name) for script, attack in LISTED]
    assert len(set(names)) == len(names)


def test_nothing_of_an_attacked_older_log_is_adopted(given: Given, tmp_path: Path) -> None:
    """Not only `--check` says it: what is refused leaves the ledger as it was."""
    attacked = [attack for script, attack in LISTED if script == "older_logs"]
    assert len(attacked) > 30 and {attack.twin for attack in attacked} == set(older.PINS)
    before = given.command("log", "--all", "--json")
    for attack in attacked[:: len(attacked) // 6]:
        twin = given.path(attack.twin)
        path = tmp_path / f"attacked{twin.suffix}"
        path.write_bytes(attack.make(given, twin.read_bytes()))
        done = given.run([*given.program, "import", str(path), "--system", "credit", *(attack.pins or ())])
        assert done.returncode == attack.status, (attack.name, done.stdout + done.stderr)
    assert given.command("log", "--all", "--json") == before


def test_the_table_is_that_of_the_scripts() -> None:
    """`python3 attacks/run.py --table` writes it."""
    assert run.table() in README.read_text(encoding="utf-8")


def test_a_verifier_that_is_fooled_is_noticed(given: Given, tmp_path: Path) -> None:
    """A runner that takes any answer would hold nothing."""
    attack = next(attack for script, attack in LISTED if script == "dropped_record")
    fooled: dict[str, run.Verifier] = {"fooled": lambda path, pin: (0, "holds")}
    assert len(run.faults(given, attack, fooled)) == 1
    wrong: dict[str, run.Verifier] = {"wrong": lambda path, pin: (1, "package_map")}
    assert len(run.faults(given, attack, wrong)) == 1
    idle = Attack("nothing is done", attack.twin, lambda _given, data: data, 1, "package_incomplete")
    with pytest.raises(AssertionError, match="nothing was changed"):
        run.faults(given, idle, fooled)
