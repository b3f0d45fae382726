//! How much the scanner reads, keeps and follows. Beyond each the answer is undecided, never clean.

use sealog_core::json::{Object, Value};

use crate::formats::packed::{TOTAL_FREE_BYTES, TOTAL_RATIO_MAX};

/// The limits of one scan. [`Limits::default`] is what ships; tests take smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Opcodes of all pickles of one file.
    pub opcodes: u64,
    /// Values on the stack of one pickle; 24 bytes each.
    pub stack: usize,
    /// Entries in the memo of one pickle; 24 bytes each.
    pub memo: usize,
    /// Bytes of all texts that one memo keeps; later ones are remembered without their content.
    pub memo_text: usize,
    /// Different imports of one pickle.
    pub imports: usize,
    /// Depth of archives in archives, and of pickles in strings.
    pub depth: usize,
    /// Entries of one archive.
    pub entries: usize,
    /// Bytes of one archive's listing.
    pub listing: u64,
    /// Bytes that one compressed archive member may take in memory, where it has to be read out of order.
    pub spool: u64,
    /// Bytes that all compressed content of one file may inflate to.
    pub inflated: u64,
    /// Inflated bytes for each compressed one, once more than [`Limits::ratio_free`] came out.
    pub ratio: u64,
    /// Inflated bytes below which no ratio is too high: a small file of zeros is no bomb.
    pub ratio_free: u64,
    /// Inflated bytes of all archives in a file for each byte of the file, once more than [`Limits::total_free`] came
    /// out.
    pub total_ratio: u64,
    /// Inflated bytes of all archives in a file that are never too many.
    pub total_free: u64,
    /// Bytes of a configuration, schema or header that is read whole.
    pub document: u64,
    /// Findings kept of one file.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            opcodes: 4_000_000_000,
            stack: 4_194_304,
            memo: 8_388_608,
            memo_text: 64 * 1024 * 1024,
            imports: 65_536,
            depth: 5,
            entries: 100_000,
            listing: 64 * 1024 * 1024,
            spool: 64 * 1024 * 1024,
            inflated: 64 * 1024 * 1024 * 1024,
            ratio: 200,
            ratio_free: 16 * 1024 * 1024,
            total_ratio: TOTAL_RATIO_MAX,
            total_free: TOTAL_FREE_BYTES,
            document: 32 * 1024 * 1024,
            findings: 1_000,
        }
    }
}

impl Limits {
    /// What may come out of all archives in a file of so many bytes.
    pub(crate) fn total(&self, len: u64) -> u64 {
        let total = len.saturating_mul(self.total_ratio).max(self.total_free);
        total.min(self.inflated)
    }

    /// Every limit by its name: what a policy is named by. The numbers are texts, for some are beyond what a JSON
    /// number holds exactly.
    pub(crate) fn to_value(self) -> Value {
        let length = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let limits = [
            ("depth", length(self.depth)),
            ("document", self.document),
            ("entries", length(self.entries)),
            ("findings", length(self.findings)),
            ("imports", length(self.imports)),
            ("inflated", self.inflated),
            ("listing", self.listing),
            ("memo", length(self.memo)),
            ("memo_text", length(self.memo_text)),
            ("opcodes", self.opcodes),
            ("ratio", self.ratio),
            ("ratio_free", self.ratio_free),
            ("spool", self.spool),
            ("stack", length(self.stack)),
            ("total_free", self.total_free),
            ("total_ratio", self.total_ratio),
        ];
        let mut object = Object::new();
        for (name, limit) in limits {
            object.insert(name, limit.to_string());
        }
        Value::Object(object)
    }
}
