//! Tar bundles: each member in its turn. `NeMo`'s and `TorchServe`'s bundles are such.

use std::collections::HashSet;

use super::inspection::{Fault, Inspection};
use super::reader::{Reader, io};
use crate::formats::archive::leads_out;
use crate::formats::source::Source;
use crate::formats::stream::Stream;
use crate::formats::tar::{TarNext, next, padding};

/// Bytes of a header, and where its kind stands.
const BLOCK_BYTES: u64 = 512;
const KIND_AT: u64 = 156;
/// Bytes of a header with all that may stand before it: four texts of 64 KiB.
const LONG_BYTES: u64 = 4 * (64 * 1024 + 2 * BLOCK_BYTES) + BLOCK_BYTES;
const DIRECTORY: u8 = b'5';

pub(super) fn read(
    source: &Source,
    reader: &mut Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    out.kind = "tar";
    reader.enter(0)?;
    let mut at = 0u64;
    let mut names = HashSet::new();
    loop {
        // Contents are stepped over, so that they are not read twice. Only a long name reaches beyond one block.
        let kind = source.array::<1>(at.saturating_add(KIND_AT));
        let kind = kind.map_err(|error| io(&error, at))?;
        let long = matches!(kind, Some([b'L' | b'K' | b'x' | b'g']));
        let window = source.window(at, if long { LONG_BYTES } else { BLOCK_BYTES });
        let mut bytes = window.reader();
        let mut stream = Stream::new(&mut bytes);
        let member = match next(&mut stream) {
            TarNext::Member(member) => member,
            TarNext::End => break,
            TarNext::Broken => return Err(Fault::new("no member where one should be", at)),
        };
        let data = at.saturating_add(stream.offset());
        let wrong = |what: &str| Fault::new(format!("{}: {what}", member.name), at);
        if names.len() >= reader.limits.entries {
            let reason = format!("more than {} members", reader.limits.entries);
            return Err(Fault::new(reason, at));
        }
        if leads_out(&member.name) {
            return Err(wrong("leads out of the archive"));
        }
        if member.kind != DIRECTORY && !names.insert(member.name.clone()) {
            return Err(wrong("stands there twice"));
        }
        let content = source.window(data, member.size);
        if content.len() < member.size {
            return Err(wrong("breaks off"));
        }
        match member.kind {
            b'0' | 0 | b'7' => {
                let path = format!("{}!{}", out.path, member.name);
                out.members.push(reader.inspect(&path, &content));
            }
            DIRECTORY => {}
            _ => out
                .unread
                .push(format!("{}, which is no file", member.name)),
        }
        let step = member.size.checked_add(padding(member.size));
        let after = step.and_then(|step| data.checked_add(step));
        at = after.ok_or_else(|| wrong("breaks off"))?;
    }
    reader.depth -= 1;
    Ok(())
}
