//! Entries and the other lines of a segment (`docs/formats/log.md`).
//!
//! [`LineReader`] turns one line into [`Line`]: everything that can be judged without knowing the lines before it
//! (canonical form, schema, digests) is judged here, so that readers can spread it over all cores. What depends on
//! the lines before is judged by [`crate::state`]. The same two steps serve the writer, which therefore refuses
//! whatever a verifier would refute.

mod effect;
mod familiar;
mod memo;
mod reader;
mod record;
mod write;

pub use effect::{
    Anchor, ConfigChange, Created, DecisionFacts, Disposal, Effect, Erased, Gap, KeyEvent,
    KeyEventKind, LabelChange, LabelSource, Retention, Score,
};
pub use memo::KeyMemo;
pub use reader::{
    CheckpointFacts, DisposedFacts, EntryError, EntryFacts, Line, LineReader, LogFacts,
    SignatureFacts,
};
pub use record::{PayloadFacts, RecordFacts, RecordKind, RecordReader};
pub use write::{LogMember, checkpoint_line, disposed_line, record_signature_message, write_entry};

/// The producer id under which the log writes its own records.
pub const LOG_PRODUCER: &str = "sealog";
/// The stream of the log's own records that concern no system.
pub const LOG_STREAM: &str = "log";
/// The tenant of records that name none.
pub const DEFAULT_TENANT: &str = "default";
/// The stream of records that name neither a stream nor a system.
pub const GENERAL_STREAM: &str = "general";

/// Part of a text, as byte positions: facts outlive the buffer that they were read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The part of `whole` that `part` is; `part` must lie in `whole` at `offset`.
    fn new(offset: usize, length: usize) -> Self {
        let start = u32::try_from(offset).unwrap_or(u32::MAX);
        let end = u32::try_from(offset.saturating_add(length)).unwrap_or(u32::MAX);
        Self { start, end }
    }

    /// Cuts the part out of the text that it was taken from; empty if it does not lie in it.
    pub fn of(self, text: &[u8]) -> &[u8] {
        let range = usize::try_from(self.start).unwrap_or(usize::MAX)
            ..usize::try_from(self.end).unwrap_or(usize::MAX);
        text.get(range).unwrap_or_default()
    }

    /// The same as text; empty if it is none.
    pub fn text(self, text: &[u8]) -> &str {
        core::str::from_utf8(self.of(text)).unwrap_or_default()
    }
}
