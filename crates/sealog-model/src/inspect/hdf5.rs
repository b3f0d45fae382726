//! HDF5: the version of its superblock.
//!
//! **What is absent**: the tree of groups, data sets and attributes. It is said that it was not read.

use super::inspection::{Fault, Inspection};
use super::reader::io;
use crate::formats::hdf5::signature;
use crate::formats::source::Source;

const SUPERBLOCK_VERSION_MAX: u8 = 3;

pub(super) fn read(source: &Source, out: &mut Inspection) -> Result<(), Fault> {
    out.kind = "hdf5";
    let start = signature(source).unwrap_or(0);
    let head = source
        .array::<9>(start)
        .map_err(|error| io(&error, start))?;
    let Some([.., version]) = head else {
        return Err(Fault::new("ends in its superblock", start));
    };
    if version > SUPERBLOCK_VERSION_MAX {
        let reason = format!("superblock version {version} is not known");
        return Err(Fault::new(reason, start.saturating_add(8)));
    }
    out.note("hdf5.superblock", super::json::number(version.into()));
    let what = "groups, data sets and attributes: no shape of a weight is known";
    out.unread.push(what.to_owned());
    Ok(())
}
