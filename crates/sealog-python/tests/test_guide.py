"""Every example of `docs/python.md`, and of the README, runs, in order, as one program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def examples(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", text, re.S | re.M)


@pytest.mark.parametrize(
    ("document", "least", "ledger"), [("docs/python.md", 8, "audit.sealog"), ("README.md", 1, "scores.sealog")]
)
def test_the_examples_of_a_document(document: str, least: int, ledger: str, places: Path) -> None:
    blocks = examples((ROOT / document).read_text())
    assert len(blocks) >= least
    program = "\n".join(blocks) + "\nledger.close()\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=places, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")
    assert sorted(path.name for path in places.iterdir()) == [ledger, f"{ledger}.secrets"]
