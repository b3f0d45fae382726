"""The code of `verifiers/verify.html` in Node, in one process for all tests that ask it."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[3] / "verifiers" / "verify.html"
NODE_VERSION_MIN = 18
# Findings whose `found` is in a reader's own words: what it says is for people, and no two readers say it alike.
IN_WORDS = {
    *["receipt_malformed", "extract_malformed", "package_malformed", "receipt_entry", "receipt_inclusion"],
    *["checkpoint_signature", "key_not_pinned", "config_bands", "package_map", "package_consistency"],
    *["against_unusable", "anchor_wrong", "unreadable"],
}

# A request and an answer are a line of JSON each. `part` calls one of the page's functions or classes by name.
DRIVER = r"""
const fs = require("node:fs");
globalThis.crypto ??= require("node:crypto").webcrypto;
(0, eval)(fs.readFileSync(process.argv[1], "utf8").match(/<script>([^]*?)<\/script>/)[1]);
const read = (path) => new Uint8Array(fs.readFileSync(path));
const revive = (name, value) =>
  value && typeof value === "object" && Object.hasOwn(value, "$bytes")
    ? new Uint8Array(Buffer.from(value.$bytes, "base64"))
    : value && typeof value === "object" && Object.hasOwn(value, "$big") ? BigInt(value.$big) : value;
const flatten = (name, value) =>
  typeof value === "bigint" ? { $big: String(value) }
    : value instanceof Uint8Array ? { $hex: Buffer.from(value).toString("hex") } : value;
async function answer(request) {
  if (request.verify) {
    const { path, keys, policy, against } = request.verify;
    let records = 0;
    const report = await sealogVerify(read(path), {
      name: path, keys, policy: policy ? read(policy) : null,
      against: against.map((name) => ({ name, bytes: read(name) })),
      onRecord: () => { records += 1; },
    });
    return { report: JSON.parse(sealogParts.reportJson(report)), records };
  }
  return { value: await new Function("parts", "$", `return (async () => { ${request.run} })()`)(
    sealogParts, request.values) };
}
(async () => {
  const lines = require("node:readline").createInterface({ input: process.stdin });
  for await (const line of lines) {
    let said;
    try {
      said = await answer(JSON.parse(line, revive));
    } catch (error) {
      said = { failed: error.constructor.name, kind: error.kind ?? error.code, why: String(error.stack) };
    }
    process.stdout.write(`${JSON.stringify(said, flatten)}\n`);
  }
})();
"""


class Failed(Exception):
    """What the page threw: `name` is its class, `kind` that of a fault or the code of a finding."""

    def __init__(self, said: dict[str, Any]) -> None:
        super().__init__(said["why"])
        self.name, self.kind = said["failed"], said.get("kind")


def inside(tag: str) -> str:
    """The text of the page's only element of this name."""
    (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(text)


def hash_of(text: str) -> str:
    """A source of a Content-Security-Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()


class Node:
    """A Node process that holds the page's script, without a document."""

    def __init__(self, program: str) -> None:
        words = [program, "--no-warnings", "-e", DRIVER, str(PAGE)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the page's process ended"
        said: dict[str, Any] = json.loads(line)
        if "failed" in said:
            raise Failed(said)
        return said

    def run(self, script: str, **values: Any) -> Any:
        """What a piece of script gives: `parts` are the page's, `$` the values."""
        return self.ask({"run": script, "values": values}).get("value")

    def verify(self, path: Path | str, keys: list[str], policy: str | None = None, against: tuple[str, ...] = ()) -> Any:
        """The report."""
        request = {"path": str(path), "keys": keys, "policy": policy, "against": list(against)}
        return self.ask({"verify": request})["report"]


def data(content: bytes) -> dict[str, str]:
    return {"$bytes": base64.b64encode(content).decode()}


def big(number: int) -> dict[str, str]:
    return {"$big": str(number)}


def missing() -> str | None:
    """Why there is no Node to run the page's code in, or nothing."""
    program = shutil.which("node")
    if program is None:
        return "Node is not installed, so verify.html was not run (apt-get install nodejs)"
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    if int(version.lstrip("v").split(".")[0]) < NODE_VERSION_MIN:
        return f"Node {version.strip()} is too old, so verify.html was not run"
    return None


@functools.cache
def node() -> Node | None:
    """The one process of a run; nothing without Node, which `test_verify_html.py` counts as skipped."""
    program = shutil.which("node")
    return None if missing() or program is None else Node(program)


def end() -> None:
    """Ends the process, if one was started."""
    if node.cache_info().currsize and (process := node()) is not None:
        process.close()
    node.cache_clear()


def is_same(one: dict[str, Any], two: dict[str, Any]) -> None:
    """The reports of two verifiers, but for what a finding found where it is told in words."""
    reports = [json.loads(json.dumps(report)) for report in (one, two)]
    for report in reports:
        for finding in report["findings"]:
            if finding["code"] in IN_WORDS:
                finding["found"] = finding["expected"] = None
    assert reports[0] == reports[1]
