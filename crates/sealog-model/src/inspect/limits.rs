//! How much an inspection reads and keeps. Beyond each the file is malformed, with the place where that showed.

use crate::formats::packed;
use crate::scan;

/// Tensors of one file.
pub const TENSORS_MAX: usize = 1_000_000;
/// Dimensions of one tensor or input.
pub const RANK_MAX: usize = 64;
/// Pieces of metadata of one file.
pub const METADATA_MAX: usize = 65_536;
/// Bytes of a text that is kept; a longer one is cut, and that is said.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a configuration, schema or index that is read whole.
pub const DOCUMENT_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Bytes of names and texts that are kept of one file.
pub const KEPT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Archives in archives.
pub const DEPTH_MAX: usize = 5;
/// Messages in messages of a protocol buffer.
pub const GRAPH_DEPTH_MAX: usize = 16;
/// Entries of one archive.
pub const ENTRIES_MAX: usize = 100_000;
/// Bytes of the listing of one archive.
pub const LISTING_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of a compressed member that is read out of order.
pub const SPOOL_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes that all compressed content of one file may inflate to.
pub const INFLATED_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;
/// Inflated bytes for each compressed one.
pub const RATIO_MAX: u64 = 200;
/// Inflated bytes below which no ratio is too high.
pub const RATIO_FREE_BYTES: u64 = 16 * 1024 * 1024;
/// Inflated bytes of all archives in a file that are never too many.
pub const TOTAL_FREE_BYTES: u64 = packed::TOTAL_FREE_BYTES;
/// Beyond that, inflated bytes of all archives in a file for each byte of the file.
pub const TOTAL_RATIO_MAX: u64 = packed::TOTAL_RATIO_MAX;
/// Opcodes of all pickles of one file.
pub const OPCODES_MAX: u64 = 500_000_000;
/// Instances of a pickle whose attributes are kept.
pub const INSTANCES_MAX: usize = 256;
/// Different classes, operators or layers that are counted.
pub const CLASSES_MAX: usize = 4096;

/// The limits of one inspection. [`Limits::default`] is what ships; tests take smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// See [`TENSORS_MAX`].
    pub tensors: usize,
    /// See [`METADATA_MAX`].
    pub metadata: usize,
    /// See [`DOCUMENT_BYTES_MAX`].
    pub document: u64,
    /// See [`KEPT_BYTES_MAX`].
    pub kept: usize,
    /// See [`DEPTH_MAX`].
    pub depth: usize,
    /// See [`ENTRIES_MAX`].
    pub entries: usize,
    /// See [`LISTING_BYTES_MAX`].
    pub listing: u64,
    /// See [`SPOOL_BYTES_MAX`].
    pub spool: u64,
    /// See [`INFLATED_BYTES_MAX`].
    pub inflated: u64,
    /// See [`RATIO_MAX`].
    pub ratio: u64,
    /// See [`RATIO_FREE_BYTES`].
    pub ratio_free: u64,
    /// See [`TOTAL_FREE_BYTES`].
    pub total_free: u64,
    /// See [`TOTAL_RATIO_MAX`].
    pub total_ratio: u64,
    /// See [`OPCODES_MAX`].
    pub opcodes: u64,
    /// See [`INSTANCES_MAX`].
    pub instances: usize,
    /// See [`CLASSES_MAX`].
    pub classes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tensors: TENSORS_MAX,
            metadata: METADATA_MAX,
            document: DOCUMENT_BYTES_MAX,
            kept: KEPT_BYTES_MAX,
            depth: DEPTH_MAX,
            entries: ENTRIES_MAX,
            listing: LISTING_BYTES_MAX,
            spool: SPOOL_BYTES_MAX,
            inflated: INFLATED_BYTES_MAX,
            ratio: RATIO_MAX,
            ratio_free: RATIO_FREE_BYTES,
            total_free: TOTAL_FREE_BYTES,
            total_ratio: TOTAL_RATIO_MAX,
            opcodes: OPCODES_MAX,
            instances: INSTANCES_MAX,
            classes: CLASSES_MAX,
        }
    }
}

impl Limits {
    /// What may come out of all archives in a file of so many bytes.
    pub(super) fn total(&self, len: u64) -> u64 {
        let total = len.saturating_mul(self.total_ratio).max(self.total_free);
        total.min(self.inflated)
    }

    /// Those of the machine that runs pickles.
    pub(super) fn machine(&self) -> scan::Limits {
        scan::Limits {
            opcodes: self.opcodes,
            depth: self.depth,
            entries: self.tensors,
            ..scan::Limits::default()
        }
    }
}
