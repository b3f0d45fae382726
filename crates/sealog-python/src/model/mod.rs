//! `sealog.model`: digests, signatures, inspection, the scan and the gate, for Python.
//!
//! Each function reads what is asked on the caller's thread and does its work with the interpreter released.
//! **What is absent**: any rule about models (those are in `sealog-model`), and loading one (`python/sealog/model`).

mod admitted;
mod answer;
mod asked;
mod envelope;
mod look;
mod stated;
mod verify;

pub(crate) use admitted::{AdmittedCore, model_admit};
pub(crate) use envelope::PEM;
pub(crate) use look::{model_inspect, model_scan, model_scan_bytes};
pub(crate) use stated::{model_diff, model_digest, model_sign};
pub(crate) use verify::model_verify;
