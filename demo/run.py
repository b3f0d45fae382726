"""The tour: a real model's decisions, recorded, proven, and attacked.

Trains a classifier on the breast cancer data that scikit-learn ships, records every test decision under a
configuration, changes the threshold with a reason halfway, verifies, and then attacks copies of the ledger to show
what each verifier can see. Then it records chats of three people and erases one of them. Exits 1 if anything comes out
other than it should.

    cargo xtask demo [--out DIRECTORY]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import warnings
from pathlib import Path

from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sealog
from attacks import WITH_KEPT, WITH_KEY, Case
from paper import Paper
from persons import tell


def train():
    """A classifier and the patients it has not seen."""
    features, malignant = load_breast_cancer(return_X_y=True)
    malignant = 1 - malignant  # scikit-learn counts benign as 1
    seen, unseen, labels, _ = train_test_split(features, malignant, test_size=0.4, random_state=7)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(seen, labels)
    return model, unseen


def record(out: Path, paper: Paper) -> Case:
    """Records every test decision, and keeps on the way what an outsider would keep."""
    model, patients = train()
    settings = {"state_dir": out / "state", "config_dir": out / "config", "segment_bytes": 96 * 1024}
    ledger = sealog.open(
        out / "tumours.sealog",
        operator="Example Clinic",
        purpose="Decisions of the tumour classifier",
        system="tumour-classifier",
        **settings,
    )
    for label in ("benign", "malignant"):
        ledger.labels.add(label, by="ann", reason="first labels")
    ledger.config.set(
        "threshold", thresholds=[0.5], labels=["benign", "malignant"],
        by="ann", reason="the middle, to begin with",
    )

    @ledger.decision(score="result", config="threshold", model="tumour-classifier-1")
    def probability(features):
        return float(model.predict_proba([features])[0, 1])

    halfway = len(patients) // 2
    for features in patients[:halfway]:
        probability(features)
    ledger.flush()
    kept = ledger.checkpoint()
    shutil.copytree(out / "tumours.sealog", out / "backup.sealog")
    ledger.config.set(
        "threshold", thresholds=[0.3], labels=["benign", "malignant"],
        by="bea", reason="fewer tumours missed; more biopsies accepted",
    )
    for features in patients[halfway:-1]:
        probability(features)
    _, receipt = probability.audited(patients[-1])
    ledger.seal_epoch()
    ledger.close()
    paper.say(f"{len(patients)} decisions recorded; the threshold went from 0.5 to 0.3 halfway, by bea:")
    paper.say('  "fewer tumours missed; more biopsies accepted"')
    return Case(out, settings, ledger.origin, ledger.vkey, kept.encode(), receipt)


def verify(case: Case, paper: Paper) -> None:
    """The unattacked ledger and one receipt, with nothing but the public key."""
    report = sealog.verify(case.ledger, key=case.key, config_dir=case.out / "nobody")
    entries = sum(report.to_dict()["kinds"].values())
    paper.expect(f"the whole ledger, {entries} entries, by its key", report, 0, "holds")
    paper.say(f"  integrity {report.integrity}, completeness {report.completeness} at level {report.level}")
    found = sealog.verify_receipt(case.receipt.bytes, key=case.key, config_dir=case.out / "nobody")
    paper.expect("one receipt, by the key alone", found, 0, "holds")
    paper.quote(case.receipt.bytes.decode(), "the receipt, as an outsider gets it")
    body = found.record["body"]
    paper.say(f"  entry {found.index}: score {body['score']:.4f} gives label {body['label_id']}")
    unpinned = sealog.verify_receipt(case.receipt.bytes, config_dir=case.out / "nobody")
    paper.expect("the same receipt without a key: not success", unpinned, 2, "unpinned")


def attack(case: Case, paper: Paper) -> None:
    """Each attack on a copy of its own."""
    for number, (name, reason, attack_on) in enumerate(WITH_KEY):
        copy = case.copy(f"attack-{number}")
        attack_on(copy, case)
        report = sealog.verify(copy, key=case.key, config_dir=case.out / "nobody")
        paper.expect(name, report, 1, reason)
    paper.head("What the key alone cannot see, and a checkpoint kept from before can")
    paper.say("Whoever holds the log's key, or only cuts at its last signature, leaves a log that holds together.")
    for number, (name, reason, attack_on) in enumerate(WITH_KEPT):
        copy = case.copy(f"kept-{number}")
        attack_on(copy, case)
        alone = sealog.verify(copy, key=case.key, config_dir=case.out / "nobody")
        paper.expect(f"{name}: by the key alone, level {alone.level}", alone, 0, "holds")
        against = sealog.verify(copy, key=case.key, against=case.receipt, config_dir=case.out / "nobody")
        paper.expect(f"{name}: against the receipt that somebody kept", against, 1, reason)
    honest = sealog.verify(case.ledger, key=case.key, against=[case.kept, case.receipt], config_dir=case.out / "nobody")
    paper.expect(f"the unattacked twin, against both: level {honest.level}", honest, 0, "holds")


def go_on_from_backup(case: Case, paper: Paper) -> None:
    """The writer compares with its head copy and refuses to fork."""
    current = case.out / "tumours.sealog"
    current.rename(case.out / "set-aside.sealog")
    shutil.copytree(case.out / "backup.sealog", current)
    try:
        sealog.open(current, **case.settings)
    except sealog.RefusedError as refusal:
        paper.check("the writer refuses to go on from a restored backup", True, str(refusal))
    else:
        paper.check("the writer refuses to go on from a restored backup", False, "it went on")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("demo-out"), help="where everything goes (demo-out)")
    out = parser.parse_args().out.absolute()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    warnings.simplefilter("error", sealog.SealogWarning)
    paper = Paper()
    paper.head("Recording the decisions of a real model")
    case = record(out, paper)
    paper.head("Verifying, as somebody who trusts one key and nothing else")
    paper.say(f"  key {case.key}")
    verify(case, paper)
    paper.head("Attacks that the key alone shows")
    attack(case, paper)
    paper.head("What the operator's own machine sees")
    go_on_from_backup(case, paper)
    paper.head("Three people, of whom none stands in the log, and one asks to be forgotten")
    tell(out, case.settings, paper)
    paper.head("What none of this shows")
    paper.say("That a record is true, that the model is good, or that the key's holder has no second log. A second")
    paper.say("party that cosigns checkpoints (a witness) would show the last.")
    paper.say(f"\nEverything is in {out}. Try: sealog verify {out / 'set-aside.sealog'} --key {case.key}")
    return paper.close()


if __name__ == "__main__":
    sys.exit(main())
