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
    let bytes = header.array_bytes();
    let whole = bytes.is_some_and(|bytes| stream.skip(bytes));
    if !whole || !stream.at_end() {
        scan.report(
            &NPY_BROKEN,
            at,
            "the data is not as long as type and shape say",
        );
    }
}
