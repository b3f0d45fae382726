//! Every file below a path, in the order of their names.
//!
//! Links are not followed: one is a finding, since what it leads to may change between the scan and the load.

use std::fs::{self, File};
use std::path::Path;

use super::context::Scan;
use super::finding::{FileReport, Report};
use super::limits::Limits;
use super::rule::{FILE_UNREADABLE, Rule};
use super::scan_source;
use crate::Error;
use crate::formats::source::Source;

/// Directories in each other at most.
const DEPTH_MAX: usize = 64;

/// Scans a file, or every file below a directory.
pub fn scan_path(path: &Path, limits: &Limits) -> Result<Report, Error> {
    let failed = |source| Error::Io {
        doing: "scan",
        path: path.to_owned(),
        source,
    };
    let mut report = Report::default();
    let about = fs::metadata(path).map_err(failed)?;
    if about.is_dir() {
        directory(path, "", 0, limits, &mut report).map_err(failed)?;
    } else {
        let name = path.file_name().unwrap_or(path.as_os_str());
        report
            .files
            .push(file(path, &name.to_string_lossy(), limits));
    }
    Ok(report)
}

fn directory(
    path: &Path,
    name: &str,
    depth: usize,
    limits: &Limits,
    report: &mut Report,
) -> std::io::Result<()> {
    let mut entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let own = entry.file_name().to_string_lossy().into_owned();
        let name = if name.is_empty() {
            own
        } else {
            format!("{name}/{own}")
        };
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < DEPTH_MAX {
            directory(&entry.path(), &name, depth + 1, limits, report)?;
        } else if kind.is_file() {
            report.files.push(file(&entry.path(), &name, limits));
        } else {
            let why = if kind.is_dir() {
                "directories nested too deep"
            } else if kind.is_symlink() {
                "a link, which is not followed"
            } else {
                "neither a file nor a directory"
            };
            report
                .files
                .push(refused(&name, &FILE_UNREADABLE, why, limits));
        }
    }
    Ok(())
}

fn file(path: &Path, name: &str, limits: &Limits) -> FileReport {
    match File::open(path).and_then(Source::file) {
        Ok(source) => scan_source(name, &source, limits),
        Err(error) => refused(name, &FILE_UNREADABLE, &error.to_string(), limits),
    }
}

fn refused(name: &str, rule: &'static Rule, why: &str, limits: &Limits) -> FileReport {
    let mut scan = Scan::new(name.to_owned(), limits);
    scan.report(rule, 0, why);
    FileReport {
        path: name.to_owned(),
        kind: "unreadable",
        bytes: 0,
        sha256: String::new(),
        findings: scan.into_findings(),
    }
}
