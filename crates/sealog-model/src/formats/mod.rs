//! Readers of model formats that the scanner and the inspector share.
//!
//! Every reader takes hostile bytes: lengths are checked against what is there before anything is allocated.
//! **What is absent**: anything that executes, imports or resolves what a file names.

pub(crate) mod archive;
pub(crate) mod content;
pub mod gguf;
pub(crate) mod hdf5;
pub(crate) mod members;
pub(crate) mod message;
pub mod npy;
pub(crate) mod packed;
pub(crate) mod pickle;
pub mod protobuf;
pub mod safetensors;
pub mod source;
pub mod stream;
pub mod tar;
pub mod yaml;
pub mod zip;
