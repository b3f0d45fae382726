//! Archives of members: torch, Keras, skops, numpy, or any other zip.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::io::Read;

use super::inspection::{Fault, Inspection};
use super::reader::{Reader, io};
use super::{array, keras, pickle, skops};
use crate::formats::archive::{
    self, DEFLATED, ENCRYPTED, Purpose, SIZES_BEHIND, STORED, leads_out, purpose,
};
use crate::formats::packed::Metered;
use crate::formats::source::Source;
use crate::formats::zip::{LocalHeader, Zip, ZipEntry, ZipError, local_header};

/// Bytes of a member's beginning that are enough for the header of an array.
const ARRAY_HEAD_BYTES: u64 = 16 * 1024;

/// An archive whose two directories agree.
#[derive(Debug)]
pub(super) struct Archive<'z> {
    source: &'z Source,
    members: Vec<(&'z ZipEntry, LocalHeader)>,
    names: HashMap<&'z [u8], usize>,
}

pub(super) fn read(
    source: &Source,
    reader: &mut Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    out.kind = "zip";
    let zip = Zip::read(source, reader.limits.entries, reader.limits.listing);
    let zip = zip.map_err(|error| {
        let offset = match &error {
            ZipError::Entry { offset } => *offset,
            _ => source.len().saturating_sub(22),
        };
        Fault::new(error.to_string(), offset)
    })?;
    let purpose = purpose(&zip);
    out.kind = purpose.name();
    let archive = Archive::open(source, &zip)?;
    match purpose {
        Purpose::Torch => torch(&archive, reader, out),
        Purpose::Keras => keras::read(&archive, reader, out),
        Purpose::Skops => skops::read(&archive, reader, out),
        Purpose::Numpy => numpy(&archive, reader, out),
        Purpose::Any => any(&archive, reader, out),
    }
}

impl<'z> Archive<'z> {
    /// What one directory says the other must say, and no member may lie in another.
    fn open(source: &'z Source, zip: &'z Zip) -> Result<Self, Fault> {
        let (mut members, mut names) = (Vec::new(), HashMap::new());
        let (mut spans, mut seen) = (Vec::new(), HashSet::new());
        for entry in zip.entries() {
            let name = entry.display();
            let wrong = |what: &str| Fault::new(format!("{name}: {what}"), entry.header);
            let local = local_header(source, entry).map_err(|error| io(&error, entry.header))?;
            let local = local.ok_or_else(|| wrong("there is no local header"))?;
            let behind = local.flags & SIZES_BEHIND != 0;
            let size = |local: u64, central: u64| local == central || (behind && local == 0);
            if entry.name != local.name
                || entry.method != local.method
                || !size(local.size, entry.size)
                || !size(local.compressed, entry.compressed)
            {
                return Err(wrong("its two headers differ"));
            }
            if (entry.flags | local.flags) & ENCRYPTED != 0 {
                return Err(wrong("is encrypted, or says so"));
            }
            if leads_out(&name) {
                return Err(wrong("leads out of the archive"));
            }
            if !seen.insert(entry.name.as_slice()) {
                return Err(wrong("stands there twice"));
            }
            if entry.method == STORED && entry.size != entry.compressed {
                return Err(wrong("is stored, but of two sizes"));
            }
            let end = local.data.checked_add(entry.compressed);
            let end = end.filter(|end| *end <= zip.directory_start());
            let end = end.ok_or_else(|| wrong("reaches into the directory"))?;
            spans.push((entry.header, end));
            names.insert(entry.name.as_slice(), members.len());
            members.push((entry, local));
        }
        spans.sort_unstable();
        let overlap = spans.windows(2).find_map(|pair| match pair {
            [(_, end), (start, _)] if start < end => Some(*start),
            _ => None,
        });
        match overlap {
            Some(at) => Err(Fault::new("a member begins inside of another", at)),
            None => Ok(Self {
                source,
                members,
                names,
            }),
        }
    }

    /// Names and sizes of the members.
    pub(super) fn members(&self) -> impl Iterator<Item = (String, u64)> {
        let members = self.members.iter();
        members.map(|(entry, _)| (entry.display(), entry.size))
    }

    fn find(&self, name: &str) -> Option<&(&'z ZipEntry, LocalHeader)> {
        let at = self.names.get(name.as_bytes())?;
        self.members.get(*at)
    }

    /// At most `max` bytes from the beginning of a member's content; none if there is no such member.
    fn head(
        &self,
        name: &str,
        max: u64,
        reader: &mut Reader<'_>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let Some((entry, local)) = self.find(name) else {
            return Ok(None);
        };
        let window = self.source.window(local.data, entry.compressed);
        let mut bytes = Vec::new();
        let wrong = |what: &str| Fault::new(format!("{name}: {what}"), entry.header);
        if !matches!(entry.method, STORED | DEFLATED) {
            return Err(wrong("a method that is not read"));
        }
        let bomb = Cell::new(false);
        let allowed = reader.allowed(entry.compressed);
        let mut metered = Metered {
            inner: archive::open(&window, entry.method).take(max),
            left: if entry.method == STORED { max } else { allowed },
            bomb: &bomb,
        };
        metered
            .read_to_end(&mut bytes)
            .map_err(|error| wrong(&error.to_string()))?;
        if bomb.get() {
            return Err(wrong("inflates to more than is read"));
        }
        if entry.method == DEFLATED {
            reader.inflated = reader.inflated.saturating_add(length(&bytes));
        }
        if length(&bytes) != entry.size.min(max) {
            return Err(wrong("its content is not as long as the directory says"));
        }
        Ok(Some(bytes))
    }

    /// The whole of a small member, whose checksum must hold.
    pub(super) fn document(
        &self,
        name: &str,
        reader: &mut Reader<'_>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let max = reader.limits.document;
        let Some((entry, _)) = self.find(name) else {
            return Ok(None);
        };
        let wrong = |what: String| Fault::new(format!("{name}: {what}"), entry.header);
        if entry.size > max {
            return Err(wrong(format!("is longer than {max} bytes")));
        }
        let bytes = self.head(name, max, reader)?.unwrap_or_default();
        let mut crc = flate2::Crc::new();
        crc.update(&bytes);
        if crc.sum() != entry.crc {
            return Err(wrong("its checksum does not hold".to_owned()));
        }
        Ok(Some(bytes))
    }

    /// The array in a member.
    pub(super) fn array(
        &self,
        name: &str,
        shown: &str,
        reader: &mut Reader<'_>,
        out: &mut Inspection,
    ) -> Result<bool, Fault> {
        let Some((entry, _)) = self.find(name) else {
            return Ok(false);
        };
        let head = self.head(name, ARRAY_HEAD_BYTES, reader)?;
        let head = Source::memory(head.unwrap_or_default());
        let read = array::tensor(&head, entry.size, shown.to_owned());
        let (tensor, unread) = read.map_err(|fault| {
            let reason = format!("{name}, byte {}: {}", fault.offset, fault.reason);
            Fault::new(reason, entry.header)
        })?;
        reader.tensors_fit(out.tensors.len() + 1, entry.header)?;
        out.tensors.push(tensor);
        out.unread
            .extend(unread.map(|what| format!("{name}: {what}")));
        Ok(true)
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn numpy(
    archive: &Archive<'_>,
    reader: &mut Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    out.framework = Some("numpy".to_owned());
    for (name, _) in archive.members() {
        let shown = name.strip_suffix(".npy").unwrap_or(&name);
        archive.array(&name, shown, reader, out)?;
    }
    Ok(())
}

/// `<top>/data.pkl` with tensors that name `<top>/data/<key>`.
fn torch(
    archive: &Archive<'_>,
    reader: &mut Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    let pickles: Vec<String> = archive
        .members()
        .map(|(name, _)| name)
        .filter(|name| name == "data.pkl" || name.ends_with("/data.pkl"))
        .collect();
    let [name] = pickles.as_slice() else {
        return Err(Fault::new("more than one data.pkl", 0));
    };
    let top = name.strip_suffix("data.pkl").unwrap_or_default();
    let Some((entry, local)) = archive.find(name) else {
        return Err(Fault::new("there is no data.pkl", 0));
    };
    let window = archive.source.window(local.data, entry.compressed);
    if !matches!(entry.method, STORED | DEFLATED) {
        return Err(Fault::new(
            format!("{name}: a method that is not read"),
            entry.header,
        ));
    }
    let bomb = Cell::new(false);
    let mut metered = Metered {
        inner: archive::open(&window, entry.method),
        left: reader.allowed(entry.compressed).max(entry.compressed),
        bomb: &bomb,
    };
    pickle::read(&mut metered, true, reader, out).map_err(|fault| {
        let reason = format!("{name}, byte {}: {}", fault.offset, fault.reason);
        Fault::new(reason, local.data.saturating_add(fault.offset))
    })?;
    if bomb.get() {
        return Err(Fault::new(
            format!("{name}: inflates to more than is read"),
            entry.header,
        ));
    }
    out.framework = Some("torch".to_owned());
    for (member, key) in [
        ("version", "torch.format"),
        ("byteorder", "torch.byteorder"),
    ] {
        if let Some(bytes) = archive.document(&format!("{top}{member}"), reader)? {
            let text = String::from_utf8_lossy(&bytes).trim().to_owned();
            out.note(key, text);
        }
    }
    let code = archive
        .members()
        .filter(|(name, _)| name.starts_with(&format!("{top}code/")));
    let code = u64::try_from(code.count()).unwrap_or(0);
    if code > 0 {
        out.note("torch.script", true);
        out.unread
            .push(format!("{code} members of TorchScript code"));
    }
    Ok(())
}

/// Any other archive: each member is inspected.
fn any(archive: &Archive<'_>, reader: &mut Reader<'_>, out: &mut Inspection) -> Result<(), Fault> {
    reader.enter(0)?;
    for (entry, local) in &archive.members {
        let name = entry.display();
        if name.ends_with('/') {
            continue;
        }
        let path = format!("{}!{name}", out.path);
        let window = archive.source.window(local.data, entry.compressed);
        let member = match entry.method {
            STORED => reader.inspect(&path, &window),
            DEFLATED => {
                let open = archive::open(&window, DEFLATED);
                reader.inflate(&path, open, entry.compressed, entry.size)
            }
            method => Inspection::unread(&path, entry.size, format!("method {method}")),
        };
        out.members.push(member);
    }
    reader.depth -= 1;
    Ok(())
}
