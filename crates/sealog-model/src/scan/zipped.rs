//! Zip archives: what their two directories say, and what each entry holds.

use std::collections::HashSet;
use std::io::Read;

use super::content::{Role, examine, inflated};
use super::context::Scan;
use super::rule::{
    FILE_UNREADABLE, TORCH_CODE, ZIP_BROKEN, ZIP_CRC, ZIP_DUPLICATE, ZIP_ENCRYPTED, ZIP_LINK,
    ZIP_METHOD, ZIP_MISMATCH, ZIP_OVERLAP, ZIP_TRAVERSAL, ZIP_UNLISTED,
};
use super::{keras, skops};
use crate::formats::archive::{
    self, DEFLATED, ENCRYPTED, Purpose, SIZES_BEHIND, STORED, leads_out, purpose,
};
use crate::formats::source::Source;
use crate::formats::zip::{LocalHeader, Zip, ZipEntry, local_header};

/// Kinds of files in a Unix mode.
const MODE_KIND: u32 = 0o170_000;
const MODE_FILE: u32 = 0o100_000;
const MODE_DIRECTORY: u32 = 0o040_000;

/// Scans an archive; the kind for people.
pub(super) fn scan(source: &Source, scan: &mut Scan<'_>) -> &'static str {
    if !scan.may_enter(0) {
        return "zip";
    }
    let zip = match Zip::read(source, scan.limits.entries, scan.limits.listing) {
        Ok(zip) => zip,
        Err(error) => {
            scan.report(&ZIP_BROKEN, 0, error.to_string());
            return "zip";
        }
    };
    let purpose = purpose(&zip);
    let mut names = HashSet::new();
    let mut spans = Vec::new();
    for entry in zip.entries() {
        name_findings(entry, scan);
        if !names.insert(entry.name.as_slice()) {
            scan.report(&ZIP_DUPLICATE, entry.header, entry.display());
        }
        match local_header(source, entry) {
            Ok(Some(local)) => {
                header_findings(entry, &local, scan);
                spans.push((
                    entry.header,
                    local.data.saturating_add(entry.compressed),
                    entry.flags,
                ));
                member(source, entry, &local, purpose, scan);
            }
            Ok(None) => {
                let detail = format!("{}: there is no local header", entry.display());
                scan.report(&ZIP_MISMATCH, entry.header, detail);
            }
            Err(error) => scan.report(&FILE_UNREADABLE, entry.header, error.to_string()),
        }
    }
    spacing(source, &zip, spans, scan);
    purpose.name()
}

fn name_findings(entry: &ZipEntry, scan: &mut Scan<'_>) {
    let name = entry.display();
    if leads_out(&name) {
        scan.report(
            &ZIP_TRAVERSAL,
            entry.header,
            name.escape_debug().to_string(),
        );
    }
    let kind = entry.mode & MODE_KIND;
    if !matches!(kind, 0 | MODE_FILE | MODE_DIRECTORY) {
        let detail = format!("{name}: mode {:o}", entry.mode);
        scan.report(&ZIP_LINK, entry.header, detail);
    }
}

fn header_findings(entry: &ZipEntry, local: &LocalHeader, scan: &mut Scan<'_>) {
    let name = entry.display();
    let mut differs = Vec::new();
    if entry.name != local.name {
        differs.push("name");
    }
    if entry.method != local.method {
        differs.push("method");
    }
    let behind = local.flags & SIZES_BEHIND != 0;
    let size = |local: u64, central: u64| local == central || (behind && local == 0);
    if !size(local.size, entry.size) || !size(local.compressed, entry.compressed) {
        differs.push("size");
    }
    if (entry.flags ^ local.flags) & ENCRYPTED != 0 {
        differs.push("encryption flag");
    }
    if !differs.is_empty() {
        let local = String::from_utf8_lossy(&local.name);
        let detail = format!("{name} (locally {local}): {} differ", differs.join(", "));
        scan.report(&ZIP_MISMATCH, entry.header, detail);
    }
    if (entry.flags | local.flags) & ENCRYPTED != 0 {
        scan.report(&ZIP_ENCRYPTED, entry.header, name);
    }
}

/// Looks into an entry. A wrong flag, size or checksum is no reason not to.
fn member(
    source: &Source,
    entry: &ZipEntry,
    local: &LocalHeader,
    purpose: Purpose,
    scan: &mut Scan<'_>,
) {
    let name = entry.display();
    let window = source.window(local.data, entry.compressed);
    if window.len() < entry.compressed {
        let detail = format!("{name}: its content ends behind the archive");
        return scan.report(&ZIP_BROKEN, entry.header, detail);
    }
    let code = name.contains("/code/") || name.starts_with("code/");
    if purpose == Purpose::Torch && code && name.to_ascii_lowercase().ends_with(".py") {
        scan.report(&TORCH_CODE, entry.header, name.clone());
    }
    let role = role(&name, purpose);
    let open = || Ok(archive::open(&window, entry.method));
    let allowed = scan.allowed(entry.compressed).max(entry.compressed);
    match entry.method {
        STORED => {
            if entry.size != entry.compressed {
                let detail = format!("{name}: stored, but of two sizes");
                scan.report(&ZIP_MISMATCH, entry.header, detail);
            }
            scan.inside(&name, |scan| examine(&window, role, scan));
        }
        DEFLATED => scan.inside(&name, |scan| inflated(&open, entry.compressed, role, scan)),
        method => {
            let detail = format!("{name}: method {method}");
            return scan.report(&ZIP_METHOD, entry.header, detail);
        }
    }
    checksum(&open, entry, &name, allowed, scan);
    let document = |scan: &Scan<'_>| {
        let mut bytes = Vec::new();
        let max = scan.limits.document;
        let read = open().and_then(|reader| reader.take(max + 1).read_to_end(&mut bytes));
        let fits = u64::try_from(bytes.len()).is_ok_and(|len| len <= max);
        (read.is_ok() && fits).then_some(bytes)
    };
    match (purpose, name.as_str()) {
        (Purpose::Keras, "config.json") => {
            let bytes = document(scan);
            scan.inside(&name, |scan| keras::scan_config(bytes.as_deref(), scan));
        }
        (Purpose::Skops, "schema.json") => {
            let bytes = document(scan);
            scan.inside(&name, |scan| skops::scan_schema(bytes.as_deref(), scan));
        }
        _ => {}
    }
}

fn role(name: &str, purpose: Purpose) -> Role {
    if purpose != Purpose::Torch {
        return Role::Whole;
    }
    let inner = name.split_once('/').map_or(name, |(_, inner)| inner);
    match inner {
        "data.pkl" | "constants.pkl" => Role::TorchPickle,
        inner if inner.starts_with("data/") || inner.starts_with("constants/") => Role::Raw,
        _ => Role::Whole,
    }
}

/// `allowed` is what was to come out when the content was looked at.
fn checksum(
    open: super::content::Open<'_>,
    entry: &ZipEntry,
    name: &str,
    allowed: u64,
    scan: &mut Scan<'_>,
) {
    let mut crc = flate2::Crc::new();
    let mut buffer = vec![0; 64 * 1024];
    let Ok(inner) = open() else { return };
    // A bomb is not inflated once more for the sake of its checksum.
    let mut reader = inner.take(entry.size.min(allowed).saturating_add(1));
    let mut total = 0u64;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                crc.update(buffer.get(..read).unwrap_or_default());
                total = total.saturating_add(u64::try_from(read).unwrap_or(0));
            }
            // Said where the content was looked at.
            Err(_) => return,
        }
    }
    if total > allowed {
        // Said where the content was looked at.
        return;
    }
    if total != entry.size {
        let detail = format!("{name}: the content is not as long as the directory says");
        scan.report(&ZIP_MISMATCH, entry.header, detail);
    } else if crc.sum() != entry.crc {
        scan.report(&ZIP_CRC, entry.header, name.to_owned());
    }
}

/// Entries must lie side by side: neither over each other nor with hidden bytes between them.
fn spacing(source: &Source, zip: &Zip, mut spans: Vec<(u64, u64, u16)>, scan: &mut Scan<'_>) {
    spans.sort_unstable();
    let mut at = 0;
    let mut behind = false;
    for (start, end, flags) in spans {
        if start < at {
            scan.report(&ZIP_OVERLAP, start, "an entry begins inside of another");
        }
        gap(source, at, start, behind, scan);
        at = at.max(end);
        behind = flags & SIZES_BEHIND != 0;
    }
    if at > zip.directory_start() {
        scan.report(
            &ZIP_OVERLAP,
            zip.directory_start(),
            "an entry reaches into the directory",
        );
    }
    gap(source, at, zip.directory_start(), behind, scan);
    let comment = source.array::<2>(zip.end() + 20).ok().flatten();
    let comment = comment.map_or(0, u16::from_le_bytes);
    gap(
        source,
        zip.end() + 22 + u64::from(comment),
        source.len(),
        false,
        scan,
    );
}

fn gap(source: &Source, from: u64, to: u64, behind: bool, scan: &mut Scan<'_>) {
    let Some(len) = to.checked_sub(from).filter(|len| *len > 0) else {
        return;
    };
    if behind && matches!(len, 12 | 16 | 20 | 24) {
        return;
    }
    scan.report(
        &ZIP_UNLISTED,
        from,
        format!("{len} bytes that belong to no entry"),
    );
    let window = source.window(from, len);
    scan.inside("unlisted", |scan| examine(&window, Role::Raw, scan));
}
