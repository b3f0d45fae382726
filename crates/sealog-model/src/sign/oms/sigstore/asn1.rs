//! DER, field by field: one that has to be there is there, and nothing follows the last.
//!
//! **What is absent**: BER. What is encoded in another way than the one of DER is refused.

use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode, Reader, Result, SliceReader, Tag, TagNumber, Tagged};

/// The tag of a field that its place in a structure numbers, and that holds others.
pub(super) const fn numbered(number: u32) -> Tag {
    Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(number),
    }
}

/// What stands in a structure, in its order.
pub(super) struct Fields<'a> {
    reader: SliceReader<'a>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(structure: AnyRef<'a>, tag: Tag) -> Result<Self> {
        structure.tag().assert_eq(tag)?;
        Ok(Self {
            reader: SliceReader::new(structure.value())?,
        })
    }

    pub(super) fn sequence(structure: AnyRef<'a>) -> Result<Self> {
        Self::of(structure, Tag::Sequence)
    }

    /// The next field, which has to be there.
    pub(super) fn field(&mut self, tag: Tag) -> Result<AnyRef<'a>> {
        let found = AnyRef::decode(&mut self.reader)?;
        found.tag().assert_eq(tag)?;
        Ok(found)
    }

    /// The next field, if it is one of this tag.
    pub(super) fn optional(&mut self, tag: Tag) -> Result<Option<AnyRef<'a>>> {
        if self.reader.is_finished() || Tag::peek(&self.reader)? != tag {
            return Ok(None);
        }
        self.field(tag).map(Some)
    }

    /// All the fields that are left.
    pub(super) fn rest(mut self) -> Result<Vec<AnyRef<'a>>> {
        let mut found = Vec::new();
        while !self.reader.is_finished() {
            found.push(AnyRef::decode(&mut self.reader)?);
        }
        Ok(found)
    }

    /// The one field of a structure.
    pub(super) fn only(mut self, tag: Tag) -> Result<AnyRef<'a>> {
        let found = self.field(tag)?;
        self.end()?;
        Ok(found)
    }

    pub(super) fn end(self) -> Result<()> {
        self.reader.finish()
    }
}

/// The bytes of an octet string.
pub(super) fn octets(field: AnyRef<'_>) -> Result<&[u8]> {
    field.tag().assert_eq(Tag::OctetString)?;
    Ok(field.value())
}

/// The parts of a sequence.
pub(super) fn parts(sequence: AnyRef<'_>) -> Result<Vec<AnyRef<'_>>> {
    Fields::sequence(sequence)?.rest()
}
