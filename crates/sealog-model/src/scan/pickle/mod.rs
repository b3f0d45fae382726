//! The pickle virtual machine: every opcode of protocols 0 to 5 on an abstract stack and memo.
//!
//! Nothing is imported or called. What a pickle imports is looked up in exact allowlists, what it calls must be
//! allowed with the arguments that stand on the stack, and every byte must be accounted for. Where `CPython` would stop
//! with an error and this machine can go on, it goes on: what it reports is a superset.
//!
//! **What is absent**: out-of-band buffers (their values are taken as data) and the extension registry, which lives in
//! the loading process: whatever comes from it is reported.

mod calls;
mod joblib;
mod machine;
mod memo;
mod nested;
mod payload;
mod sequence;
mod sight;
mod text;
mod value;

pub(super) use machine::Flavour;
pub(super) use sequence::{Reading, scan, scan_text};
pub(crate) use sight::{Attribute, Root, SightLimits, Sights};
