"""Headless Chromium, driven over a pipe by its own protocol (CDP), without a driver or a library between."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
SECONDS_MAX = 60.0
FLAGS = [
    *["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu"],
    *["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"],
    *["--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1", "--lang=en"],
]

MOVE_PIPES = """
import os, sys
for end, place in zip(sys.argv[1:3], (3, 4)):
    os.dup2(int(end), place)
    os.close(int(end))
os.execv(sys.argv[3], sys.argv[3:])
"""


def program() -> str | None:
    return next((found for found in map(shutil.which, NAMES) if found), None)


class Browser:
    """One page in one process; `events` are all that the browser told, in order."""

    def __init__(self, path: str, folder: Path) -> None:
        ours_out, theirs_in = self._pipe()
        theirs_out, ours_in = self._pipe()
        self.events: list[dict[str, Any]] = []
        self.number, self.buffer = 0, b""
        self.input, self.output = ours_in, ours_out

        # Chromium's own sandbox does not work for root, as whom containers run tests.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        # A process of its own puts the pipes where the browser looks for them: code between fork and exec is fragile.
        ends = [str(theirs_out), str(theirs_in)]
        words = [sys.executable, "-I", "-c", MOVE_PIPES, *ends, path, *FLAGS, *sandbox]
        self.process = subprocess.Popen(
            [*words, f"--user-data-dir={folder}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs_out, theirs_in),
        )
        os.close(theirs_in)
        os.close(theirs_out)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session: str = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Network", "Runtime", "Log", "DOM", "Accessibility"]:
            self.page(f"{domain}.enable")

    @staticmethod
    def _pipe() -> tuple[int, int]:
        """Both ends beyond the numbers that the browser wants."""
        ends = os.pipe()
        high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
        for end in ends:
            os.close(end)
        return high[0], high[1]

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self.input, json.dumps(message).encode() + b"\0")
        while True:
            said = self._take(time.monotonic() + SECONDS_MAX)
            if said.get("id") == self.number:
                assert "error" not in said, (method, said["error"])
                result: dict[str, Any] = said["result"]
                return result

    def page(self, method: str, **params: Any) -> dict[str, Any]:
        return self.call(method, self.session, **params)

    def _take(self, until: float) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.output], [], [], max(0.0, until - time.monotonic()))
            assert ready, "the browser did not answer in time"
            data = os.read(self.output, 1 << 20)
            assert data, "the browser ended"
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        said: dict[str, Any] = json.loads(text)
        if "method" in said:
            self.events.append(said)
        return said

    def told(self, method: str) -> list[dict[str, Any]]:
        return [event["params"] for event in self.events if event["method"] == method]

    def run(self, script: str) -> Any:
        """The value of an expression in the page, awaited."""
        said = self.page("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def wait(self, script: str, seconds: float = SECONDS_MAX) -> Any:
        until = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < until, f"never came true: {script}"
            time.sleep(0.05)
        return value

    def open(self, url: str) -> None:
        self.page("Page.navigate", url=url)
        self.wait(f"location.href === {json.dumps(url)} && document.readyState === 'complete'")

    def drop(self, path: Path, x: int = 200, y: int = 200) -> None:
        """What a hand does that drops a file on the page."""
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        for kind in ["dragEnter", "dragOver", "drop"]:
            self.page("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def type(self, selector: str, text: str) -> None:
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.page("Input.insertText", text=text)

    def key(self, name: str) -> None:
        """A key that writes no text, such as Tab; Enter and Space also press what has the focus."""
        texts = {"Enter": "\r", " ": " "}
        codes = {"Enter": 13, "Tab": 9, " ": 32}
        press: dict[str, Any] = {"key": name, "windowsVirtualKeyCode": codes[name]}
        down = {**press, "text": texts[name]} if name in texts else press
        self.page("Input.dispatchKeyEvent", type="keyDown", **down)
        self.page("Input.dispatchKeyEvent", type="keyUp", **press)

    def screenshot(self, path: Path) -> None:
        shot = self.page("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        try:
            self.call("Browser.close")
            self.process.wait(20)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            os.close(self.input)
            os.close(self.output)
