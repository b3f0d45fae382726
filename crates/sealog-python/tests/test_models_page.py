"""The walk of `docs/models.md` runs as it stands there: train, sign, verify, predict, attack, refused."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "models.md"


def steps(text: str) -> list[tuple[str, str]]:
    """Files to be written, `(name, content)`, and command lines, `("$", line)`, in their order."""
    found = []
    for language, block in re.findall(r"^```(python|console)\n(.*?)^```$", text, re.S | re.M):
        if language == "python":
            name = re.match(r"# (\w+\.py)\n", block)
            assert name, block
            found.append((name[1], block))
        else:
            found += [("$", line[2:]) for line in block.splitlines() if line.startswith("$ ")]
    return found


def test_the_walk_of_the_page(places: Path) -> None:
    walk = PAGE.read_text(encoding="utf-8").split("\n## From a hub\n")[0]
    found = steps(walk)
    statuses = []
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for name, content in found:
        if name != "$":
            (places / name).write_text(content)
            continue
        line, _, expected = content.partition("# status ")
        done = subprocess.run(
            ["sh", "-c", line], cwd=places, env={**os.environ, "PATH": path}, capture_output=True, text=True
        )
        assert done.returncode == int(expected or 0), (line, done.stdout, done.stderr)
        statuses.append(done.returncode)
        if line.startswith("sealog model gate") and not expected:
            assert "accuracy" in done.stdout, done.stdout
    assert {name for name, _ in found} >= {"train.py", "predict.py", "attack.py"}
    assert statuses.count(1) >= 7 and len(statuses) >= 20
