//! What to do about an error or a finding: one line for each code that leaves somebody with something to do.
//!
//! Here and not in the library, because only the shell knows which commands there are. Errors of the store say it
//! themselves, since they are the same under every shell.

use sealog_core::finding::{Code, Weight};

/// What to do about this code, if there is something to do beyond what the message says.
pub fn of(code: &str) -> Option<&'static str> {
    let found = TABLE.iter().find(|(name, _)| *name == code);
    found.map(|(_, advice)| *advice)
}

/// What to do about a finding; of a note nothing, unless it is in the table.
pub fn of_finding(code: Code) -> Option<&'static str> {
    let found = FINDINGS.iter().find(|(name, _)| *name == code);
    let generic = (code.weight() == Weight::Refutes).then_some(FORGED);
    found.map(|(_, advice)| *advice).or(generic)
}

const FORGED: &str = "do not rely on this log; keep it as it is, and compare it with a copy, a checkpoint or receipts kept elsewhere";
const RECORD: &str =
    "nothing was recorded; correct the record and send it again (docs/formats/kinds.md)";

/// Codes and advice.
pub const TABLE: &[(&str, &str)] = &[
    // Arguments and settings.
    ("usage", "see `sealog --help`"),
    (
        "no_ledger",
        "name one with --ledger or SEALOG_LEDGER, or make one with `sealog init NAME.sealog`",
    ),
    ("several_ledgers", "name one with --ledger or SEALOG_LEDGER"),
    (
        "absent",
        "check the path; if it is on a volume, is that mounted?",
    ),
    (
        "config_file",
        "correct the file; docs/configuration.md lists what it may hold",
    ),
    ("unknown_option", "docs/configuration.md lists every option"),
    (
        "bad_setting",
        "correct it; `sealog doctor` shows where each setting comes from",
    ),
    ("argument", "see the command's --help"),
    (
        "production",
        "SEALOG_ENV=production demands this; docs/configuration.md says how to meet it",
    ),
    (
        "file_exists",
        "choose another name, or move what is there away first",
    ),
    (
        "key_exists",
        "keep it: a log can only go on with its own key; choose another --secrets for another ledger",
    ),
    (
        "origin_taken",
        "choose another --origin, or leave it out; two logs of one origin look like a fork of one",
    ),
    // Models.
    (
        "model_unfit",
        "take it out of the model, leave it out with --ignore, or choose a --links policy (docs/formats/manifest.md)",
    ),
    (
        "model_exists",
        "nothing is written over; choose another name, or remove the file first",
    ),
    (
        "model_key",
        "docs/formats/manifest.md says which keys there are, and how they are kept",
    ),
    (
        "import_busy",
        "wait until it has ended, then run this again: what it took is not taken twice",
    ),
    (
        "several_documents",
        "name the one that you mean instead of its directory",
    ),
    (
        "import_under_policy",
        "import with --set privacy=none, knowing that what the originals hold of persons is then kept as it is",
    ),
    (
        "imported_before",
        "its records stand in the log already: `sealog log` shows them from that entry on",
    ),
    (
        "model_pin",
        "trust keys (--key, --trusted, --openpgp-keyring), a root (--root), an identity (--trusted-root) or a digest (--manifest-digest), whichever the format goes with",
    ),
    (
        "model_undecided",
        "docs/formats/manifest.md says what this version verifies; it is not shown to be wrong, and not to hold",
    ),
    (
        "model_unknown_key",
        "`sealog model key trust NAME FILE` adds a key",
    ),
    (
        "model_changed",
        "nobody may write to a model while it is read; run it again on a copy",
    ),
    // Personal data.
    (
        "privacy_policy",
        "correct the policy; docs/formats/privacy-policy.md lists what it may hold",
    ),
    (
        "privacy_policy_absent",
        "check the path, or leave the policy out to use the usual one; docs/formats/privacy-policy.md says how to write one",
    ),
    (
        "privacy_needs_keys",
        "use drop, redact or mask in its place here; records of a ledger take every mode (`privacy` in its settings)",
    ),
    (
        "privacy_needs_function",
        "this command has no functions: use the policy in the program that brings them, or a mode in the place of `call`",
    ),
    // Models that lie elsewhere.
    (
        "source_name",
        "`sealog model fetch --help` lists the forms; a path that looks like one is written with ./ before it",
    ),
    (
        "source_plain_http",
        "use https, or allow it with --set plain_http=true if you trust the network between",
    ),
    (
        "source_setting",
        "docs/configuration.md lists the variables about models that lie elsewhere",
    ),
    (
        "source_offline",
        "unset HF_HUB_OFFLINE, or fetch it into the cache first",
    ),
    (
        "source_unreachable",
        "check the network, the proxy and the address of the server; nothing was decided",
    ),
    (
        "source_unauthorized",
        "check the name; if it is private, set HF_TOKEN (a hub) or MLFLOW_TRACKING_TOKEN (MLflow)",
    ),
    (
        "source_gated",
        "ask for access on the model's page, then use a token of that account",
    ),
    (
        "source_forbidden",
        "the token has no right to read this: use another one",
    ),
    (
        "source_not_found",
        "check the name, the revision or version, and the server",
    ),
    (
        "source_throttled",
        "wait, then run it again; a token allows more requests",
    ),
    (
        "source_reply",
        "is it the address of a hub or an MLflow server? Nothing was kept",
    ),
    (
        "source_content",
        "do not use it; run it again, and if it stays so, tell the model's authors and the hub",
    ),
    (
        "source_too_long",
        "do not use it; run it again, and if it stays so, tell the model's authors and the hub",
    ),
    (
        "source_commit",
        "do not use it: the server does not answer for the commit that was asked for",
    ),
    (
        "source_too_short",
        "run it again: it goes on where it ended",
    ),
    (
        "source_not_proxied",
        "start the server with --serve-artifacts, or download it with the store's own tool and name the directory",
    ),
    (
        "source_busy",
        "wait for the other one, or choose another directory",
    ),
    // Input.
    ("json", RECORD),
    ("input", RECORD),
    (
        "empty_batch",
        "give at least one record on standard input or by flags",
    ),
    (
        "lines",
        "the output has a line for each with its reason; correct those and send them again",
    ),
    (
        "verifier_key",
        "give the whole line `NAME+HASH+KEY` that `sealog key show` prints, or a file that holds it",
    ),
    ("policy", "see docs/formats/policy.md"),
    // Records that are well-formed.
    (
        "id_taken",
        "a record_id names one record for ever; send the new record under an id of its own",
    ),
    (
        "id_unknowable",
        "wait until the index is rebuilt, or leave the record_id out",
    ),
    (
        "queue_full",
        "slow down, or raise `queue_records`, `queue_bytes` or `queue_wait`",
    ),
    (
        "outcome_unknown",
        "retry with the same record_id: that gives back the first receipt if it was recorded",
    ),
    // The ledger.
    (
        "key_missing",
        "restore the key from its backup or name its place with --secrets; without it only a new ledger can go on: `sealog init NEW --continues OLD`",
    ),
    (
        "key_file",
        "the file has to hold the key that is looked for there, whole, and be readable by its owner alone",
    ),
    (
        "key_mismatch",
        "name the place of the right key with --secrets; after a broken rotation run `sealog key rotate` again",
    ),
    (
        "signer",
        "look at what the signer says; nothing was written",
    ),
    (
        "anchor",
        "bring a checkpoint of this very log that enough witnesses of the policy cosigned",
    ),
    ("newer_format", "use a newer version of this program"),
    (
        "damaged",
        "nothing is added to a damaged log; run `sealog doctor`, then restore the segments or go on with `sealog init NEW --continues OLD`",
    ),
    (
        "behind_head_copy",
        "restore the newer segments, or go on with `sealog init NEW --continues OLD --because TEXT`",
    ),
    (
        "head_copy_missing",
        "set `head_copy` to `use` once, if you know why it is missing",
    ),
    (
        "vanished",
        "is the volume mounted? If the ledger is gone for good: `sealog init --forget`",
    ),
    ("no_entry", "`sealog log` lists the entries"),
    (
        "disposed",
        "`sealog show` of that record says under which policy",
    ),
    (
        "disposal_unfinished",
        "mend what failed; whoever opens the ledger next to write finishes it, and so does `sealog retention dispose`",
    ),
    (
        "id_before_disposal",
        "if you know that it was never recorded, send it under a new record_id",
    ),
    ("rewritten", "try again: the log was not changed otherwise"),
    (
        "index",
        "`sealog doctor` rebuilds it; the log itself is not concerned",
    ),
    (
        "random",
        "the system's random source has to work before anything can be signed",
    ),
    (
        "data_key",
        "restore it from its backup; if it was destroyed on purpose, what it committed to or sealed cannot be opened any more",
    ),
    (
        "key_store",
        "restore keys.sqlite and the key-encryption key that belongs to it into the secrets directory, mode 0600",
    ),
    (
        "key_store_missing",
        "restore keys.sqlite with its kek.key into the secrets directory; without them what these entries sealed is lost",
    ),
    (
        "key_wrapper",
        "bring the key-encryption key by which the keys were wrapped: kek.key, SEALOG_KEK or the service that keeps it",
    ),
    (
        "seal",
        "the value could not be encrypted: nothing was recorded; report it as a bug",
    ),
    (
        "not_sealed",
        "give what `seal` returned, whole and unchanged",
    ),
    (
        "not_opened",
        "compare with the entry: the payload was changed, or stands in another record than the one it was sealed for",
    ),
    (
        "unknown_subject",
        "check tenant and name; who was erased before, or never recorded with --subject, has nothing to erase",
    ),
    (
        "subject_erased",
        "nothing was recorded; record it again: it then gets a pseudonym and a key of its own",
    ),
    (
        "legal_hold",
        "release the hold first, if its reason is gone",
    ),
    (
        "retention",
        "wait, or record the legal ground and two approvals and erase with --despite-retention",
    ),
    (
        "not_approved",
        "append `approval` records: subject_kind `erasure`, the scope as subject_id, from persons who did not ask for it",
    ),
    (
        "output",
        "make room or choose another place for the output; what the command recorded stands in the log: `sealog tail` shows it",
    ),
];

/// Findings and advice, where it is more than not to rely on the log.
pub const FINDINGS: &[(Code, &str)] = &[
    (
        Code::Unpinned,
        "give the log's verifier key with --key, after comparing its whole fingerprint with the operator by another way; `sealog key trust VKEY` keeps it",
    ),
    (
        Code::OriginOther,
        "name the right ledger or the right key: this says nothing about the log that you pinned",
    ),
    (
        Code::KeyNotPinned,
        "either the key that you pinned is not this log's, or the log was signed anew: ask the operator by another way, and do not rely on it until then",
    ),
    (
        Code::KeyNotInFile,
        "give the verifier key itself with --key: receipts, and extracts without the log's first record, do not hold it",
    ),
    (
        Code::KeyRetired,
        "pin the log's new key, or, if the old one was not revoked, accept the hand-over with --follow-rotation",
    ),
    (
        Code::KeyRotated,
        "pin the log's new key, which `sealog key show` prints",
    ),
    (Code::NewerSchema, "use a newer version of this program"),
    (Code::NewerFormat, "use a newer version of this program"),
    (
        Code::UncoveredTail,
        "open the ledger for writing once: a torn tail is set aside and recorded; if that is refused, restore the segment",
    ),
    (
        Code::AgainstUnusable,
        "bring a checkpoint or receipt of this log that holds",
    ),
    (
        Code::WitnessQuorum,
        "have the witnesses cosign the newest checkpoint, or ask for a smaller quorum on purpose",
    ),
    (
        Code::TooOld,
        "get a fresh cosignature, or allow a greater --max-age on purpose",
    ),
    (
        Code::NotALedger,
        "check the path; if it is on a volume, is that mounted?",
    ),
    (Code::EmptyLedger, "there is nothing to verify yet"),
    (
        Code::Unreadable,
        "see that the files can be read, then verify again",
    ),
    (
        Code::ReceiptMalformed,
        "give the receipt file as it was handed out, unchanged",
    ),
    (
        Code::ExtractMalformed,
        "give the extract as it was written, whole and unchanged",
    ),
    (
        Code::PackageMalformed,
        "give the package as it was handed out, unpacked by nothing and unchanged",
    ),
    (
        Code::TooLarge,
        "give it to the command `sealog verify`, which has no such limit",
    ),
    (
        Code::VerifierUnable,
        "use a verifier that has what is missing: `sealog verify`, `verify.py` or a current browser",
    ),
    (
        Code::PackageNewer,
        "take a verifier of a release that reads this version",
    ),
    (
        Code::PackageSignature,
        "do not rely on this package, and keep it as it is; ask for another one",
    ),
    (
        Code::PackageMember,
        "do not rely on this package, and keep it as it is; ask for another one",
    ),
    (
        Code::PackageSigner,
        "do not rely on who is said to have exported it; keep it as it is, and ask them",
    ),
    (
        Code::PackageOpening,
        "do not rely on the value that is said to have been committed to, and keep the package as it is",
    ),
    (
        Code::PackageQuery,
        "the exporter signed a query that these entries do not answer; ask why",
    ),
    (
        Code::PackageIncomplete,
        "something is left out that the exporter signed for; keep the package, and ask why",
    ),
    (
        Code::PackageMap,
        "the exporter signed an end of the stream that the log does not have; ask why",
    ),
    (
        Code::PackagePopulation,
        "the exporter signed counts that are not those of the entries; ask why",
    ),
    (
        Code::PackageConsistency,
        "the log may have two histories: keep the package and your checkpoints, and ask why",
    ),
    (
        Code::ReceiptInclusion,
        "do not rely on this receipt; ask the log for the receipt of its entry anew",
    ),
    (
        Code::ReceiptEntry,
        "do not rely on this receipt; ask the log for the receipt of its entry anew",
    ),
    (
        Code::RunHoles,
        "ask the producer what became of these calls",
    ),
    (
        Code::RunOpen,
        "ask the producer whether it still runs or was killed",
    ),
    (Code::PayloadOrphan, "`sealog doctor --repair` removes it"),
];

#[cfg(test)]
mod tests;
