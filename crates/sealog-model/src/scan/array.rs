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

#[cfg(test)]
mod tests {
    use super::super::{Limits, Verdict, scan_source};
    use crate::formats::source::Source;

    /// The answer for three records of 24 bytes, with so many bytes behind the header.
    fn answer(bytes: usize) -> (Verdict, Vec<&'static str>) {
        let header = "{'descr': [('a', '<i4'), ('b', '<f8', (2,)), ('c', [('d', '|S4')])], \
                      'fortran_order': False, 'shape': (3,), }\n";
        let mut file = b"\x93NUMPY\x01\0".to_vec();
        file.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        file.extend(header.bytes());
        file.extend(vec![0x3f; bytes]);
        let report = scan_source("r.npy", &Source::memory(file), &Limits::default());
        let rules = report.findings().iter().map(|one| one.rule().id());
        (report.verdict(), rules.collect())
    }

    #[test]
    fn records_are_clean_with_exactly_the_bytes_that_their_fields_take() {
        assert_eq!(answer(72), (Verdict::Clean, vec![]));
        for bytes in [0, 71, 73] {
            assert_eq!(answer(bytes), (Verdict::Undecided, vec!["npy.broken"]));
        }
    }
}
