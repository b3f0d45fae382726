//! Tensors that a model keeps in a file beside it: numbers, once the model says which bytes are whose.
//!
//! A file of unknown content is undecided. Where a clean model of the same scan names it, and that model's tensors with
//! zeros between them are all that is in it, it is what the model says. Whatever else was found in it stays. **What is
//! absent**: any model but ONNX; names that are not written as the path is (`./`, other cases, links).

use std::collections::BTreeMap;
use std::io::Read;
use std::mem;

use super::digest;
use super::finding::{FileReport, Report, Verdict};
use super::rule::FILE_UNKNOWN;
use crate::formats::source::Source;

/// Tensors in other files that are kept of one model. What later ones cover stays undecided.
pub(super) const TENSORS_BESIDE_MAX: usize = 65_536;
/// Bytes of the name of a file beside.
const LOCATION_BYTES_MAX: usize = 1_024;
const BUFFER_BYTES: usize = 64 * 1024;

/// Where a tensor lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Beside {
    location: String,
    start: u64,
    /// To the end of the file, where the model does not say how long it is.
    length: Option<u64>,
}

impl Beside {
    /// What pairs of names and values say, if they say it once and plainly.
    pub(super) fn of(pairs: &[(String, String)]) -> Option<Self> {
        let one = |wanted: &str| {
            let mut found = pairs.iter().filter(|(name, _)| name == wanted);
            let first = found.next().map(|(_, value)| value.as_str());
            found.next().is_none().then_some(first)
        };
        let number = |text: &str| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| plain)
        };
        let location = one("location")??;
        let start = match one("offset")? {
            Some(text) => number(text)?,
            None => 0,
        };
        let length = match one("length")? {
            Some(text) => Some(number(text)?),
            None => None,
        };
        (location.len() <= LOCATION_BYTES_MAX).then(|| Self {
            location: location.to_owned(),
            start,
            length,
        })
    }
}

/// Bytes from one to before another.
type Range = (u64, u64);

/// Takes files of unknown content for the tensors of clean models that name them. `open` gives a file of the report
/// once more, of which only the digest decides that it is still the same.
pub(crate) fn settle(report: &mut Report, open: &mut dyn FnMut(&str) -> Option<Source>) {
    let mut named: BTreeMap<String, Vec<Beside>> = BTreeMap::new();
    for file in &mut report.files {
        let tensors = mem::take(&mut file.beside);
        if file.verdict() != Verdict::Clean {
            continue;
        }
        for tensor in tensors {
            let path = match file.path.rsplit_once('/') {
                Some((folder, _)) => format!("{folder}/{}", tensor.location),
                None => tensor.location.clone(),
            };
            named.entry(path).or_default().push(tensor);
        }
    }
    for file in &mut report.files {
        let Some(tensors) = named.remove(&file.path).filter(|_| only_unknown(file)) else {
            continue;
        };
        let between = between(&tensors, file.bytes);
        if between.is_some_and(|between| between.is_empty() || zeros(file, &between, open)) {
            file.findings.clear();
            file.kind = "tensor data";
        }
    }
}

fn only_unknown(file: &FileReport) -> bool {
    matches!(file.findings.as_slice(), [one] if one.rule == &FILE_UNKNOWN && one.path == file.path)
}

/// What no tensor covers; nothing if one of them does not lie in the file.
fn between(tensors: &[Beside], len: u64) -> Option<Vec<Range>> {
    let range = |tensor: &Beside| {
        let end = match tensor.length {
            Some(length) => tensor.start.checked_add(length)?,
            None => len,
        };
        (tensor.start <= end && end <= len).then_some((tensor.start, end))
    };
    let mut ranges: Vec<Range> = tensors.iter().map(range).collect::<Option<_>>()?;
    ranges.sort_unstable();
    let (mut covered, mut between) = (0, Vec::new());
    for (start, end) in ranges {
        if start > covered {
            between.push((covered, start));
        }
        covered = covered.max(end);
    }
    if covered < len {
        between.push((covered, len));
    }
    Some(between)
}

fn zeros(
    file: &FileReport,
    between: &[Range],
    open: &mut dyn FnMut(&str) -> Option<Source>,
) -> bool {
    let Some(source) = open(&file.path) else {
        return false;
    };
    digest(&source).is_ok_and(|found| found == file.sha256)
        && between.iter().all(|(start, end)| {
            let part = source.window(*start, end - start);
            only_zeros(&mut part.reader()).is_ok_and(|only| only)
        })
}

fn only_zeros(reader: &mut dyn Read) -> std::io::Result<bool> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = reader.read(&mut buffer)?;
        let part = buffer.get(..read).unwrap_or_default();
        if part.is_empty() {
            return Ok(true);
        }
        if part.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
    }
}
