//! The transparency log's own formats: tree, keys, signed notes, checkpoints, cosignatures, proof files, policies and
//! tiles (C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-policy, tlog-tiles; RFC 6962 2.1).
//!
//! Each module is one text of `docs/formats/`. What these modules read is untrusted bytes; what only their verifying
//! functions hand out ([`checkpoint::VerifiedCheckpoint`], [`note::VerifiedNote`]) is not.
//!
//! **What is absent**: HTTP, files, a clock, key generation, and every signature type but Ed25519 (0x01) and Ed25519
//! cosignatures (0x04). Lines by keys of other types are kept and never count.

pub mod base64;
pub mod checkpoint;
pub mod cosignature;
pub mod decimal;
pub mod note;
pub mod policy;
pub mod proof;
pub mod sign;
pub mod tile;
pub mod tree;
pub mod vkey;
