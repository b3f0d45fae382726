//! Compressed content: in memory where it fits, else only what can be read in order.

use std::cell::Cell;
use std::io::{self, Read};

use super::inspection::{Fault, Inspection};
use super::pickle;
use super::reader::Reader;
use crate::formats::content::{HEAD_BYTES, Kind, kind};
use crate::formats::packed::{Metered, Packing};
use crate::formats::source::Source;

impl Reader<'_> {
    /// Bytes that a compressed content may inflate to.
    pub(super) fn allowed(&self, compressed: u64) -> u64 {
        let limits = self.limits;
        let allowed = compressed
            .saturating_mul(limits.ratio)
            .max(limits.ratio_free);
        allowed.min(self.total.saturating_sub(self.inflated))
    }

    /// Inspects what comes out of a stream: `compressed` bytes that should become `size`.
    pub(super) fn inflate(
        &mut self,
        path: &str,
        stream: Box<dyn Read + '_>,
        compressed: u64,
        size: u64,
    ) -> Inspection {
        let bomb = Cell::new(false);
        let allowed = self.allowed(compressed);
        let mut metered = Metered {
            inner: stream,
            left: allowed,
            bomb: &bomb,
        };
        let spool = self.limits.spool;
        let mut bytes = Vec::new();
        let read = metered.by_ref().take(spool).read_to_end(&mut bytes);
        let mut out = Inspection::new(path, size);
        out.kind = "unknown";
        let whole = read.and_then(|_| rest(&mut metered));
        // What breaks off has cost as much as what does not.
        let reached = allowed - metered.left;
        self.inflated = self.inflated.saturating_add(reached);
        let whole = match whole {
            Ok(whole) => whole,
            Err(error) => {
                out.fail(Fault::new(error.to_string(), 0));
                return out;
            }
        };
        if bomb.get() {
            let reason = format!("more than {allowed} bytes come out");
            out.fail(Fault::new(reason, 0));
        } else if let Some(next) = whole {
            let head = bytes.get(..HEAD_BYTES).unwrap_or(&bytes);
            if kind(head, u64::MAX) == Kind::Pickle {
                out.kind = "pickle";
                let next = [next];
                let rest = metered.by_ref();
                let mut all = bytes.as_slice().chain(next.as_slice().chain(rest));
                if let Err(fault) = pickle::read(&mut all, false, self, &mut out) {
                    out.fail(fault);
                }
                let more = allowed - metered.left - reached;
                self.inflated = self.inflated.saturating_add(more);
                if bomb.get() {
                    let reason = format!("more than {allowed} bytes come out");
                    out.fail(Fault::new(reason, 0));
                }
            } else {
                let why = format!("more than {spool} compressed bytes");
                return Inspection::unread(path, size, why);
            }
        } else {
            let source = Source::memory(bytes);
            out = self.inspect(path, &source);
        }
        out
    }

    /// One more level, if there may be one.
    pub(super) fn enter(&mut self, offset: u64) -> Result<(), Fault> {
        if self.depth >= self.limits.depth {
            let reason = format!("more than {} levels of archives", self.limits.depth);
            return Err(Fault::new(reason, offset));
        }
        self.depth += 1;
        Ok(())
    }
}

/// The next byte, if there is one.
fn rest(stream: &mut dyn Read) -> io::Result<Option<u8>> {
    let mut byte = [0];
    loop {
        match stream.read(&mut byte) {
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(byte.first().copied()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A compressed file: what is in it is what it is.
pub(super) fn read(
    source: &Source,
    packing: Packing,
    reader: &mut Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    out.kind = packing.name();
    reader.enter(0)?;
    let stream = packing.open(source);
    let stream = stream.map_err(|error| Fault::new(error.to_string(), 0))?;
    let path = format!("{}!{}", out.path, packing.name());
    let member = reader.inflate(&path, stream, source.len(), 0);
    reader.depth -= 1;
    out.members.push(member);
    Ok(())
}
