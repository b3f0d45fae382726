//! Who looks at each kind of content.

use std::cell::Cell;
use std::io::{self, Read};

use super::context::Scan;
use super::finding::{Finding, Severity};
use super::pickle::{self, Flavour, Reading};
use super::rule::{
    ARCHIVE_LIMIT, ARCHIVE_UNSUPPORTED, FILE_CODE, FILE_POLYGLOT, FILE_UNKNOWN, FILE_UNREADABLE,
    PICKLE_CALL_OF_VALUE, PICKLE_UNKNOWN_GLOBAL, STREAM_BOMB, STREAM_BROKEN,
};
use super::{array, document, gguf, hdf5, onnx, safetensors, savedmodel, tarball, zipped};
use crate::formats::content::{HEAD_BYTES, Kind, is_text, kind};
use crate::formats::packed::{Metered, Packing};
use crate::formats::source::Source;
use crate::formats::{gguf as gguf_format, zip};

/// What is expected of a piece that begins like nothing that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A file or member of its own: unknown content is a finding.
    Whole,
    /// Numbers of a tensor: any content will do, but for a pickle that does harm.
    Raw,
    /// The pickle of a torch archive.
    TorchPickle,
}

/// Looks at bytes at rest; the kind for people.
pub(super) fn examine(source: &Source, role: Role, scan: &mut Scan<'_>) -> &'static str {
    let head = match source.bytes(0, HEAD_BYTES.try_into().unwrap_or(0)) {
        Ok(head) => head,
        Err(error) => {
            scan.report(&FILE_UNREADABLE, 0, error.to_string());
            return "unreadable";
        }
    };
    let kind = kind(&head, source.len());
    let name = examine_kind(kind, source, role, scan);
    // A pickle reader does not ask what a file begins with: `GGUF` is a float to it, `PK` a persistent id.
    match kind {
        Kind::Pickle | Kind::Unknown | Kind::Empty => {}
        Kind::Safetensors if role == Role::Raw => {}
        Kind::Zip => zip_as_pickle(source, scan),
        _ => {
            raw(source, scan);
        }
    }
    // Loaders that look for a zip archive at the end would see another file than the one that begins here.
    if !matches!(kind, Kind::Zip | Kind::Tar | Kind::Empty) && role != Role::Raw {
        match zip::has_end(source) {
            Ok(true) => {
                scan.report(&FILE_POLYGLOT, 0, format!("begins as {name}, ends as zip"));
                zipped::scan(source, scan);
            }
            Ok(false) => {}
            Err(error) => scan.report(&FILE_UNREADABLE, 0, error.to_string()),
        }
    }
    name
}

fn examine_kind(kind: Kind, source: &Source, role: Role, scan: &mut Scan<'_>) -> &'static str {
    match kind {
        Kind::Empty => "empty",
        Kind::Zip => zipped::scan(source, scan),
        Kind::Tar => {
            tarball::scan(source, scan);
            "tar"
        }
        Kind::Packed(packing) if only_text(source, packing) => unknown(source, role, scan),
        Kind::Packed(packing) => packed(source, packing, role, scan),
        Kind::Unsupported(name) => {
            if role != Role::Raw {
                scan.report(&ARCHIVE_UNSUPPORTED, 0, format!("{name} is not read"));
            }
            name
        }
        // A small integer at the beginning is all that it takes to begin like safetensors.
        Kind::Pickle | Kind::Unknown | Kind::Safetensors if role == Role::Raw => raw(source, scan),
        Kind::Pickle => {
            pickle::scan(&mut source.reader(), scan, flavour(role));
            "pickle"
        }
        Kind::Npy => {
            array::scan(&mut source.reader(), scan);
            "npy"
        }
        Kind::Hdf5 => {
            hdf5::scan(source, scan);
            "hdf5"
        }
        Kind::Gguf => {
            gguf::scan(source, scan);
            gguf_format::NAME
        }
        Kind::Safetensors => {
            safetensors::scan(source, scan);
            "safetensors"
        }
        // A program has zero bytes; a text may begin with the two letters of one.
        Kind::Native if is_text(&mut source.reader()) => unknown(source, role, scan),
        Kind::Native => {
            if role != Role::Raw {
                scan.report(&FILE_CODE, 0, "a native program or library");
            }
            "native code"
        }
        Kind::Unknown => unknown(source, role, scan),
    }
}

const fn flavour(role: Role) -> Flavour {
    match role {
        Role::TorchPickle => Flavour::Torch,
        Role::Whole | Role::Raw => Flavour::Plain,
    }
}

/// Numbers may begin like anything; only what does harm is a finding.
fn raw(source: &Source, scan: &mut Scan<'_>) -> &'static str {
    let mark = scan.mark();
    let reading = pickle::scan_text(&mut source.reader(), scan);
    let harms = || scan.worst_since(mark) == Some(Severity::Malicious);
    if reading != Reading::Acts && !harms() {
        scan.take_since(mark);
    }
    "raw data"
}

/// What a pickle reader would make of a zip archive: it asks for a persistent object by the first line. None that is
/// known has an answer to a line of text; one that has goes on, into the archive's own pickle where that is not packed.
/// So what happens to objects that it did not make says nothing, and everything else that is imported or done counts.
fn zip_as_pickle(source: &Source, scan: &mut Scan<'_>) {
    let mark = scan.mark();
    pickle::scan_text(&mut source.reader(), scan);
    let found = scan.take_since(mark);
    let harms = |finding: &Finding| {
        let made = finding.rule == &PICKLE_CALL_OF_VALUE;
        let malicious = finding.rule.severity() == Severity::Malicious && !made;
        malicious || finding.rule == &PICKLE_UNKNOWN_GLOBAL
    };
    if found.iter().any(harms) {
        scan.put_back(found);
    }
}

/// Without a known beginning: a pickle of protocol 0, a protocol buffer, a text, or nothing that is known.
fn unknown(source: &Source, role: Role, scan: &mut Scan<'_>) -> &'static str {
    if role == Role::TorchPickle {
        pickle::scan(&mut source.reader(), scan, Flavour::Torch);
        return "pickle";
    }
    if pickle::scan_text(&mut source.reader(), scan) != Reading::Text {
        return "pickle";
    }
    if let Some(name) = hdf5::scan_with_user_block(source, scan) {
        return name;
    }
    if is_text(&mut source.reader()) {
        return document::scan(source, scan);
    }
    if let Some(name) = onnx::scan(source, scan) {
        return name;
    }
    if let Some(name) = savedmodel::scan(source, scan) {
        return name;
    }
    if let Some(name) = savedmodel::scan_metadata(source, scan) {
        return name;
    }
    scan.report(
        &FILE_UNKNOWN,
        0,
        format!("{} bytes of unknown content", source.len()),
    );
    "unknown"
}

/// Whether it is a text that happens to begin like a compressed content, of which nothing comes out.
fn only_text(source: &Source, packing: Packing) -> bool {
    let first = |mut content: Box<dyn Read + '_>| content.read_exact(&mut [0]);
    packing.open(source).and_then(first).is_err() && is_text(&mut source.reader())
}

/// Opens a compressed content anew from its beginning.
pub(super) type Open<'a> = &'a dyn Fn() -> io::Result<Box<dyn Read + 'a>>;

fn packed(source: &Source, packing: Packing, role: Role, scan: &mut Scan<'_>) -> &'static str {
    let name = packing.name();
    // Numbers of a tensor may begin like a compressed stream.
    if role == Role::Raw {
        return "raw data";
    }
    if !scan.may_enter(0) {
        return name;
    }
    let open = || packing.open(source);
    scan.inside(name, |scan| {
        inflated(&open, source.len(), Role::Whole, scan);
    });
    name
}

/// Looks at a compressed content: in memory if it fits, else in its order.
pub(super) fn inflated(open: Open<'_>, compressed: u64, role: Role, scan: &mut Scan<'_>) {
    let bomb = Cell::new(false);
    let limits = *scan.limits;
    let allowed = scan.allowed(compressed);
    let mut came_out = 0;
    let result = open().and_then(|inner| {
        let mut reader = Metered {
            inner,
            left: allowed,
            bomb: &bomb,
        };
        let mut bytes = Vec::new();
        let read = reader
            .by_ref()
            .take(limits.spool.saturating_add(1))
            .read_to_end(&mut bytes);
        came_out = allowed - reader.left;
        read.map(|_| bytes)
    });
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    match result {
        Ok(bytes) if length(&bytes) <= limits.spool => {
            scan.inflated = scan.inflated.saturating_add(came_out);
            if bomb.get() {
                scan.report(
                    &STREAM_BOMB,
                    0,
                    format!("more than {allowed} bytes come out"),
                );
            }
            examine(&Source::memory(bytes), role, scan);
        }
        Ok(bytes) => {
            let head: Vec<u8> = bytes.into_iter().take(HEAD_BYTES).collect();
            in_order(open, &head, allowed, role, scan);
        }
        Err(error) => {
            // What breaks off has cost as much as what does not.
            scan.inflated = scan.inflated.saturating_add(came_out);
            scan.report(&STREAM_BROKEN, 0, error.to_string());
        }
    }
}

fn in_order(open: Open<'_>, head: &[u8], allowed: u64, role: Role, scan: &mut Scan<'_>) {
    let bomb = Cell::new(false);
    let inner = match open() {
        Ok(inner) => inner,
        Err(error) => return scan.report(&STREAM_BROKEN, 0, error.to_string()),
    };
    let mut reader = Metered {
        inner,
        left: allowed,
        bomb: &bomb,
    };
    match kind(head, u64::MAX) {
        Kind::Pickle if role != Role::Raw => pickle::scan(&mut reader, scan, flavour(role)),
        Kind::Npy => array::scan(&mut reader, scan),
        _ if role == Role::Raw => {}
        _ => {
            let detail = format!(
                "more than {} bytes, and not of a kind read in order",
                scan.limits.spool
            );
            scan.report(&ARCHIVE_LIMIT, 0, detail);
        }
    }
    // What no one asked for counts too: a bomb is one even behind a short pickle.
    if let Err(error) = io::copy(&mut reader, &mut io::sink()) {
        scan.report(&STREAM_BROKEN, 0, error.to_string());
    }
    scan.inflated = scan.inflated.saturating_add(allowed - reader.left);
    if bomb.get() {
        scan.report(
            &STREAM_BOMB,
            0,
            format!("more than {allowed} bytes come out"),
        );
    }
}
