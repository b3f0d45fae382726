"""`verifiers/verify.html` in Chromium, from the disk: files are dropped on it as a hand does it.

Screenshots stay in `target/verify-html`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chromium
import verify_page
from test_verify_py import ROOT, SCRIPT
from test_verify_html import write_extract

SHOTS = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "verify-html"
AXE = "axe-core@4.10.3"
PAGE = verify_page.PAGE.as_uri()


class Given:
    """A small log with a package, a receipt, a checkpoint of before and the key."""

    def __init__(self, root: Path) -> None:
        self.root = root
        places = {"XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config", "HOME": "home"}
        self.env = {**os.environ, **{name: str(root / place) for name, place in places.items()}}
        self.command("init", "audit.sealog", "--operator", "acme", "--purpose", "test")
        self.vkey: str = json.loads(self.command("key", "show", "--json"))["vkey"]
        for name in ["d1", "d2", "d3"]:
            fields = [f"decision_id={name}", "model_state=hosted", "model_reason=remote", "system_id=credit"]
            words = [word for field in fields for word in ("-f", field)]
            self.command("record", "--kind", "decision", *words, "--receipts", "receipts")
            if name == "d1":
                self.command("checkpoint", "--out", "held.txt")
        self.package = root / "package.zip"
        self.command("export", "--evidence", str(self.package), "--by", "jo", "--previous", "held.txt")
        content = bytearray(self.package.read_bytes())
        content[len(content) // 2] ^= 1
        self.attacked = root / "attacked.zip"
        self.attacked.write_bytes(content)
        self.receipt = sorted((root / "receipts").iterdir())[0]
        self.key_file = root / "log.vkey"
        self.key_file.write_text(f"# the log\n{self.vkey}\n")

    def command(self, *words: str) -> str:
        whole = [sys.executable, "-m", "sealog", *words]
        done = subprocess.run(whole, capture_output=True, text=True, cwd=self.root, env=self.env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def verify_py(self, path: Path, *words: str) -> dict[str, Any]:
        whole = [sys.executable, "-I", str(SCRIPT), str(path), *words, "--json"]
        done = subprocess.run(whole, capture_output=True, text=True)
        report: dict[str, Any] = json.loads(done.stdout)
        # A browser tells a page the name of a file and not where it lies.
        return {**report, "file": path.name}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    return Given(tmp_path_factory.mktemp("given"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Browser]:
    program = chromium.program()
    if program is None:
        pytest.skip("Chromium is not installed, so verify.html was opened in no browser (apt-get install chromium)")
    browser = chromium.Browser(program, tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def page(browser: chromium.Browser) -> chromium.Browser:
    """The page anew, and after the test: no error in it, and nothing was asked of any network."""
    browser.events.clear()
    size = {"width": 1100, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.page("Emulation.setDeviceMetricsOverride", **size)
    browser.page("Emulation.setEmulatedMedia", features=[])
    browser.open("about:blank")
    browser.open(PAGE)
    return browser


def quiet(page: chromium.Browser) -> None:
    """Nothing but the page itself was fetched, and nothing went wrong in it."""
    asked = [event["request"]["url"] for event in page.told("Network.requestWillBeSent")]
    assert [url for url in asked if url != "about:blank"] == [PAGE]
    assert page.told("Runtime.exceptionThrown") == []
    assert page.told("Log.entryAdded") == []


def answer(page: chromium.Browser, path: Path) -> dict[str, Any]:
    """The report on the file that was dropped last, for machines, once it stands there."""
    done = "document.querySelector('#progress').textContent.startsWith('Checked')"
    about = f"document.querySelector('#about').textContent === {json.dumps(path.name)}"
    page.wait(f"{done} && {about}")
    report: dict[str, Any] = json.loads(text(page, "#report"))
    # What people see is what machines read.
    assert text(page, "#exit") == str(report["exit"]) and text(page, "#reason") == report["reason"]
    return report


def text(page: chromium.Browser, selector: str) -> str:
    return str(page.run(f"document.querySelector({json.dumps(selector)}).textContent"))


def is_shown(page: chromium.Browser, selector: str) -> bool:
    return bool(page.run(f"document.querySelector({json.dumps(selector)}).checkVisibility()"))


def test_without_a_key_nothing_is_verified(page: chromium.Browser, given: Given) -> None:
    page.drop(given.package)
    report = answer(page, given.package)
    assert (report["exit"], report["reason"]) == (2, "unpinned")
    verify_page.is_same(given.verify_py(given.package), report)
    assert text(page, "#said") == "UNPINNED: COULD NOT BE DECIDED"
    # Nothing of the file is taken for a key, and nothing of it is shown.
    assert page.run("document.querySelector('#key').value") == ""
    assert not is_shown(page, "#records-part") and not is_shown(page, "#facts-part")
    page.screenshot(SHOTS / "unpinned.png")
    quiet(page)


def test_a_genuine_package_holds(page: chromium.Browser, given: Given) -> None:
    page.screenshot(SHOTS / "empty.png")
    page.type("#key", given.vkey)
    page.drop(given.package)
    report = answer(page, given.package)
    assert (report["exit"], report["reason"]) == (0, "holds")
    verify_page.is_same(given.verify_py(given.package, "--key", given.vkey), report)
    assert text(page, "#said") == "HOLDS"
    assert text(page, "#fingerprints").split()[1] == report["fingerprint"]
    assert page.run("document.querySelectorAll('#rows tr').length") == report["entries"]
    page.screenshot(SHOTS / "holds.png")
    page.page("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    page.screenshot(SHOTS / "dark.png")
    quiet(page)


def test_a_fingerprint_in_the_field_is_enough_for_a_package(page: chromium.Browser, given: Given) -> None:
    fingerprint = hashlib.sha256(given.vkey.encode()).hexdigest()
    page.type("#key", fingerprint.upper())
    page.drop(given.package)
    report = answer(page, given.package)
    assert (report["exit"], report["reason"], report["key"]) == (0, "holds", given.vkey)
    verify_page.is_same(given.verify_py(given.package, "--key", fingerprint), report)
    assert text(page, "#fingerprints").split()[1] == fingerprint == report["fingerprint"]
    # The field keeps what was typed into it: no key of the file gets there.
    assert page.run("document.querySelector('#key').value") == fingerprint.upper()
    page.drop(given.receipt)
    report = answer(page, given.receipt)
    verify_page.is_same(given.verify_py(given.receipt, "--key", fingerprint), report)
    assert (report["exit"], report["reason"]) == (2, "key_not_in_file")
    quiet(page)


def test_an_attacked_package_is_refuted(page: chromium.Browser, given: Given) -> None:
    page.type("#key", given.vkey)
    page.drop(given.package)
    assert answer(page, given.package)["exit"] == 0
    page.drop(given.attacked)
    report = answer(page, given.attacked)
    assert (report["exit"], report["reason"]) == (1, "package_member")
    verify_page.is_same(given.verify_py(given.attacked, "--key", given.vkey), report)
    assert text(page, "#said") == "REFUTED"
    # What the file before showed is gone.
    assert page.run("document.querySelectorAll('#rows tr').length") == 0
    assert text(page, "#facts") == "" and not is_shown(page, "#records-part")
    page.screenshot(SHOTS / "refuted.png")
    quiet(page)


def test_a_receipt_and_a_dropped_key(page: chromium.Browser, given: Given) -> None:
    where = page.run("(({x, y}) => [x, y])(document.querySelector('#key').getBoundingClientRect())")
    page.drop(given.key_file, int(where[0]) + 20, int(where[1]) + 20)
    page.wait("document.querySelector('#fingerprints').textContent.includes('SHA-256')")
    assert given.vkey in page.run("document.querySelector('#key').value")
    page.drop(given.receipt)
    report = answer(page, given.receipt)
    verify_page.is_same(given.verify_py(given.receipt, "--key", given.vkey), report)
    assert report["exit"] == 0 and page.run("document.querySelectorAll('#rows tr').length") == 1
    quiet(page)


def test_what_was_kept_from_before(page: chromium.Browser, given: Given) -> None:
    """By the pickers, as by hand: their files are set in the browser."""

    def pick(selector: str, *paths: Path) -> None:
        document = page.page("DOM.getDocument")["root"]["nodeId"]
        node = page.page("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
        page.page("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    page.type("#key", given.vkey)
    pick("#against", given.root / "held.txt")
    pick("#file", given.package)
    report = answer(page, given.package)
    assert (report["exit"], report["level"]) == (0, "remembered")
    pick("#against", given.key_file)
    page.run("document.querySelector('#ask').requestSubmit()")
    page.wait("document.querySelector('#reason').textContent !== 'holds'")
    assert answer(page, given.package)["reason"] == "against_unusable"
    quiet(page)


def test_hostile_texts_are_texts(page: chromium.Browser, tmp_path: Path) -> None:
    """One that turns the order of reading and one that would be markup, in a record and in the file's name."""
    turned, markup = "gpj.\u202egnp", "<img src=x onerror=alert(1)>"
    path = tmp_path / f"{turned}{markup}.jsonl"
    page.type("#key", write_extract(path, 2, {"decision_id": turned, "label_id": markup, "score": {"a": [turned]}}))
    page.drop(path)
    page.wait("document.querySelector('#progress').textContent === 'Checked: HOLDS.'")
    page.run("document.querySelector('#rows button').click()")
    assert text(page, "td.decision") == "gpj.\\u{202e}gnp" and text(page, "td.label") == markup
    assert text(page, "td.score") == '{"a":["gpj.\\u{202e}gnp"]}'
    assert json.loads(text(page, "#rows pre"))["record"]["body"]["decision_id"] == turned
    assert text(page, "#about") == f"gpj.\\u{{202e}}gnp{markup}.jsonl"
    assert json.loads(text(page, "#report"))["file"] == path.name
    assert page.run("document.querySelectorAll('img').length") == 0
    assert "\u202e" not in str(page.run("document.documentElement.textContent"))
    quiet(page)


def test_the_records_by_keyboard_and_filter(page: chromium.Browser, given: Given) -> None:
    page.type("#key", given.vkey)
    page.drop(given.package)
    every = answer(page, given.package)["entries"]
    page.type("#filter", "d1")
    page.wait("document.querySelectorAll('#rows tr').length === 1")
    assert text(page, "#range") == f"1 to 1 of 1 record, of {every} in the file"
    page.run("document.querySelector('#rows button').focus()")
    page.key("Enter")
    assert json.loads(text(page, "#rows pre"))["record"]["body"]["decision_id"] == "d1"
    page.key("Enter")
    assert page.run("document.querySelectorAll('#rows pre').length") == 0
    page.type("#filter", "nowhere")
    page.wait("document.querySelectorAll('#rows tr').length === 0")
    quiet(page)


def test_the_answer_is_saved_and_copied(browser: chromium.Browser, page: chromium.Browser, given: Given, tmp_path: Path) -> None:
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.type("#key", given.vkey)
    page.drop(given.package)
    report = answer(page, given.package)
    page.run("document.querySelector('#report-part').open = true; document.querySelector('#save').click()")
    saved = tmp_path / "sealog-verify.json"
    until = time.monotonic() + 20
    while not saved.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert json.loads(saved.read_text(encoding="utf-8")) == report
    page.run("document.querySelector('#copy').click()")
    page.wait("document.querySelector('#copied').textContent !== ''")


def test_a_key_that_is_none_is_no_verdict(page: chromium.Browser, given: Given) -> None:
    page.type("#key", "jo")
    page.drop(given.package)
    page.wait("document.querySelector('#problem').textContent !== ''")
    assert "neither a verifier key nor a fingerprint" in text(page, "#problem") and not is_shown(page, "#answer")
    assert page.run("document.querySelector('#key').getAttribute('aria-invalid')") == "true"


def test_nothing_gets_out(page: chromium.Browser) -> None:
    """What a script in the page tries, if one ever got in."""
    tries = {
        "fetch": "fetch('http://127.0.0.1:9/').then(() => 'out', (error) => error.name)",
        "beacon": "String(navigator.sendBeacon('http://127.0.0.1:9/'))",
        "image": "new Promise((done) => { const i = new Image(); i.onload = () => done('out');"
        " i.onerror = () => done('refused'); i.src = 'http://127.0.0.1:9/x.png'; })",
        "script": "new Promise((done) => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.head.append(s); setTimeout(() => done(String(window.ran)), 50); })",
        "worker": "new Promise((done) => { try { const w = new Worker(URL.createObjectURL(new Blob(['1'])));"
        " w.onerror = () => done('refused'); } catch (error) { done('refused'); } })",
        "socket": "new Promise((done) => { try { const s = new WebSocket('ws://127.0.0.1:9/');"
        " s.onerror = () => done('refused'); } catch (error) { done('refused'); } })",
    }
    said = {name: page.run(script) for name, script in tries.items()}
    assert said["fetch"] == "TypeError" and said["script"] == "undefined", said
    assert {said[name] for name in ["image", "worker", "socket"]} == {"refused"}, said
    # Refused by the policy, one for each, and nothing was ever sent.
    violations = [event["entry"]["text"] for event in page.told("Log.entryAdded")]
    assert len([line for line in violations if "Content Security Policy" in line]) >= len(tries), violations
    sent = [event["response"]["url"] for event in page.told("Network.responseReceived")]
    assert [url for url in sent if url != "about:blank"] == [PAGE]


def test_everything_to_act_on_has_a_name(page: chromium.Browser, given: Given) -> None:
    """By the browser's own tree of what assistive programs are told."""
    page.type("#key", given.vkey)
    page.drop(given.package)
    answer(page, given.package)
    nodes = [node for node in page.page("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    roles: dict[str, list[str]] = {}
    for node in nodes:
        roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    acting = ["button", "textbox", "combobox", "DisclosureTriangle", "region", "form"]
    for role in acting:
        assert roles.get(role), f"no {role}"
        assert all(roles[role]), (role, roles[role])
    assert len(roles["main"]) == 1 and roles["heading"][0] == "Check a file of a Sealog log"
    assert roles["columnheader"][:3] == ["Index", "Time of the log", "Kind"]
    # The answer is read out: the focus went there.
    assert page.run("document.activeElement.id") == "said"
    assert page.run("document.documentElement.lang") == "en"
    quiet(page)


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, so axe-core was not asked about verify.html")
    folder = tmp_path_factory.mktemp("axe")
    words = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder), AXE]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        pytest.skip(f"axe-core could not be had, so it was not asked about verify.html: {done.stderr[-200:]}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: chromium.Browser, given: Given, axe: str, scheme: str) -> None:
    page.page("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page.run(f"{axe}; 0")
    # A mistake that it has to see, so that its silence says something.
    page.run("document.querySelector('label[for=key]').hidden = true; document.querySelector('#key').placeholder = ''; 0")
    seen = page.run("axe.run().then((found) => found.violations.map((one) => one.id))")
    assert "label" in seen, seen
    page.open("about:blank")
    page.open(PAGE)
    page.run(f"{axe}; 0")
    for path in [None, given.attacked, given.package]:
        if path is given.attacked:
            page.type("#key", given.vkey)
        if path is not None:
            page.drop(path)
            answer(page, path)
            page.run("for (const part of document.querySelectorAll('details')) part.open = true; 0")
        found = page.run(
            "axe.run().then(({ violations }) => violations.map(({ id, nodes }) =>"
            " [id, nodes.map(({ html, failureSummary }) => [html, failureSummary])]))"
        )
        assert found == [], json.dumps(found, indent=1)


def test_a_narrow_window_needs_no_scrolling_to_the_side(page: chromium.Browser, given: Given) -> None:
    page.page("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=False)
    page.type("#key", given.vkey)
    page.drop(given.package, 100, 150)
    answer(page, given.package)
    assert page.run("document.documentElement.scrollWidth") <= 360
    page.screenshot(SHOTS / "narrow.png")


def test_ten_thousand_records_in_seconds(page: chromium.Browser, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    vkey = write_extract(path, 10_000)
    page.type("#key", vkey)
    start = page.run("performance.now()")
    page.drop(path)
    report = answer(page, path)
    took = (page.run("performance.now()") - start) / 1_000
    assert (report["exit"], report["entries"]) == (0, 10_000)
    assert text(page, "#range") == "1 to 100 of 10,000 records"
    print(f"10,000 records in {took:.1f} s")
    assert took < 60


def test_it_says_so_where_the_browser_lacks_ed25519(browser: chromium.Browser, given: Given) -> None:
    browser.open("about:blank")
    lacking = "SubtleCrypto.prototype.importKey = async () => { throw new DOMException('', 'NotSupportedError'); };"
    added = browser.page("Page.addScriptToEvaluateOnNewDocument", source=lacking)["identifier"]
    try:
        browser.open(PAGE)
        browser.wait("document.querySelector('#unable').checkVisibility()")
        browser.type("#key", given.vkey)
        browser.drop(given.package, 200, 300)
        report = answer(browser, given.package)
        assert (report["exit"], report["reason"]) == (2, "verifier_unable")
        assert re.search("no Ed25519", text(browser, "#findings"))
    finally:
        browser.page("Page.removeScriptToEvaluateOnNewDocument", identifier=added)
