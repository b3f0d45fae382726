"""The genuine files that are attacked: a small log and what it gave away, made by the command `sealog`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cached_property
from pathlib import Path

import older
from tools import Package, SigningKey, witness

COMMAND = [sys.executable, "-m", "sealog"]
RECORD_IDS = ["01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058"]
SEALED_IDS = ["01890a5d-ac96-774b-bcce-b302099a8059", "01890a5d-ac96-774b-bcce-b302099a805a"]
PLACES = {"XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config", "HOME": "home"}


class Log:
    """A log in a directory of its own, with its own places for what the command keeps elsewhere."""

    def __init__(self, root: Path, command: list[str]) -> None:
        self.root, self.program = root, command
        root.mkdir(parents=True, exist_ok=True)
        self.env = {**os.environ, **{name: str(root / place) for name, place in PLACES.items()}}
        for name in [name for name in self.env if name.startswith("SEALOG_")]:
            del self.env[name]
        self.command("init", "audit.sealog", "--operator", "acme", "--purpose", "test")
        self.vkey: str = json.loads(self.command("key", "show", "--json"))["vkey"]

    def command(self, *words: str) -> str:
        done = self.run([*self.program, *words])
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, capture_output=True, text=True, cwd=self.root, env=self.env)

    @cached_property
    def key(self) -> SigningKey:
        """The log's own key: whoever holds it can sign anything anew."""
        return SigningKey.of_file(self.root / "audit.sealog.secrets" / "log.key")

    def decide(self, name: str, stream: str, *fields: str) -> None:
        known = [f"decision_id={name}", "model_state=hosted", "model_reason=remote", *fields]
        words = [word for field in known for word in ("-f", field)]
        config = ["--config-id", "credit"] if stream == "credit" else []
        self.command("record", "--kind", "decision", *words, *config, "--system", stream, "--receipts", "receipts")

    def package(self, name: str, *words: str) -> None:
        self.command("export", "--evidence", f"{name}.zip", "--by", "jo", *words)

    def path(self, name: str) -> Path:
        """A file by its name; a name without an ending is a package's."""
        return self.root / (name if "." in name else f"{name}.zip")

    def opened(self, name: str) -> Package:
        return Package(self.path(name).read_bytes())


class Given(Log):
    """The log that is attacked: two streams, configurations, labels, notes, and a package of each kind."""

    def __init__(self, root: Path, command: list[str] | None = None) -> None:
        super().__init__(root, command or COMMAND)
        self.command("checkpoint", "--out", "first.txt")
        self.fill()
        self.give()
        older.write(self.root)

    @cached_property
    def jo(self) -> SigningKey:
        """The key of whoever exported."""
        return SigningKey.of_file(self.root / "jo.key")

    @cached_property
    def other(self) -> Log:
        """Another log, genuine too."""
        log = Log(self.root / "other", self.program)
        log.decide("x1", "elsewhere")
        log.command("receipt", "get", "1", "--out", "one.proof")
        log.command("export", "--out", "whole.jsonl")
        log.command("checkpoint", "--out", "now.txt")
        log.package("log")
        return log

    def configure(self, threshold: str) -> None:
        words = ["--threshold", threshold, "--below", "L001", "--above", "L002", "--model", "m1"]
        self.command("config", "set", "credit", *words, "--by", "jo", "--reason", "limits")

    def fill(self) -> None:
        self.command("label", "add", "low", "--id", "L001", "--by", "jo", "--reason", "first")
        self.configure("0.5")
        # L002 has no name yet: a note.
        self.decide("d1", "credit", "score=0.7", "model_id=m1")
        self.command("label", "add", "high", "--id", "L002", "--by", "jo", "--reason", "first")
        self.decide("d2", "credit", "score=0.1", "model_id=m1")
        self.decide("o1", "other")
        self.decide("d3", "credit", "score=0.5", "model_id=m1")
        self.command("checkpoint", "--out", "held.txt")
        old = json.loads(self.command("config", "show", "credit", "--json"))
        old = old[0] if isinstance(old, list) else old
        digest = old.get("digest") or old["config_digest"]
        self.configure("0.6")
        self.decide("d4", "credit", "score=0.55", "model_id=m1")
        # Of another stream under the version that was replaced, with a label of the host's own: two notes.
        facts = [f"config_digest={digest}", "score=0.1", "model_id=m1", "label_id=L002", "label_source=host"]
        self.decide("o2", "other", *facts)
        self.decide("d5", "credit", "score=0.9", "model_id=m1")
        self.decide("d6", "credit", "score=0.65", "model_id=m1")
        self.fill_beside()

    def fill_beside(self) -> None:
        """What packages carry beside entries: an actor's key, a payload, commitments, an anchor."""
        self.command("key", "new", "--origin", "acme.example/jo", "--out", "jo.key", "--vkey", "jo.vkey")
        self.command("key", "trust", "jo.vkey", "--actor", "jo")
        (self.root / "letter.bin").write_bytes(b"letter " * 6_000)
        for number, record_id in enumerate(RECORD_IDS):
            (self.root / f"input{number}.txt").write_text(f"what was asked, {number}")
            words = [f"decision_id=b{number}", "model_state=hosted", "model_reason=remote"]
            fields = [word for field in words for word in ("-f", field)]
            kept = ["--commit", f"input_digest=input{number}.txt", "--payload", "letter=letter.bin"]
            self.command("record", "--kind", "decision", "--system", "letters", "--record-id", record_id, *fields, *kept)
        self.seal()
        witnesses = [witness(number) for number in (1, 2, 3)]
        lines = [f"witness W{number} {one.vkey}\n" for number, one in enumerate(witnesses, 1)]
        (self.root / "policy").write_text("".join(lines) + "group G 2 W1 W2 W3\nquorum G\n")
        self.command("checkpoint", "--out", "seen")
        note = (self.root / "seen").read_text(encoding="utf-8")
        for time, one in enumerate(witnesses[:2]):
            note = one.cosigned(note, 1_780_000_000 + 100 * time)
        (self.root / "seen").write_text(note, encoding="utf-8")
        self.command("checkpoint", "import", "seen", "--policy", "policy")

    def seal(self) -> None:
        """Two notes about a person, sealed."""
        for number, record_id in enumerate(SEALED_IDS):
            (self.root / f"note{number}.txt").write_text(f"what was seen, {number}")
            words = ["--kind", "org.example.note", "--stream", "notes", "--record-id", record_id, "-f", "topic=visit"]
            self.command("record", *words, "--subject", "customer 1", "--payload", f"note=note{number}.txt")

    def give(self) -> None:
        self.package("stream", "--stream", "credit", "--previous", "held.txt")
        self.package("log")
        self.package("selection", "--label", "L002")
        self.package("absent", "--stream", "nobodys")
        lines = self.opened("stream").members["entries.jsonl"].splitlines()[1:]
        times = [json.loads(line)["entry"]["log"]["recorded_at"] for line in lines]
        period = ["--since", times[1], "--until", times[4]]
        self.package("stream period", "--stream", "credit", *period)
        self.package("log period", *period)
        self.package("no entry", "--since", "2999-01-01T00:00:00Z")
        self.command("export", "--checkpoint-only", "asked.txt")
        size = (self.root / "asked.txt").read_text().split("\n")[1]
        sample = ["--sample", "3", "--seed", "of the auditor", "--at", size]
        self.package("stream sample", "--stream", "credit", *sample)
        self.package("log sample", *sample)
        self.package("own sample", "--sample", "2", "--seed", "my own")
        self.package("large sample", "--stream", "credit", "--sample", "100", "--seed", "x")
        self.package("sample of a period", *period, "--sample", "2", "--seed", "x")
        opened = f"{RECORD_IDS[0]}/input_digest=input0.txt"
        signed = ["--signed-by", "jo", "--signing-key", "jo.key"]
        self.package("beside", "--stream", "letters", "--payloads", "--open", opened, *signed)
        self.package("sealed", "--stream", "notes", "--open-sealed", f"{SEALED_IDS[0]}=note")
        self.command("receipt", "get", "3", "--out", "receipt.proof")
        self.command("export", "--stream", "credit", "--out", "extract.jsonl")


GENUINE = [
    *["log", "stream", "selection", "absent", "log period", "stream period", "no entry", "log sample"],
    *["stream sample", "own sample", "large sample", "sample of a period", "beside", "sealed", "receipt.proof"],
    "extract.jsonl",
]
