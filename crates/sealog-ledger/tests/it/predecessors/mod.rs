//! The weaknesses of the systems that Sealog takes the place of, each rebuilt on a ledger: what fails there has to be
//! caught here for a known reason, and the unattacked twin has to hold. The list is `docs/predecessors.md`.

mod audit_trail;
mod decision_provenance;
mod lifecycle_log;
mod list;
