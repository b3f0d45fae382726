//! Raw arrays that joblib writes into the middle of a pickle, behind the `BUILD` of each wrapper.

use super::machine::{Flavour, Halt, Machine, Outcome, broken, limit};
use super::value::{Fields, Value};

/// The flag of a numpy type that holds references to objects.
const HOLDS_OBJECTS: i64 = 1;

/// What one item of an array takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Bytes(u64),
    Object,
}

impl Machine<'_, '_, '_> {
    /// Passes over the bytes of the array that the wrapper's state describes, or runs the pickle that stands there.
    pub(super) fn raw_array(&mut self, state: &Fields) -> Result<(), Halt> {
        let Some(kind) = state.get("dtype") else {
            return Err(broken("an array wrapper without a type"));
        };
        let item = item(&kind).ok_or(broken("an array wrapper of a type that cannot be read"))?;
        let Item::Bytes(size) = item else {
            return self.pickle_inside();
        };
        let shape = state.get("shape");
        let shape = shape.as_ref().and_then(Value::items);
        let shape = shape.ok_or(broken("an array wrapper without a shape"))?;
        let mut bytes = Some(size);
        for length in shape {
            let length = length
                .as_integer()
                .and_then(|length| u64::try_from(length).ok());
            bytes = bytes
                .zip(length)
                .and_then(|(bytes, length)| bytes.checked_mul(length));
        }
        let bytes = bytes.ok_or(broken("an array wrapper whose size overflows"))?;
        let aligned = matches!(
            state.get("numpy_array_alignment_bytes"),
            Some(Value::Integer(_))
        );
        let padding = if aligned { self.number::<1>()? } else { 0 };
        if self.stream.skip(padding) && self.stream.skip(bytes) {
            Ok(())
        } else {
            Err(broken("ends inside of an array"))
        }
    }

    /// An array of objects is a pickle of its own at this place.
    fn pickle_inside(&mut self) -> Result<(), Halt> {
        if self.depth >= self.scan.limits.depth {
            return Err(limit("pickles nested too deep"));
        }
        let mut inner = Machine::new(self.stream, self.scan, Flavour::Plain, self.depth + 1);
        match inner.run() {
            Outcome::Stopped => Ok(()),
            Outcome::Broken => Err(broken("the array of objects is broken")),
            Outcome::GaveUp => Err(limit("the array of objects goes beyond a limit")),
        }
    }
}

fn item(kind: &Value) -> Option<Item> {
    let Value::Object(object) = kind else {
        return None;
    };
    let name = object.arguments.items()?.first()?.as_text()?;
    let name = name.trim_start_matches(['<', '>', '=', '|']);
    let (letter, digits) = name.split_at_checked(1)?;
    let count: u64 = digits.parse().ok()?;
    match letter {
        "O" => Some(Item::Object),
        "U" => count.checked_mul(4).map(Item::Bytes),
        "V" => match object.record.get() {
            Some((_, flags)) if flags & HOLDS_OBJECTS != 0 => Some(Item::Object),
            Some((size, _)) if size >= 0 => u64::try_from(size).ok().map(Item::Bytes),
            _ => Some(Item::Bytes(count)),
        },
        "b" | "i" | "u" | "f" | "c" | "S" | "a" | "M" | "m" => Some(Item::Bytes(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dtype(name: &str, record: Option<(i64, i64)>) -> Value {
        let made = Value::object(None, Value::tuple(vec![Value::text(name)]));
        if let Value::Object(object) = &made {
            object.record.set(record);
        }
        made
    }

    #[test]
    fn items_have_the_size_that_numpy_gives_them() {
        for (name, record, expected) in [
            ("f8", None, Some(Item::Bytes(8))),
            ("<U3", None, Some(Item::Bytes(12))),
            ("V6", Some((6, 0)), Some(Item::Bytes(6))),
            ("V6", Some((6, 27)), Some(Item::Object)),
            ("O8", None, Some(Item::Object)),
            ("Q8", None, None),
            ("f", None, None),
            ("", None, None),
            ("U9223372036854775807", None, None),
        ] {
            assert_eq!(item(&dtype(name, record)), expected, "{name}");
        }
        assert_eq!(item(&Value::Data), None);
    }
}
