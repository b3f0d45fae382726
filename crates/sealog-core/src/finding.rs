//! Findings: what verification has to say about one place of a log, with ids that never change their meaning.
//!
//! `docs/verdicts.md` lists them for people. A code's weight is fixed: no caller can soften it.

use alloc::string::String;
use core::fmt;

/// What a finding does to the verdict.
///
/// Complete on purpose: the exit status is derived from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Worth knowing; the verdict stands.
    Note,
    /// What was asked cannot be decided (exit 2).
    Undecided,
    /// A proof, hash, signature or rule fails (exit 1).
    Refutes,
}

/// Declares [`Code`] once: variant, stable id, weight and one plain sentence.
macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $id:literal, $weight:ident, $meaning:literal;)*) => {
        /// A stable reason code. Its id is part of the JSON output and is never reused for something else.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $meaning] $name,)*
        }

        impl Code {
            /// All codes, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable id, `snake_case`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What it does to the verdict.
            pub const fn weight(self) -> Weight {
                match self { $(Self::$name => Weight::$weight,)* }
            }

            /// One plain sentence for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    // Lines and segments.
    LineMalformed = "line_malformed", Refutes, "A line is not canonical JSON of a known form.";
    LineTooLong = "line_too_long", Refutes, "A line is longer than the format allows.";
    EntrySchema = "entry_schema", Refutes, "An entry does not follow the schema of its kind.";
    NewerSchema = "newer_schema", Undecided, "An entry follows a newer schema than this verifier reads.";
    NewerFormat = "newer_format", Undecided, "The log has a newer format version than this verifier reads.";
    SegmentMissing = "segment_missing", Refutes, "A segment of the log is missing.";
    SegmentHead = "segment_head", Refutes, "A segment does not begin with a copy of the last checkpoint line before it.";
    Filler = "filler", Refutes, "There are filler bytes where the format allows none.";
    UncoveredTail = "uncovered_tail", Undecided, "The log ends in bytes that no signed checkpoint covers.";
    // Order and chains.
    IndexWrong = "index_wrong", Refutes, "An entry's index is not its position in the log.";
    SeqWrong = "seq_wrong", Refutes, "An entry's number is not the next of its stream.";
    PrevHashWrong = "prev_hash_wrong", Refutes, "An entry does not name its stream's previous entry.";
    PrevCheckpointWrong = "prev_checkpoint_wrong", Refutes, "A commit group does not name the checkpoint before it.";
    TimeDecreases = "time_decreases", Refutes, "The log's own times go back.";
    RecordIdRepeated = "record_id_repeated", Refutes, "A producer's record stands in the log twice.";
    // Tree and checkpoints.
    RootMismatch = "root_mismatch", Refutes, "The entries do not hash to the root that a checkpoint signs.";
    SizeMismatch = "size_mismatch", Refutes, "A checkpoint signs another number of entries than precede it.";
    CheckpointMalformed = "checkpoint_malformed", Refutes, "A checkpoint line does not hold a checkpoint.";
    CheckpointEmptyGroup = "checkpoint_empty_group", Refutes, "A checkpoint line follows no entry.";
    CheckpointSignature = "checkpoint_signature", Refutes, "A checkpoint's signature does not verify.";
    CheckpointKey = "checkpoint_key", Refutes, "A checkpoint is not signed by the key that was the log's at that size.";
    OriginMismatch = "origin_mismatch", Refutes, "A checkpoint or the first entry names another origin than the log's.";
    OriginOther = "origin_other", Undecided, "This is another log than the one that was pinned.";
    KeyNotPinned = "key_not_pinned", Refutes, "The log of the pinned origin is not signed by the pinned key.";
    KeyNotInFile = "key_not_in_file", Undecided, "A fingerprint was pinned, and the file does not hold the key that it is of.";
    KeyRetired = "key_retired", Undecided, "Only a retired key of the log was pinned.";
    KeyRotated = "key_rotated", Note, "The log's key was handed over after the pinned key.";
    KeyRevoked = "key_revoked", Note, "The log's key was revoked by the recovery key: what rests on the old one alone may be a thief's.";
    Unpinned = "unpinned", Undecided, "No key was pinned, so nothing vouches for the log.";
    // The ledger's own records.
    FirstEntry = "first_entry", Refutes, "Entry 0 is not the log's ledger.created record, or a second one exists.";
    LogKind = "log_kind", Refutes, "A kind that only the log may write stands outside the log's own stream rules.";
    EpochPlace = "epoch_place", Refutes, "An epoch does not stand first in its group, or names another size or predecessor.";
    MapMismatch = "map_mismatch", Refutes, "An epoch's state map is not the one that the entries before it give.";
    ConfigDigest = "config_digest", Refutes, "A configuration's digest is not the digest of its content.";
    ConfigChain = "config_chain", Refutes, "A configuration does not name the version that it replaces.";
    ConfigBands = "config_bands", Refutes, "A configuration's bands overlap, leave a hole or are out of order.";
    LabelChain = "label_chain", Refutes, "A label does not name the record whose name it replaces.";
    KeyEventWrong = "key_event_wrong", Refutes, "A key event does not continue the log's keys, or its proof of possession fails.";
    RecoveredWrong = "recovered_wrong", Refutes, "A recovery record names another size than its own place.";
    AnchorWrong = "anchor_wrong", Refutes, "An anchor record names a root that the log never had at that size.";
    AnchorUnchecked = "anchor_unchecked", Note, "An anchor's size is too far back to be compared in this pass.";
    AnchorMissing = "anchor_missing", Note, "The proof that an anchor record names is not among the anchors.";
    AnchorUnproven = "anchor_unproven", Note, "An anchor gives no outside time: the policy's witnesses do not vouch for it.";
    TimesContradict = "times_contradict", Note, "Outside times contradict each other: an entry's interval is empty.";
    // Producers and records.
    RunSeqRepeated = "run_seq_repeated", Refutes, "A number of a producer's run stands in the log twice.";
    RunAfterClose = "run_after_close", Refutes, "A record follows the end of its producer's run.";
    RunSparse = "run_sparse", Refutes, "A producer's run has more separate holes than the format allows.";
    RunCount = "run_count", Refutes, "A run's closing record does not count its own number.";
    RunHoles = "run_holes", Note, "Numbers of a producer's run are missing.";
    RunOpen = "run_open", Note, "A producer's run never closed: an unknown number of calls may be missing at its end.";
    GapDeclared = "gap_declared", Note, "A producer declared that calls are missing.";
    SignatureInvalid = "signature_invalid", Refutes, "The signature on a record does not verify.";
    SignatureKeyUnknown = "signature_key_unknown", Refutes, "A record is signed by a key that the log does not know at that place.";
    // Decisions.
    ConfigNeverActive = "config_never_active", Refutes, "A decision names a configuration that was never active before it.";
    ConfigOtherModel = "config_other_model", Refutes, "A decision names a configuration of another model.";
    ConfigSuperseded = "config_superseded", Note, "A decision was computed under a configuration that had been replaced.";
    LabelNotDerived = "label_not_derived", Refutes, "A decision's label is not the one that its configuration gives its score.";
    LabelDiffers = "label_differs", Note, "The host's own label differs from the one that the configuration gives.";
    LabelUnknown = "label_unknown", Note, "A label is named that the log does not define.";
    ScoreMissing = "score_missing", Refutes, "A score that was no number is not recorded as an escalated error.";
    // Payloads and disposal.
    PayloadMissing = "payload_missing", Refutes, "A payload file that an entry names is missing.";
    PayloadMismatch = "payload_mismatch", Refutes, "A payload's bytes are not those that its entry names.";
    PayloadOrphan = "payload_orphan", Note, "A payload file is named by no entry.";
    DisposalUnexplained = "disposal_unexplained", Refutes, "An entry is disposed of without a later record whose scope covers it.";
    DisposalTooEarly = "disposal_too_early", Refutes, "An entry was disposed of before its retention period had passed.";
    DisposalForbidden = "disposal_forbidden", Refutes, "An entry that may never be disposed of was.";
    // Comparison with what the verifier brought.
    AgainstUnusable = "against_unusable", Undecided, "What was brought to compare with is no checkpoint or receipt of this log.";
    AgainstMismatch = "against_mismatch", Refutes, "The log does not extend the checkpoint or receipt that was kept from before.";
    AgainstShrunk = "against_shrunk", Refutes, "The log is smaller than the checkpoint or receipt that was kept from before.";
    WitnessQuorum = "witness_quorum", Undecided, "The policy's witnesses have not cosigned the log up to its last record of a producer.";
    TooOld = "too_old", Undecided, "The newest cosignature is older than was asked for.";
    // The world.
    NotALedger = "not_a_ledger", Undecided, "The path holds no ledger.";
    EmptyLedger = "empty_ledger", Undecided, "The ledger holds no signed checkpoint.";
    Unreadable = "unreadable", Undecided, "Something could not be read.";
    TooLarge = "too_large", Undecided, "The file holds more than this verifier can check here.";
    VerifierUnable = "verifier_unable", Undecided, "This verifier lacks something that the check needs.";
    // Receipts.
    ReceiptMalformed = "receipt_malformed", Undecided, "The file is not a receipt.";
    ExtractMalformed = "extract_malformed", Undecided, "The file is not a whole extract.";
    ReceiptInclusion = "receipt_inclusion", Refutes, "The receipt's entry is not in the tree that its checkpoint signs.";
    ReceiptEntry = "receipt_entry", Refutes, "The receipt's entry is not a well-formed entry of its index.";
    // Evidence packages.
    PackageMalformed = "package_malformed", Undecided, "The file is not a whole evidence package.";
    PackageNewer = "package_newer", Undecided, "The package has another format version than this verifier reads.";
    PackageSignature = "package_signature", Refutes, "The signature over the package's manifest does not verify.";
    PackageMember = "package_member", Refutes, "A file of the package is not the one that its manifest names.";
    PackageQuery = "package_query", Refutes, "The package holds an entry that its query does not ask for.";
    PackageIncomplete = "package_incomplete", Refutes, "An entry that the package claims to hold is not in it.";
    PackageMap = "package_map", Refutes, "The end of a stream is not the one that the log committed to.";
    PackagePopulation = "package_population", Refutes, "The package's counts are not those of its entries.";
    PackageConsistency = "package_consistency", Refutes, "A checkpoint in the package is not of the same log's history.";
    PackageSigner = "package_signer", Refutes, "The package is signed for its exporter by a key that the log does not know as theirs.";
    PackageOpening = "package_opening", Refutes, "An opening does not give the commitment that stands in its entry.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Where in the log's files a finding stands; filled in by whoever reads the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Number of the segment.
    pub segment: u64,
    /// Number of the line in the segment, from 1.
    pub line: u64,
    /// First byte in the segment.
    pub start: u64,
    /// Byte after the last.
    pub end: u64,
}

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What it is.
    pub code: Code,
    /// Where it stands, if it stands in a file of the log.
    pub place: Option<Place>,
    /// Index of the entry concerned.
    pub index: Option<u64>,
    /// `record_id` of the entry concerned.
    pub record_id: Option<String>,
    /// What the rules lead one to expect.
    pub expected: Option<String>,
    /// What stands there. Never a value that may be personal.
    pub found: Option<String>,
}

impl Finding {
    /// A finding that says no more than its code.
    pub const fn new(code: Code) -> Self {
        Self {
            code,
            place: None,
            index: None,
            record_id: None,
            expected: None,
            found: None,
        }
    }

    /// The same, about the entry of this index.
    #[must_use]
    pub const fn at(mut self, index: u64) -> Self {
        self.index = Some(index);
        self
    }

    /// The same, with what was expected and what was found.
    #[must_use]
    pub fn because(mut self, expected: impl Into<String>, found: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self.found = Some(found.into());
        self
    }

    /// The same, with what was found.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    /// What it does to the verdict.
    pub const fn weight(&self) -> Weight {
        self.code.weight()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.id(), self.code.meaning())?;
        if let Some(index) = self.index {
            write!(f, " (entry {index})")?;
        }
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(found) = &self.found {
            write!(f, "; found {found}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn ids_are_distinct_snake_case() {
        let ids: BTreeSet<_> = Code::ALL.iter().map(|code| code.id()).collect();
        assert_eq!(ids.len(), Code::ALL.len());
        for id in ids {
            assert!(
                id.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{id}"
            );
        }
    }
}
