//! Protocol buffers, field by field, without a schema.

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    /// A variable-length integer.
    Varint(u64),
    /// Four or eight bytes.
    Fixed(&'a [u8]),
    /// Bytes of a stated length: a string, bytes, a message, packed numbers.
    Bytes(&'a [u8]),
}

/// The fields of a message, in order. After a field that cannot be read there is `None` inside, once.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
    broken: bool,
}

/// Reads a message.
pub const fn fields(message: &[u8]) -> Fields<'_> {
    Fields {
        rest: message,
        broken: false,
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Field<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() || self.broken {
            return None;
        }
        let field = field(&mut self.rest);
        self.broken = field.is_none();
        Some(field)
    }
}

impl<'a> Field<'a> {
    /// The bytes, where it has a length.
    pub const fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Varint(_) | Self::Fixed(_) => None,
        }
    }

    /// The number, where it is one.
    pub const fn number(self) -> Option<u64> {
        match self {
            Self::Varint(number) => Some(number),
            Self::Bytes(_) | Self::Fixed(_) => None,
        }
    }
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let key = varint(rest)?;
    let field = match key & 7 {
        0 => Field::Varint(varint(rest)?),
        1 => Field::Fixed(take(rest, 8)?),
        2 => {
            let len = usize::try_from(varint(rest)?).ok()?;
            Field::Bytes(take(rest, len)?)
        }
        5 => Field::Fixed(take(rest, 4)?),
        _ => return None,
    };
    let number = key >> 3;
    (number > 0).then_some((number, field))
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(taken)
}

/// A variable-length integer, at most ten bytes.
pub fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for at in 0..10u32 {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        let part = u64::from(byte & 0x7f);
        let shifted = part.checked_shl(7 * at)?;
        if shifted >> (7 * at) != part {
            return None;
        }
        value |= shifted;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_have_ten_bytes_at_most() {
        let max = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(varint(&mut &max[..]), Some(u64::MAX));
        let over = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        assert_eq!(varint(&mut &over[..]), None);
        assert_eq!(varint(&mut &[0x80; 11][..]), None);
        assert_eq!(varint(&mut &[0x80][..]), None);
    }

    #[test]
    fn a_length_that_lies_ends_the_message() {
        let message = [0x08, 0x01, 0x12, 0x7f, 0x00];
        let read: Vec<_> = fields(&message).collect();
        assert_eq!(read, [Some((1, Field::Varint(1))), None]);
    }
}
