//! Arrays of numpy: a header, then numbers, or a pickle where the type holds objects.

use std::io::Read;

use super::context::Scan;
use super::pickle::{self, Flavour};
use super::rule::{NPY_BROKEN, NPY_HEADER};
use crate::formats::npy::{NpyError, NpyHeader};
use crate::formats::stream::Stream;

pub(super) fn scan(reader: &mut dyn Read, scan: &mut Scan<'_>) {
    let mut stream = Stream::new(reader);
    let header = match NpyHeader::read(&mut stream) {
        Ok(header) => header,
        Err(NpyError::TooLong) => {
            return scan.report(&NPY_HEADER, 0, "numpy does not read such a header");
        }
        Err(error) => return scan.report(&NPY_BROKEN, 0, error.to_string()),
    };
    let at = stream.offset();
    if header.holds_objects() {
        return pickle::scan(&mut stream, scan, Flavour::Plain);
    }
    let bytes = header.data_bytes().or_else(|| record_bytes(&header));
    let whole = bytes.is_some_and(|bytes| stream.skip(bytes));
    if !whole || !stream.at_end() {
        scan.report(
            &NPY_BROKEN,
            at,
            "the data is not as long as type and shape say",
        );
    }
}

/// Bytes of an array of records: the sum of the fields' types, each times its own shape.
fn record_bytes(header: &NpyHeader) -> Option<u64> {
    let inner = header.descr.strip_prefix('[')?.strip_suffix(']')?;
    let mut size = 0u64;
    for field in inner.split("), (").flat_map(|part| part.split("),(")) {
        let mut parts = field.split(['\'', '"']);
        let (_, _name, _, kind) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let shape = parts.next().unwrap_or_default();
        if parts.next().is_some() || field.contains('[') {
            return None;
        }
        let mut bytes = crate::formats::npy::item_bytes(kind)?;
        for length in shape
            .split(|char: char| !char.is_ascii_digit())
            .filter(|part| !part.is_empty())
        {
            bytes = bytes.checked_mul(length.parse().ok()?)?;
        }
        size = size.checked_add(bytes)?;
    }
    header.items()?.checked_mul(size)
}
