//! The ledger from outside: real directories, several handles, crashes.
#![allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod anchors;
mod append;
mod erase;
mod erase_files;
mod erase_signed;
mod evidence;
mod evidence_beside;
mod extract;
mod fingerprint;
mod flips;
mod forge;
mod functions;
mod ground;
mod head_copy;
mod import;
mod import_llm;
mod import_model;
mod index;
mod kept;
mod key_store;
mod kill;
mod leaving;
mod pages;
mod payloads;
mod predecessors;
mod privacy;
mod publish;
mod refusals;
mod retention;
mod revoke;
mod signers;
#[path = "../sim/sources.rs"]
mod sources;
mod stand;
mod unfinished;
mod verify;
mod zip;
