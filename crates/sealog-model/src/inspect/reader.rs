//! Who reads which kind of content, and how far.

use std::path::Path;

use super::inspection::{Fault, Inspection};
use super::limits::{Limits, RANK_MAX};
use super::{
    array, document, gguf, hdf5, onnx, packed, pickle, safetensors, savedmodel, tarball, zipped,
};
use crate::formats::content::{HEAD_BYTES, Kind, is_text, kind};
use crate::formats::hdf5::signature;
use crate::formats::pickle::{is_opcode, is_torch};
use crate::formats::source::Source;

/// The inspection of one file.
#[derive(Debug)]
pub(super) struct Reader<'l> {
    pub(super) limits: &'l Limits,
    /// The directory in which the file lies, where other files may be looked for.
    pub(super) beside: Option<&'l Path>,
    pub(super) depth: usize,
    pub(super) inflated: u64,
    /// Bytes that may come out of all archives in the file.
    pub(super) total: u64,
}

impl<'l> Reader<'l> {
    /// `len` is that of the file, by which is measured what its archives may inflate to.
    pub(super) fn new(limits: &'l Limits, beside: Option<&'l Path>, len: u64) -> Self {
        Self {
            limits,
            beside,
            depth: 0,
            inflated: 0,
            total: limits.total(len),
        }
    }

    /// Inspects one content.
    pub(super) fn inspect(&mut self, name: &str, source: &Source) -> Inspection {
        let mut out = Inspection::new(name, source.len());
        let read = self.read(source, &mut out);
        let read = read.and_then(|()| self.check(&out));
        if let Err(mut fault) = read {
            // Where a directory leads behind the end, the end is the place.
            fault.offset = fault.offset.min(source.len());
            out.fail(fault);
        }
        out
    }

    fn read(&mut self, source: &Source, out: &mut Inspection) -> Result<(), Fault> {
        let length = u64::try_from(HEAD_BYTES).unwrap_or(0);
        let head = source.bytes(0, length).map_err(|error| io(&error, 0))?;
        match kind(&head, source.len()) {
            Kind::Empty => {
                out.kind = "empty";
                Ok(())
            }
            Kind::Safetensors => {
                out.kind = "safetensors";
                safetensors::read(source, self, out)
            }
            Kind::Gguf => {
                out.kind = "gguf";
                gguf::read(source, self, out)
            }
            Kind::Npy => {
                out.kind = "npy";
                array::read(source, out)
            }
            Kind::Pickle => {
                out.kind = "pickle";
                pickle::read(&mut source.reader(), is_torch(&head), self, out)
            }
            Kind::Zip => zipped::read(source, self, out),
            Kind::Tar => tarball::read(source, self, out),
            Kind::Packed(packing) => packed::read(source, packing, self, out),
            Kind::Hdf5 => hdf5::read(source, out),
            Kind::Unsupported(name) => {
                out.kind = name;
                out.known = false;
                Ok(())
            }
            Kind::Native => {
                out.kind = "native code";
                out.known = false;
                Ok(())
            }
            Kind::Unknown => self.unknown(source, out),
        }
    }

    /// Without a known beginning: a pickle of protocol 0, HDF5 behind a block of the user's own, a text, or a protocol
    /// buffer.
    fn unknown(&mut self, source: &Source, out: &mut Inspection) -> Result<(), Fault> {
        let head = source.bytes(0, 1).unwrap_or_default();
        if head.first().is_some_and(|byte| is_opcode(*byte))
            && let Some(read) = pickle::read_text(&mut source.reader(), self, out)
        {
            out.kind = "pickle";
            return read;
        }
        if signature(source).is_some() {
            return hdf5::read(source, out);
        }
        if is_text(&mut source.reader()) {
            return document::read(source, self, out);
        }
        if onnx::is_model(source) {
            out.kind = "onnx";
            return onnx::read(source, self, out);
        }
        if savedmodel::is_model(source) {
            out.kind = "savedmodel";
            return savedmodel::read(source, self, out);
        }
        out.kind = "unknown";
        out.known = false;
        Ok(())
    }

    /// What holds of every format.
    fn check(&self, out: &Inspection) -> Result<(), Fault> {
        self.tensors_fit(out.tensors.len(), 0)?;
        self.metadata_fits(out.metadata.len(), 0)?;
        let ranks = out.tensors.iter().map(|tensor| tensor.shape.len());
        if ranks.max() > Some(RANK_MAX) {
            let reason = format!("a tensor of more than {RANK_MAX} dimensions");
            return Err(Fault::new(reason, 0));
        }
        if out.parameters().is_none() {
            return Err(Fault::new("more numbers than 64 bits count", 0));
        }
        Ok(())
    }

    pub(super) fn tensors_fit(&self, count: usize, offset: u64) -> Result<(), Fault> {
        let max = self.limits.tensors;
        if count > max {
            return Err(Fault::new(format!("more than {max} tensors"), offset));
        }
        Ok(())
    }

    pub(super) fn metadata_fits(&self, count: usize, offset: u64) -> Result<(), Fault> {
        let max = self.limits.metadata;
        if count > max {
            let reason = format!("more than {max} pieces of metadata");
            return Err(Fault::new(reason, offset));
        }
        Ok(())
    }
}

/// An error of the system, where the content could not be read.
pub(super) fn io(error: &std::io::Error, offset: u64) -> Fault {
    Fault::new(format!("cannot be read: {error}"), offset)
}
