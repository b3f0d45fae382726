//! safetensors: the header must hold, to the last byte of the data.

use super::context::Scan;
use super::rule::{FILE_UNREADABLE, SAFETENSORS_BROKEN, SAFETENSORS_DUPLICATE};
use crate::formats::safetensors::{Header, SafetensorsFault};
use crate::formats::source::Source;

pub(super) fn scan(source: &Source, scan: &mut Scan<'_>) {
    if let Err(error) = Header::read(source) {
        let rule = match error.fault {
            SafetensorsFault::Io => &FILE_UNREADABLE,
            SafetensorsFault::Duplicate => &SAFETENSORS_DUPLICATE,
            SafetensorsFault::Broken => &SAFETENSORS_BROKEN,
        };
        scan.report(rule, error.offset, error.why);
    }
}
