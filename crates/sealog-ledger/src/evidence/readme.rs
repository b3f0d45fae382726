//! The page for people that comes first in a package.

use std::fmt::Write;

use super::scope::Scope;
use super::statement::Manifest;
use crate::index;

/// The text of `README.txt`. What it says of this package comes from the manifest, which names it by its digest.
pub(super) fn text(manifest: &Manifest) -> String {
    let query = String::from_utf8(index::query_json(&manifest.query).to_canonical());
    let query = query.unwrap_or_default();
    let (origin, size, covers) = (&manifest.origin, manifest.size, manifest.covers);
    let shows = match manifest.scope() {
        Scope::Log => format!("every entry of the log among its first {covers}"),
        Scope::Stream { tenant, stream } => format!(
            "every entry of the stream {stream} of the tenant {tenant} among the log's first\n  {covers}, as the log itself committed to"
        ),
        Scope::Selection => {
            "entries that a query asks for; that none of them is left out is not shown".into()
        }
    };
    let sample = match &manifest.sample {
        None => String::new(),
        Some(sample) => format!(
            "\n  Of these a sample of {} was drawn, with the log's root and the seed \"{}\",\n  by the {}.\n",
            sample.count,
            sample.seed,
            if sample.by_auditor {
                "auditor"
            } else {
                "operator, who could have tried several seeds"
            },
        ),
    };
    format!(
        "EVIDENCE PACKAGE of a Sealog log

log      {origin}
size     {size} entries
query    {query}
entries  {entries}

What it shows, once it is verified
  {shows}.{sample}
  Each entry stands in the log that the pinned key signed, as it was signed, at its place.
  Labels of decisions are those that their configuration gives their score.{beside}

What it does not show
  That a record is true. That everything was recorded that happened. That the key's holder has
  no second log that says something else. When something happened: times are the log's word,
  but for what witnesses of your own choice say in anchors.jsonl (--policy).

How to verify it
  Take the verifier and the log's key from elsewhere, never from who gave you this file, and
  compare the key's whole fingerprint with the log's operator by another way. Then:

  sealog verify THIS.zip --key log.vkey
  python3 verify.py THIS.zip --key log.vkey
  or open verify.html in a browser, drop this file on it and put the key into its field

  Any of them will do; they share no code. With --against FILE, a checkpoint or receipt that you
  kept from before, they also compare this log with the one that you saw then.

Files
  entries.jsonl      the entries, each with its proof
  context.jsonl      what the log says of itself: keys, configurations, labels, the epoch
  completeness.json  what the package claims to hold all of, and by what that is checked
  population.json    counts for each kind and day of what the query asks for
  consistency.jsonl  earlier checkpoints, with proofs that this one extends them
  anchors.jsonl      what outsiders said of the log's checkpoints: {anchors}
  openings.jsonl     values that the entries only commit to, with their salts: {opened}
  payloads/          files that the entries name, each called by its SHA-256: {files}
  manifest.json      the digest of every file, signed by the log's key{signed}
",
        entries = manifest.entries,
        beside = beside(manifest),
        anchors = manifest.anchors.held,
        opened = manifest.commitments.held,
        files = manifest.payloads.len(),
        signed = manifest
            .exporter
            .as_ref()
            .map_or_else(String::new, |exporter| format!(" and by {exporter}")),
    )
}

/// What the entries name and do not hold, as far as there is any.
fn beside(manifest: &Manifest) -> String {
    let mut text = String::new();
    let commitments = manifest.commitments;
    if commitments.held > 0 {
        text.push_str(
            "\n  What is in openings.jsonl is what was committed to when the entries were written.",
        );
    }
    if commitments.left > 0 {
        let _ = write!(
            text,
            "\n  Commitments that stay closed, whose values are not in this file: {}.",
            commitments.left
        );
    }
    if manifest.payloads_left_out > 0 {
        let _ = write!(
            text,
            "\n  Times that an entry names a file that is not in this one: {}.",
            manifest.payloads_left_out
        );
    }
    text
}
