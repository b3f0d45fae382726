"""Everything is signed anew, by a key that the attacker made.

The attacker has no key of the log. He writes a log of his own under the log's name, with whatever records he likes, signs its
checkpoint and the manifest with his own key, and puts that key into the file. It is consistent in itself: only the key that
the verifier brought from elsewhere tells.
"""

import base64
import hashlib

from tools import Attack, ForgedLog, Package, SigningKey, by_anybody, changed_manifest, entries_of, with_note


def fresh(given):
    return SigningKey(given.key.name, b"\x66" * 32)


def forged(given, with_his_key):
    """The attacker's own log of the same records, one of them changed."""
    key = fresh(given)
    lines = entries_of(given.opened("log").members["entries.jsonl"])
    lines = [line.replace(b'"decision_id":"d2"', b'"decision_id":"d9"') for line in lines]
    if with_his_key:
        lines = [line.replace(given.vkey.encode(), key.vkey.encode()) for line in lines]
    return ForgedLog(key, lines)


def package(with_his_key):
    def make(given, data):
        made = forged(given, with_his_key).package(Package(data))
        return made.signed(fresh(given))

    return make


def manifest_alone(given, data):
    return Package(data).signed(fresh(given))


def under_the_logs_id(given, data):
    """And says that the log's key made the signature."""
    package = Package(data)
    package.signed(fresh(given))
    changed_manifest(lambda e: e["signatures"][0].update(keyid=given.key.fingerprint))(package)
    return package.zipped()


def checkpoint_alone(given, data):
    def signed_anew(note):
        text = note[: note.rindex("\n\n") + 1]
        return f"{text}\n{fresh(given).line(text)}"

    return with_note(data, signed_anew)


def receipt(given, _data):
    return forged(given, False).receipt(3)


def extract(given, _data):
    log = forged(given, True)
    return log.extract(list(range(len(log.lines))), {})


def flipped_signature(envelope):
    data = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    data[40] ^= 1
    envelope["signatures"][0]["sig"] = base64.b64encode(bytes(data)).decode()


def changed_payload(envelope):
    payload = base64.b64decode(envelope["payload"]).replace(b'"disposed":0', b'"disposed":1')
    envelope["payload"] = base64.b64encode(payload).decode()


def by(change):
    return by_anybody(changed_manifest(change))


ATTACKS = [
    Attack("a whole log of his own, with his key in it", "log", package(True), 1, "key_not_pinned"),
    Attack("a whole log of his own, with the log's key in it", "log", package(False), 1, "key_not_pinned"),
    Attack("the manifest alone", "stream", manifest_alone, 1, "key_not_pinned"),
    Attack("the manifest alone, under the id of the log's key", "stream", under_the_logs_id, 1, "package_signature"),
    Attack("a receipt", "receipt.proof", receipt, 1, "key_not_pinned"),
    Attack("an extract, with his key in it", "extract.jsonl", extract, 1, "key_not_pinned"),
    Attack("the checkpoint of an extract alone", "extract.jsonl", checkpoint_alone, 1, "key_not_pinned"),
    Attack("a bit of the signature flipped", "stream", by(flipped_signature), 1, "package_signature"),
    Attack("the statement under it changed", "stream", by(changed_payload), 1, "package_signature"),
    Attack("no signature", "stream", by(lambda e: e.update(signatures=[])), 2, "package_malformed"),
    Attack("a second signature", "stream", by(lambda e: e.update(signatures=e["signatures"] * 2)), 2, "package_malformed"),
    Attack("seventeen signatures", "stream", by(lambda e: e.update(signatures=e["signatures"] * 17)), 2, "package_malformed"),
    Attack(
        "the id of another key",
        "stream",
        by(lambda e: e["signatures"][0].update(keyid=hashlib.sha256(b"").hexdigest())),
        1,
        "key_not_pinned",
    ),
    Attack("an id that is none", "stream", by(lambda e: e["signatures"][0].update(keyid="jo")), 1, "key_not_pinned"),
    Attack("a short signature", "stream", by(lambda e: e["signatures"][0].update(sig="AAAA")), 2, "package_malformed"),
    Attack("another type of payload", "stream", by(lambda e: e.update(payloadType="application/json")), 2, "package_malformed"),
    Attack("one more member of the envelope", "stream", by(lambda e: e.update(more=1)), 2, "package_malformed"),
]
