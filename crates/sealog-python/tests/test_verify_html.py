"""`verifiers/verify.html` in Node: the examples of every page of the formats, its own limits, and what only it can say.

That it gives the same reports as the command and `verify.py` is held by their tests, which ask it too.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

import verify_page
from test_verify_py import LOG_KEY, ROOT, SCRIPT, block, cases, verify
from verify_page import Failed, Node, big, data


@pytest.fixture(scope="module")
def page() -> Node:
    node = verify_page.node()
    if node is None:
        pytest.skip(str(verify_page.missing()))
    return node


def refused(page: Node, name: str, which: str, check: Callable[[dict[str, Any]], object]) -> None:
    """Each of the cases is refused, as the page says."""
    for case in cases(name, which):
        with pytest.raises(Failed) as failed:
            check(case)
        expected = ("Fault", case.get("kind", "malformed"))
        assert (failed.value.name, failed.value.kind) == expected, (case, failed.value)


# --- the file itself ---


def test_its_policy_lets_nothing_out_and_only_its_own_script_run() -> None:
    text = verify_page.PAGE.read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": f"'{verify_page.hash_of(verify_page.inside('script'))}'",
        "style-src": f"'{verify_page.hash_of(verify_page.inside('style'))}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }, "after a change of the script or the style their hashes stand anew in the page's head"
    # The policy stands before all that it governs.
    assert text.index("Content-Security-Policy") < min(text.index("<style>"), text.index("<script>"))


def test_it_names_no_address_and_writes_no_markup() -> None:
    text = verify_page.PAGE.read_text(encoding="utf-8")
    script = verify_page.inside("script")
    names = {"https://in-toto.io/Statement/v1", "https://sealog.dev/evidence/v1"}
    assert set(re.findall(r"https?://[^\s\"'`)]+", text)) == names
    for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "fetch(", "XMLHttpRequest"]:
        assert word not in script, word
    for word in ["WebSocket", "eval(", "Function(", "import(", "localStorage", " style=", " onclick", "<img", "<link"]:
        assert word not in text, word
    visible = re.sub(r"<[^>]*>|\s+", " ", text[text.index("<body>") :]).strip()
    assert visible.startswith("Take this page from a release of Sealog, never from whoever gave you the file.")


def test_its_codes_are_ours(page: Node) -> None:
    text = (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+) \|$", text, re.MULTILINE)
    ours = {code: [weight, meaning] for code, weight, meaning in rows}
    its: dict[str, list[str]] = page.run("return parts.CODES;")
    assert its == {code: ours[code] for code in its}
    # What verify.py can say, and that a browser lacks something or that the file is too large for it.
    assert set(its) == set(verify.CODES) | {"too_large", "verifier_unable"}


# --- the formats ---


def canonical(page: Node, text: bytes) -> str:
    return str(page.run("return parts.writeCanonical(parts.readCanonical($.text));", text=data(text)))


def test_canonical_json(page: Node) -> None:
    for line in block("canonical-json", "json-forms").splitlines():
        text, form = line.split("  =>  ")
        assert canonical(page, form.encode()) == form
        if text != form:
            with pytest.raises(Failed):
                canonical(page, text.encode())
    for name in ["json-refused", "json-not-canonical"]:
        for line in block("canonical-json", name).splitlines():
            with pytest.raises(Failed) as failed:
                canonical(page, line.split(" ", 2)[2].encode())
            assert failed.value.kind == "malformed"


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"__proto__":1,"__proto__":1}',
        b"\xef\xbb\xbf1",
        b'"\xed\xa0\x80"',
        b'"\xc0\xaf"',
        b'"\\ud800"',
        b"9007199254740992",
        b"-9007199254740992",
        b"9007199254740993",
        b"100000000000000000000",
        b"1000000000000000000000",
        b"1.7976931348623159e+308",
        b"-0",
        b"-0.0",
        b"0.1e1",
        b"1E3",
        b"",
        b" 1",
        b"1\n",
        b"[1,]",
        b"{'a':1}",
        b"NaN",
        b"Infinity",
        b'{"b":1,"a":1}',
        b'{"\xef\xac\xb3":1,"\xf0\x9f\x98\x80":2}',
    ],
)
def test_texts_that_are_not_canonical(page: Node, text: bytes) -> None:
    with pytest.raises(Failed) as failed:
        canonical(page, text)
    assert failed.value.kind == "malformed"
    with pytest.raises(verify.Fault):
        verify.read_canonical(text)


@pytest.mark.parametrize(
    "text",
    [
        b"9007199254740991",
        b"-9007199254740991",
        b"1e+21",
        b"5e-324",
        b"1.7976931348623157e+308",
        b'{"__proto__":{"a":1},"constructor":2,"toString":3}',
        b'{"1":1,"10":2,"9":3}',
        b'{"\xf0\x9f\x98\x80":2,"\xef\xac\xb3":1}',
        b'"\x7f\xe2\x80\xa8/"',
        b'"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\"',
    ],
)
def test_texts_that_are_canonical(page: Node, text: bytes) -> None:
    assert canonical(page, text).encode() == text
    assert verify.write_canonical(verify.read_canonical(text)) == text


@pytest.mark.parametrize("depth", [32, 33, 100_000])
@pytest.mark.parametrize("pair", [b"[]", b"{}"])
def test_nesting(page: Node, depth: int, pair: bytes) -> None:
    text = b"[" * depth + b"]" * depth
    if pair == b"{}":
        text = b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)
    if depth == 32:
        assert canonical(page, text).encode() == text
    else:
        with pytest.raises(Failed) as failed:
            canonical(page, text)
        assert failed.value.kind == "malformed"


def test_verifier_keys_and_notes(page: Node) -> None:
    for case in cases("note", "vkeys"):
        key = page.run("return parts.Key.read($.text);", text=case["vkey"])
        found = (key["name"], key["type"], key["publicKey"]["$hex"], key["id"], key["fingerprint"])
        assert found == tuple(case[name] for name in ["name", "type", "public", "id", "fingerprint"])
    refused(page, "note", "vkeys-refused", lambda case: page.run("return parts.Key.read($.text);", text=case["vkey"]))

    def check(case: dict[str, Any]) -> Any:
        script = """
            const keys = await Promise.all($.keys.map((text) => parts.Key.read(text)));
            const note = new parts.Note($.note);
            return { text: note.text, signed: (await note.verify(keys)).length };
        """
        return page.run(script, note=data(case["note"].encode()), keys=case["keys"])

    for case in cases("note", "notes"):
        said = check(case)
        assert said["text"] == case["text"] and said["signed"] > 0
    refused(page, "note", "notes-refused", check)


CHECKPOINT = """
    const keys = await Promise.all($.keys.map((text) => parts.Key.read(text)));
    const found = await parts.verifyCheckpoint($.note, $.origin, keys);
    return {
      size: found.checkpoint.size, root: found.checkpoint.root, origin: found.checkpoint.origin,
      logs: found.logs.map((key) => key.id), times: found.cosignatures.map(({ time }) => time),
    };
"""


def test_checkpoints_and_cosignatures(page: Node) -> None:
    def check(case: dict[str, Any]) -> Any:
        return page.run(CHECKPOINT, note=data(case["note"].encode()), origin=case["origin"], keys=case["keys"])

    for case in cases("checkpoint", "checkpoints"):
        said = check(case)
        assert (said["origin"], int(said["size"]["$big"])) == (case["origin"], case["size"])
        assert said["root"]["$hex"] == case["root"] and sorted(said["logs"]) == sorted(case["signed_by"])
    refused(page, "checkpoint", "checkpoints-refused", check)

    def cosigned(case: dict[str, Any], note: str) -> Any:
        script = "return new parts.Note($.note).verify([await parts.Key.read($.key)]);"
        return page.run(script, note=data(note.encode()), key=case["key"])

    for case in cases("cosignature", "cosignatures"):
        (signed,) = cosigned(case, case["cosigned"])
        assert int(signed["time"]["$big"]) == case["time"]
    refused(page, "cosignature", "cosignatures-refused", lambda case: cosigned(case, case["note"]))


def hashes(texts: list[str]) -> list[dict[str, str]]:
    return [data(bytes.fromhex(text)) for text in texts]


INCLUSION = """
    const tree = new parts.Tree($.size, $.root);
    for (const time of [1, 2]) await tree.checkInclusion($.index, $.leaf, $.proof);
"""


def test_trees(page: Node) -> None:
    def check(case: dict[str, Any]) -> None:
        leaf, root = hashes([case["leaf"], case["root"]])
        index, size = big(case["index"]), big(case["size"])
        page.run(INCLUSION, index=index, size=size, leaf=leaf, root=root, proof=hashes(case["proof"]))

    for case in cases("tree", "inclusion"):
        check(case)
    refused(page, "tree", "inclusion-refused", check)

    def extends(case: dict[str, Any]) -> None:
        names = [("old", "old_size", "old_root"), ("now", "new_size", "new_root")]
        values: dict[str, Any] = {"proof": hashes(case["proof"])}
        for name, size, root in names:
            values[name] = {"size": big(case[size]), "root": hashes([case[root]])[0]}
        page.run("return parts.checkConsistency($.old.size, $.old.root, $.now.size, $.now.root, $.proof);", **values)

    for case in cases("tree", "consistency"):
        extends(case)
    refused(page, "tree", "consistency-refused", extends)


def tree_of(leaves: list[bytes]) -> list[list[bytes]]:
    """The levels of a tree, leaves first."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        row = levels[-1]
        pairs = [verify.sha256(b"\x01", *row[at : at + 2]) for at in range(0, len(row) - 1, 2)]
        levels.append(pairs + row[len(row) - len(row) % 2 :])
    return levels


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 11, 16, 21])
def test_a_tree_that_remembers_lets_nothing_through(page: Node, size: int) -> None:
    """Every leaf in several orders, and after each one every proof with a hash changed, swapped or of another leaf."""
    levels = tree_of([verify.leaf_hash(b"%d" % at) for at in range(size)])

    def proof(index: int) -> list[str]:
        found = []
        for row in levels[:-1]:
            if index ^ 1 < len(row):
                found.append(row[index ^ 1].hex())
            index >>= 1
        return found

    known = [{"index": at, "leaf": levels[0][at].hex(), "proof": proof(at)} for at in range(size)]
    script = """
        const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));
        const tree = new parts.Tree(BigInt($.known.length), $.root);
        const holds = async (index, leaf, proof) => {
          try {
            await tree.checkInclusion(BigInt(index), bytes(leaf), proof.map(bytes));
            return true;
          } catch (error) {
            if (error instanceof parts.Fault) return false;
            throw error;
          }
        };
        let [held, refused] = [0, 0];
        const other = "11".repeat(32);
        for (const order of [$.known, [...$.known].reverse(), $.known.filter((_, at) => at % 3 === 1)]) {
          tree.known.clear();
          for (const { index, leaf, proof } of order) {
            const wrong = [
              [index, other, proof], [index + 1, leaf, proof], [index, leaf, [...proof, other]],
              ...proof.map((_, at) => [index, leaf, proof.with ? proof.with(at, other) : proof.slice(at + 1)]),
              ...$.known.filter((one) => one.index !== index).map((one) => [one.index, leaf, one.proof]),
            ];
            for (const time of [1, 2]) {
              for (const attack of wrong) {
                if (await holds(...attack)) throw new Error(`held: ${JSON.stringify(attack)}`);
                refused += 1;
              }
              if (!(await holds(index, leaf, proof))) throw new Error(`refused: ${index}`);
              held += 1;
            }
          }
        }
        return { held, refused };
    """
    said = page.run(script, known=known, root=data(levels[-1][0]))
    assert said["held"] >= 4 * size and said["refused"] > said["held"]


def test_proof_files(page: Node) -> None:
    script = CHECKPOINT.replace("return {", "const unused = {") + """
        const receipt = new parts.Receipt($.file);
        const { size, root } = found.checkpoint;
        const leaf = await parts.leafHash($.entry);
        await new parts.Tree(size, root).checkInclusion(receipt.index, leaf, receipt.proof);
        return receipt.index;
    """

    def check(case: dict[str, Any]) -> Any:
        content = case["file"].encode()
        note = page.run("return new parts.Receipt($.file).note;", file=data(content))
        values = {"note": data(bytes.fromhex(note["$hex"])), "origin": LOG_KEY.split("+")[0], "keys": [LOG_KEY]}
        return page.run(script, file=data(content), entry=data(case["entry"].encode()), **values)

    for case in cases("proof", "proofs"):
        assert int(check(case)["$big"]) == case["index"]
    refused(page, "proof", "proofs-refused", check)


def test_policies(page: Node) -> None:
    script = """
        const policy = await parts.Policy.read($.policy);
        const more = await Promise.all($.keys.map((text) => parts.Key.read(text)));
        const origin = $.note.split("\\n", 1)[0];
        const note = new TextEncoder().encode($.note);
        const { cosignatures } = await parts.verifyCheckpoint(note, origin, [...policy.logs, ...policy.witnesses.values(), ...more]);
        if (!policy.holds(cosignatures) && policy.quorum !== "none") throw new parts.Fault("refused", "no quorum");
        return { witnesses: policy.witnesses.size, logs: policy.logs.length, holds: policy.holds(cosignatures) };
    """

    def check(case: dict[str, Any]) -> Any:
        return page.run(script, policy=data(case["policy"].encode()), note=case["note"], keys=case.get("keys", []))

    for case in cases("policy", "policies"):
        said = check(case)
        assert (said["witnesses"], said["logs"]) == (case["witnesses"], case["logs"])
        # Nobody asked for is not called witnessed.
        assert said["holds"] == ("quorum none" not in case["policy"])
    read = "return parts.Policy.read($.policy);"
    refused(page, "policy", "policies-refused", lambda case: page.run(read, policy=data(case["policy"].encode())))
    refused(page, "policy", "checkpoints-refused", check)


def test_state_maps(page: Node) -> None:
    script = """
        const key = await parts.mapKey($.domain, ...$.names);
        await new parts.MapProof($.proof).check($.root, key, $.value);
        return key;
    """

    def check(case: dict[str, Any]) -> Any:
        value = None if case.get("value") is None else data(case["value"].encode())
        (root,) = hashes([case["root"]])
        names = {"domain": case["domain"], "names": case["names"]}
        return page.run(script, root=root, value=value, proof=case["proof"], **names)

    root = cases("state-map", "maps")[-1]["root"]
    for case in cases("state-map", "proofs"):
        assert check({**case, "root": root})["$hex"]
    kinds = {"NotCompact": "malformed", "TooManySiblings": "malformed"}
    for case in cases("state-map", "refused"):
        with pytest.raises(Failed) as failed:
            check(case)
        assert failed.value.kind == kinds.get(case["error"], "refuted"), (case, failed.value)
    for value in cases("state-map", "malformed"):
        with pytest.raises(Failed) as failed:
            page.run("return new parts.MapProof($.value);", value=value)
        assert (failed.value.name, failed.value.kind) == ("Fault", "malformed"), value
    script = "await new parts.MapProof({ siblings: $.siblings }).check($.root, $.key, $.root);"
    for count, kind in [(256, "refuted"), (257, "malformed")]:
        values = {"siblings": ["11" * 32] * count, "root": data(bytes(32)), "key": data(bytes(32))}
        with pytest.raises(Failed) as failed:
            page.run(script, **values)
        assert failed.value.kind == kind


def test_times(page: Node) -> None:
    assert all(page.run("return $.all.map(parts.isTime);", all=[case["micros"] for case in cases("time", "times")]))
    texts = [text.replace("00:00Z", "00:00.000000Z") for text in cases("time", "refused")]
    assert not any(page.run("return $.all.map(parts.isTime);", all=texts))
    assert [verify.is_time(text) for text in texts] == [False] * len(texts)


def test_signatures_are_strict(page: Node) -> None:
    """Points of small order and other encodings of one point are no keys; a signature has one form."""
    point = "return parts.readPoint($.data) !== null;"
    ends = [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18, 2**255 - 1]
    eighth = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
    small = [*ends, *(y + 2**255 for y in ends if y < 2**255), int.from_bytes(bytes.fromhex(eighth), "little")]
    for y in small:
        assert not page.run(point, data=data((y % 2**256).to_bytes(32, "little"))), y
    generator = (4 * pow(5, -1, verify.P) % verify.P).to_bytes(32, "little")
    assert page.run(point, data=data(generator))
    key, note = verify.Key(LOG_KEY), verify.Note(cases("note", "notes")[0]["note"].encode())
    signature, message = note.lines[0][2], note.text.encode()

    def is_signed(public: bytes, signed: bytes, text: bytes = message) -> bool:
        values = {"key": data(public), "text": data(text), "signature": data(signed)}
        return bool(page.run("return parts.isSigned($.key, $.text, $.signature);", **values))

    assert is_signed(key.public, signature)
    scalar = (int.from_bytes(signature[32:], "little") + verify.ORDER).to_bytes(32, "little")
    assert not is_signed(key.public, signature[:32] + scalar)
    assert not is_signed(key.public, signature, message + b"\n")
    assert not is_signed(key.public, signature[:-1]) and not is_signed(key.public, signature + b"\0")
    assert not is_signed(key.public, b"\x01" + bytes(31) + signature[32:])
    # A signature under a key of mixed order that the equation with the cofactor lets through; the one without does not.
    torsion = verify_torsion(bytes.fromhex(eighth))
    public, mixed = mixed_order(torsion, message)
    assert not is_signed(public, mixed) and not verify.is_signed(public, message, mixed)


def verify_torsion(data: bytes) -> tuple[int, int, int, int]:
    """The point of an encoding, of whatever order."""
    y = int.from_bytes(data, "little") & (1 << 255) - 1
    square = (y * y - 1) * pow(verify.D * y * y + 1, -1, verify.P) % verify.P
    x = pow(square, (verify.P + 3) // 8, verify.P)
    if (x * x - square) % verify.P:
        x = x * verify.SQRT_M1 % verify.P
    assert (x * x - square) % verify.P == 0
    return (x, y, 1, x * y % verify.P)


def mixed_order(torsion: tuple[int, int, int, int], message: bytes) -> tuple[bytes, bytes]:
    """A key with a part of small order, and a signature that holds only after a multiplication by the cofactor."""
    from tools import encoded

    scalar, nonce = 12_345, 67_890
    public = encoded(verify._add(verify._times(scalar, verify.BASE), torsion))
    begin = encoded(verify._times(nonce, verify.BASE))
    challenge = int.from_bytes(verify.hashlib.sha512(begin + public + message).digest(), "little") % verify.ORDER
    assert challenge % 8, "the part of small order would cancel out"
    return public, begin + ((nonce + challenge * scalar) % verify.ORDER).to_bytes(32, "little")


def test_a_browser_without_ed25519_decides_nothing(page: Node) -> None:
    """Nor one without WebCrypto; nothing stands in for it."""
    script = """
        const own = globalThis.crypto;
        Object.defineProperty(globalThis, "crypto", { value: $.without, configurable: true });
        if ($.without) globalThis.crypto.subtle = {
          digest: (...all) => own.subtle.digest(...all),
          importKey: async () => { throw new DOMException("Unrecognized name.", "NotSupportedError"); },
        };
        try {
          return JSON.parse(parts.reportJson(await sealogVerify($.file, { keys: [$.key] })));
        } finally {
          Object.defineProperty(globalThis, "crypto", { value: own, configurable: true });
        }
    """
    entry = b'{"log":{"index":0},"record":{"body":{}}}'
    root = base64.b64encode(verify.leaf_hash(entry)).decode()
    origin = LOG_KEY.split("+")[0]
    key = verify.Key(LOG_KEY)
    line = base64.b64encode(key.id + b"\x58" + b"\x66" * 31 + bytes(32)).decode()
    note = f"{origin}\n1\n{root}\n\n\u2014 {origin} {line}\n"
    head = f"c2sp.org/tlog-proof@v1\nextra {base64.b64encode(entry).decode()}\nindex 0\n\n"
    file = (head + note).encode()
    assert page.run(script, file=data(file), key=LOG_KEY, without={})["reason"] == "verifier_unable"
    without_crypto = page.ask({"run": script, "values": {"file": data(file), "key": LOG_KEY, "without": None}})["value"]
    assert (without_crypto["exit"], without_crypto["reason"]) == (2, "verifier_unable")


# --- limits of the page ---


def test_more_records_than_the_page_takes(page: Node, tmp_path: Path) -> None:
    """At the limit and one beyond it. The limit is lowered here; that of a package is tried as it stands, below."""
    assert page.run("return parts.limits;") == {
        "EARLIER_MAX": 1_000,
        "FILE_BYTES_MAX": 512 * 1024 * 1024,
        "RECORDS_MAX": 100_000,
    }
    script = """
        const report = await sealogVerify($.file, { keys: [$.key], recordsMax: $.most });
        return [report.exit, report.reason, report.entries ?? null];
    """
    path = tmp_path / "some.jsonl"
    write_extract(path, 6)
    content = data(path.read_bytes())
    assert page.run(script, file=content, key=LOG_KEY, most=6) == [0, "holds", 6]
    assert page.run(script, file=content, key=LOG_KEY, most=5) == [2, "too_large", None]
    # Only lower than the page's own limit.
    assert page.run("return parts.recordsMax({ recordsMax: 1e9 });") == 100_000


def test_a_file_that_the_page_does_not_take_into_memory(page: Node) -> None:
    script = """
        const at = new Uint8Array(parts.limits.FILE_BYTES_MAX);
        const beyond = new Uint8Array(parts.limits.FILE_BYTES_MAX + 1);
        const reasons = [];
        for (const bytes of [at, beyond]) reasons.push((await sealogVerify(bytes, { keys: [$.key] })).reason);
        return reasons;
    """
    assert page.run(script, key=LOG_KEY) == ["receipt_malformed", "too_large"]


def write_extract(path: Path, count: int, body: dict[str, Any] | None = None) -> str:
    """An extract of `count` small entries, signed by the key of the seed 01..; gives the key."""
    from tools import SigningKey

    seed, origin = b"\x01" * 32, "log.example/sealog"
    text = verify.write_canonical(body or {})
    entries = [b'{"log":{"index":%d},"record":{"body":%s}}' % (at, text) for at in range(count)]
    levels = tree_of([verify.leaf_hash(entry) for entry in entries])
    texts = [[base64.b64encode(node).decode() for node in row] for row in levels]
    signed = f"{origin}\n{count}\n{texts[-1][0]}\n"
    note = f"{signed}\n{SigningKey(origin, seed).line(signed)}"
    head = {"checkpoint": note, "format": "sealog-export/v1", "origin": origin, "query": {}, "size": count}
    with path.open("wb") as file:
        file.write(verify.write_canonical(head) + b"\n")
        for at, entry in enumerate(entries):
            proof, place = [], at
            for row in texts[:-1]:
                if place ^ 1 < len(row):
                    proof.append(row[place ^ 1])
                place >>= 1
            listed = ",".join(f'"{node}"' for node in proof).encode()
            file.write(b'{"entry":%s,"index":%d,"proof":[%s]}\n' % (entry, at, listed))
    return LOG_KEY


def test_keys_in_the_field(page: Node, tmp_path: Path) -> None:
    """Several, one a line, with comments; what is no key is an error and no verdict."""
    path = tmp_path / "one.jsonl"
    write_extract(path, 3)
    other = cases("note", "vkeys")[1]["vkey"]
    assert page.verify(path, [f"# of the log\r\n  {LOG_KEY}  \n\n"])["reason"] == "holds"
    assert page.verify(path, [f"{other}\n{LOG_KEY}"])["reason"] == "holds"
    assert page.verify(path, [other])["reason"] == "key_not_pinned"
    assert page.verify(path, [""])["reason"] == page.verify(path, [])["reason"] == "unpinned"
    assert page.verify(path, ["00" * 32])["reason"] == "key_not_in_file"
    for wrong in ["jo", LOG_KEY[:-1], LOG_KEY + "\n+", "0" * 63, "0" * 65, ":".join(["00"] * 32)]:
        with pytest.raises(Failed) as failed:
            page.verify(path, [wrong])
        assert failed.value.name == "Fault"


def test_what_is_hostile_in_a_text_is_shown_as_its_number(page: Node) -> None:
    text = "a\u202eb\u0000\u009b\u200d\ufe0f\n\t\u2028\U000e0041z\u00e9\U0001f600"
    shown = page.run("return parts.plain($.text);", text=text)
    assert shown == "a\\u{202e}b\\u{0}\\u{9b}\\u{200d}\\u{fe0f}\\u{a}\\u{9}\\u{2028}\\u{e0041}z\u00e9\U0001f600"
    told = page.run("return parts.plainJson(JSON.stringify($.text));", text=text)
    assert json.loads(told) == text and told.isprintable()


# --- flipped bits ---


def test_no_flipped_bit_of_a_receipt_or_an_extract_holds(page: Node, tmp_path: Path) -> None:
    """One bit of every byte; packages have a test of their own beside their attacks."""
    path = tmp_path / "small.jsonl"
    write_extract(path, 4)
    receipt = "".join(case["file"] for case in cases("proof", "proofs")[:1]).encode()
    for content in [path.read_bytes(), receipt]:
        assert flipped(page, content, range(len(content)), LOG_KEY) == len(content)


def flipped(page: Node, content: bytes, places: Iterable[int], key: str) -> int:
    """How many copies with a flipped bit at one of the places were refused, which is each, and for a reason foreseen."""
    script = """
        for (const at of $.places) {
          const bytes = $.file.slice();
          bytes[at] ^= 1 << at % 8;
          const report = await sealogVerify(bytes, { keys: [$.key] });
          if (report.exit === 0 || report.reason === "unreadable") {
            throw new Error(`byte ${at}: ${JSON.stringify(report)}`);
          }
        }
        return $.places.length;
    """
    return int(page.run(script, file=data(content), places=list(places), key=key))


def test_verify_py_and_the_page_say_the_same_of_generated_extracts(page: Node, tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    for count in [1, 2, 7, 64, 65]:
        write_extract(path, count)
        words = [sys.executable, "-I", str(SCRIPT), str(path), "--key", LOG_KEY, "--json"]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        verify_page.is_same(json.loads(done.stdout), page.verify(path, [LOG_KEY]))
