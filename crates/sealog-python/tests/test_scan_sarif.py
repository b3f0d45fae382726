"""The scanner's SARIF against models that were generated from the schema of SARIF 2.1.0 and take no other members."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pydantic
import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

FILES = {
    "harm.pkl": b"cos\nsystem\n(S'true'\ntR.",
    "unknown.pkl": b"\x80\x04cmine\nNet\n.",
    "broken.pkl": b"\x80\x04",
    "a name + \u00fc.txt": b"words",
}


def sarif(folder: Path) -> dict[str, Any]:
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    command = [sys.executable, "-m", "sealog", "model", "scan", str(folder), "--format", "sarif"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_report_of_a_scan_follows_the_schema(tmp_path: Path) -> None:
    report = Sarif.model_validate(sarif(tmp_path))
    assert len(report.runs) == 1
    assert len(report.runs[0].results or []) >= 3


def test_what_the_schema_does_not_allow_is_noticed(tmp_path: Path) -> None:
    report = sarif(tmp_path)
    result = report["runs"][0]["results"][0]
    for change in ({"level": "fatal"}, {"ruleIndex": "x"}, {"message": None}, {"unheard": 1}):
        changed = result | change
        with pytest.raises(pydantic.ValidationError):
            Sarif.model_validate(report | {"runs": [report["runs"][0] | {"results": [changed]}]})
