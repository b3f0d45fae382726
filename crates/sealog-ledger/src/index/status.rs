//! How the index is doing.

/// How far the query index is, and what is wrong with it if something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexStatus {
    pub(super) indexed_to: u64,
    pub(super) size: u64,
    pub(super) private: bool,
    pub(super) error: Option<String>,
    pub(super) rebuilt_because: Option<String>,
}

impl IndexStatus {
    /// Entries that it holds.
    pub const fn indexed_to(&self) -> u64 {
        self.indexed_to
    }

    /// Entries of the log, as this handle last saw it.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Entries that it does not hold yet.
    pub const fn lag(&self) -> u64 {
        self.size.saturating_sub(self.indexed_to)
    }

    /// Whether it lies in a temporary file of this handle alone: the shared one cannot be used.
    pub const fn is_private(&self) -> bool {
        self.private
    }

    /// What stopped it last; none once it went on.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Why it was made anew since the ledger was opened, if it was.
    pub fn rebuilt_because(&self) -> Option<&str> {
        self.rebuilt_because.as_deref()
    }
}
