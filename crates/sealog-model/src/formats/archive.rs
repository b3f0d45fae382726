//! What archives are for, by the names of their members, and how their members are opened.

use std::io::Read;

use super::source::Source;
use super::zip::{Zip, ZipEntry};

/// The method of a member that lies as it is.
pub(crate) const STORED: u16 = 0;
/// The method of a deflated member.
pub(crate) const DEFLATED: u16 = 8;
/// The flag of an encrypted member.
pub(crate) const ENCRYPTED: u16 = 1;
/// The flag of a member whose sizes stand behind it.
pub(crate) const SIZES_BEHIND: u16 = 8;

/// What an archive is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Torch,
    Keras,
    Skops,
    Numpy,
    Any,
}

impl Purpose {
    /// The kind for people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Torch => "torch zip",
            Self::Keras => "keras",
            Self::Skops => "skops",
            Self::Numpy => "npz",
            Self::Any => "zip",
        }
    }
}

/// What an archive is for.
pub(crate) fn purpose(zip: &Zip) -> Purpose {
    let has = |name: &[u8]| zip.entries().iter().any(|entry| entry.name == name);
    let is_torch =
        |entry: &ZipEntry| entry.name.ends_with(b"/data.pkl") || entry.name == b"data.pkl";
    if zip.entries().iter().any(is_torch) {
        Purpose::Torch
    } else if has(b"config.json") && has(b"metadata.json") {
        Purpose::Keras
    } else if has(b"schema.json") {
        Purpose::Skops
    } else if !zip.entries().is_empty()
        && zip
            .entries()
            .iter()
            .all(|entry| entry.name.ends_with(b".npy"))
    {
        Purpose::Numpy
    } else {
        Purpose::Any
    }
}

/// The content of a member that lies in `window`, whose method is [`STORED`] or [`DEFLATED`].
pub(crate) fn open(window: &Source, method: u16) -> Box<dyn Read + '_> {
    match method {
        DEFLATED => Box::new(flate2::read::DeflateDecoder::new(window.reader())),
        _ => Box::new(window.reader()),
    }
}

/// Whether a member's name leads out of the directory, on any system.
pub(crate) fn leads_out(name: &str) -> bool {
    let drive = name.chars().nth(1) == Some(':');
    name.starts_with('/')
        || name.contains(['\\', '\0'])
        || drive
        || name.split('/').any(|part| part == "..")
}
