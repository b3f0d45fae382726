//! How long entries are kept, what keeps them longer, and taking them away (`docs/retention.md`).
//!
//! Policies, holds and disposals are records of the log itself; what is in force is found by reading them in the log,
//! never in the index. Disposal appends a `retention.disposed` for each run of entries first and rewrites rolled
//! segments then, so that a crash between the two is finished by whoever opens the log next to write.
//!
//! **Absent**: the rules by which a verifier judges disposed lines (`sealog_core::state`), and erasure on request.

mod dispose;
mod hold;
mod policy;
mod records;
mod residue;
mod scope;
mod status;
mod sweep;

pub use dispose::{DISPOSAL_RUNS_MAX, Disposed, Due, Swept};
pub use hold::{Hold, HoldPlacing, Holds};
pub use policy::{PolicyView, RETENTION_DAYS_MAX, RetentionSet};
pub use scope::HoldScope;
pub use status::{ClassRetention, RetentionStatus};

use std::sync::atomic::{AtomicU64, Ordering};

use sealog_core::entry::{RecordFacts, RecordKind};

use crate::Error;

const SECONDS_PER_DAY: u64 = 86_400;

/// Notes a record that rules over what may be disposed of: a plan that was made before it does not hold. One that is
/// taken back again has a plan made once more than needed.
pub(crate) fn note_ruling(rulings: &AtomicU64, record: &RecordFacts, index: u64) {
    const RULINGS: [&str; 4] = [
        records::POLICY,
        records::HOLD,
        records::DISPOSED,
        records::ERASURE,
    ];
    if record.is_log_kind()
        && matches!(record.kind, RecordKind::Known(kind) if RULINGS.contains(&kind.name()))
    {
        rulings.fetch_max(index.saturating_add(1), Ordering::AcqRel);
    }
}

/// Refuses a text that a person has to give and did not.
fn stated(what: &'static str, text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::Argument {
            what,
            why: "it is blank".into(),
        });
    }
    Ok(())
}
