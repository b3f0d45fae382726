//! The scanner: can what lies here run code when it is loaded?
//!
//! Four answers: clean, suspicious, malicious, undecided. Content decides what a file is, never its name; pickles are
//! run on an abstract machine against exact allowlists; archives are followed into each other to a bounded depth.
//! What each rule means stands in `docs/scan-rules.md`.
//!
//! **What is absent**: loading, importing or executing anything of what is scanned, and any answer about what a model
//! computes.

mod allow;
mod array;
pub mod baseline;
mod beside;
mod content;
mod context;
mod document;
mod finding;
mod gguf;
mod hdf5;
mod keras;
mod limits;
mod mlflow;
mod onnx;
pub mod output;
mod pickle;
pub mod rule;
mod safetensors;
mod savedmodel;
mod skops;
mod tarball;
mod tree;
mod zipped;

pub(crate) use beside::settle;
pub(crate) use pickle::{Attribute, Root, SightLimits, Sights};

pub use finding::{FileReport, Finding, Report, Severity, Verdict};
pub use limits::Limits;
pub use tree::scan_path;
pub(crate) use tree::walk;

use std::io::{self, Read};
use std::mem;

use sha2::{Digest, Sha256};

use crate::formats::source::Source;

/// Scans bytes at rest under a name that is only shown.
pub fn scan_source(name: &str, source: &Source, limits: &Limits) -> FileReport {
    scan_hashed(name, source, digest(source), limits)
}

/// The same where the SHA-256 of the bytes is known already, in lower-case hex.
pub(crate) fn scan_hashed(
    name: &str,
    source: &Source,
    digest: io::Result<String>,
    limits: &Limits,
) -> FileReport {
    let mut scan = context::Scan::new(name.to_owned(), limits).of_length(source.len());
    let kind = content::examine(source, content::Role::Whole, &mut scan);
    if let Err(error) = &digest {
        scan.report(&rule::FILE_UNREADABLE, 0, error.to_string());
    }
    let beside = mem::take(&mut scan.beside);
    let mut findings = scan.into_findings();
    findings.sort_by_key(|finding| finding.path.matches('!').count());
    // A configuration may be met twice, as a document and as what its archive is for.
    let mut unique: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !unique.contains(&finding) {
            unique.push(finding);
        }
    }
    let findings = unique;
    FileReport {
        path: name.to_owned(),
        kind,
        bytes: source.len(),
        sha256: digest.unwrap_or_default(),
        findings,
        beside,
    }
}

/// Runs the pickles of a stream for their structure; the first thing that keeps them from being read, and where.
pub(crate) fn sights(
    reader: &mut dyn Read,
    torch: bool,
    limits: &Limits,
    keep: SightLimits,
) -> (Sights, Option<(String, u64)>) {
    let mut scan = context::Scan::new(String::new(), limits);
    scan.sights = Some(Sights::new(keep));
    let flavour = if torch {
        pickle::Flavour::Torch
    } else {
        pickle::Flavour::Plain
    };
    pickle::scan(reader, &mut scan, flavour);
    let sights = scan.sights.take();
    let findings = scan.into_findings();
    let fault = findings.into_iter().find(|finding| {
        let unread = [
            &rule::PICKLE_BROKEN,
            &rule::PICKLE_LIMIT,
            &rule::PICKLE_PROTOCOL,
            &rule::PICKLE_TRAILING,
            &rule::FILE_UNREADABLE,
        ];
        unread.contains(&finding.rule())
    });
    let fault = fault.map(|finding| (finding.detail().to_owned(), finding.offset()));
    (sights.unwrap_or_else(|| Sights::new(keep)), fault)
}

pub(crate) fn digest(source: &Source) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut reader = source.reader();
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
    let digest = hasher.finalize();
    let mut text = String::new();
    sealog_core::hash::push_hex(&mut text, &digest);
    Ok(text)
}
