"""Somebody else is said to have exported it.

The attacker holds the log's own key, and perhaps a key of his own, and wants a package to carry the name of a person who never saw
it.
"""

import json

from tools import Attack, Package, SigningKey, line_of


def signed(change=lambda package: None, by=None, count=2):
    """The manifest anew, by the log and by whoever `by` gives."""

    def make(given, data):
        package = Package(data)
        change(package)
        second = (by or (lambda given: given.jo))(given)
        return package.signed(*[given.key, second][:count])

    return make


def his_own(given):
    return SigningKey(given.jo.name, b"\x67" * 32)


def broken(given, data):
    """A bit of the second signature flipped."""
    package = Package(data)
    envelope = json.loads(package.members["manifest.json"])
    sig = envelope["signatures"][1]["sig"]
    envelope["signatures"][1]["sig"] = sig[:20] + ("B" if sig[20] == "A" else "A") + sig[21:]
    package.members["manifest.json"] = line_of(envelope)
    return package.zipped()


def under_his_id(given, data):
    """The attacker's signature under the id of the exporter's key."""
    package = Package(data)
    package.signed(given.key, his_own(given))
    envelope = json.loads(package.members["manifest.json"])
    envelope["signatures"][1]["keyid"] = given.jo.fingerprint
    package.members["manifest.json"] = line_of(envelope)
    return package.zipped()


def stated(**values):
    return lambda package: package.predicate.update(values)


def without_key_events(package: Package):
    package.lines("context.jsonl", lambda rest: [line for line in rest if b'"kind":"key.event"' not in line])


ATTACKS = [
    Attack("by a key of the attacker's", "beside", signed(by=his_own), 1, "package_signer"),
    Attack("by a key of the attacker's, under the id of the exporter's", "beside", under_his_id, 1, "package_signature"),
    Attack("by the log's key", "beside", signed(by=lambda given: given.key), 1, "package_signer"),
    Attack("somebody whom the log does not know", "beside", signed(stated(exporter="ann")), 1, "package_signer"),
    Attack("nobody, and there are two signatures", "beside", signed(stated(exporter=None)), 2, "package_malformed"),
    Attack("somebody, and there is one signature", "beside", signed(count=1), 2, "package_malformed"),
    Attack("somebody who did not sign", "stream", signed(stated(exporter="jo"), count=1), 2, "package_malformed"),
    Attack("a bit of the second signature flipped", "beside", broken, 1, "package_signature"),
    Attack("the record of the key left out", "beside", signed(without_key_events), 1, "package_signer"),
]
