"""Every example of `docs/python.md` runs, in order, as one program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

GUIDE = Path(__file__).parents[3] / "docs" / "python.md"


def examples(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", text, re.S | re.M)


def test_the_guide(places: Path) -> None:
    blocks = examples(GUIDE.read_text())
    assert len(blocks) >= 8
    program = "\n".join(blocks) + "\nledger.close()\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=places, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")
    assert sorted(path.name for path in places.iterdir()) == ["audit.sealog", "audit.sealog.secrets"]
