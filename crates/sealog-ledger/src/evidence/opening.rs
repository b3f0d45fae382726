//! `openings.jsonl`: values that were committed to, each with the salt by which its commitment is checked
//! (`docs/formats/commitment.md`).

use sealog_core::commitment::{Commitment, SEALED_FIELD, Salt};
use sealog_core::json::{Object, Ref, Value};

use super::members;
use super::scope::count;

/// Openings of a package, at most.
pub const OPENINGS_MAX: usize = 10_000;
/// Bytes of the encoding of a value that is opened, at most.
pub const OPENING_VALUE_BYTES_MAX: usize = 1024 * 1024;

/// A commitment that is to be opened, and the value that was committed to.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    /// Id of the record that holds it.
    pub record_id: String,
    /// JSON Pointer from the record's body to it; for a sealed payload `sealed:` and its name.
    pub field: String,
    /// The canonical encoding of the value (`docs/formats/values.md`).
    pub value: String,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values are what commitments hide.
        f.debug_struct("Opening")
            .field("record_id", &self.record_id)
            .field("field", &self.field)
            .finish_non_exhaustive()
    }
}

/// A line of `openings.jsonl`.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) index: u64,
    pub(crate) opening: Opening,
    pub(crate) salt: Salt,
}

impl Opened {
    /// Where it stands among the lines.
    pub(crate) fn place(&self) -> (u64, &[u8]) {
        (self.index, self.opening.field.as_bytes())
    }

    /// Whether an entry holds the commitment that this opens.
    pub(crate) fn opens(&self, entry: Ref<'_, '_>) -> bool {
        commitment_at(entry, &self.opening.record_id, &self.opening.field).is_some_and(
            |commitment| {
                let value = self.opening.value.as_bytes();
                commitment.open(&self.salt, value).is_ok()
            },
        )
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut json = Object::new();
        json.insert("field", self.opening.field.as_str());
        json.insert("index", count(self.index));
        json.insert("record_id", self.opening.record_id.as_str());
        json.insert("salt", self.salt.expose_hex());
        json.insert("value", self.opening.value.as_str());
        Value::Object(json)
    }

    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let json = super::canonical(line)?;
        let names = ["field", "index", "record_id", "salt", "value"];
        let object = members(&json, &names)?;
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let value = text("value").filter(|value| value.len() <= OPENING_VALUE_BYTES_MAX)?;
        Some(Self {
            index: object.get("index")?.as_u64()?,
            opening: Opening {
                record_id: text("record_id")?.into(),
                field: text("field")?.into(),
                value: value.into(),
            },
            salt: Salt::from_hex(text("salt")?).ok()?,
        })
    }
}

/// The commitment that stands at this field of the record, if the entry is of that record. That to a sealed payload
/// stands among the personal ones.
pub(super) fn commitment_at(
    entry: Ref<'_, '_>,
    record_id: &str,
    field: &str,
) -> Option<Commitment> {
    let record = entry.member("record")?;
    if !record.member("record_id")?.is_text(record_id) {
        return None;
    }
    let value = if field.starts_with(SEALED_FIELD) {
        let mut list = record.member("personal_commitments")?.elements();
        list.find(|item| item.member("field").is_some_and(|own| own.is_text(field)))?
            .member("commitment")?
    } else {
        record.member("body")?.pointed(field)?
    };
    value.plain_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use sealog_core::commitment::{DataKey, KeyId};
    use sealog_core::json::Tape;

    use super::*;

    const RECORD: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn opened(value: &str) -> Opened {
        Opened {
            index: 3,
            opening: Opening {
                record_id: RECORD.into(),
                field: "/input".into(),
                value: value.into(),
            },
            salt: DataKey::new([7; 32]).salt(RECORD, "/input"),
        }
    }

    fn entry(commitment: &str) -> String {
        format!(
            r#"{{"record":{{"body":{{"input":"{commitment}","list":["{commitment}"]}},"record_id":"{RECORD}"}}}}"#
        )
    }

    #[test]
    fn only_the_value_salt_field_and_record_that_were_committed_to_open() {
        let right = opened("41");
        let commitment = right.salt.commit(KeyId::new([1; 16]), b"41").to_string();
        let text = entry(&commitment);
        let opens = |opened: &Opened| {
            let mut tape = Tape::new();
            opened.opens(tape.read(text.as_bytes()).unwrap())
        };
        assert!(opens(&right));
        assert!(!opens(&opened("42")));
        let edited = |edit: fn(&mut Opened)| {
            let mut other = right.clone();
            edit(&mut other);
            opens(&other)
        };
        assert!(!edited(|o| o.salt = Salt::new([0; 32])));
        assert!(!edited(|o| o.opening.field = "/output".into()));
        assert!(!edited(|o| o.opening.field = "/list".into()));
        assert!(!edited(|o| o.opening.field = String::new()));
        assert!(!edited(|o| o.opening.record_id = RECORD.replace('0', "1")));
        // The place is not part of what the salt was made from for a verifier: the same commitment opens there too.
        assert!(edited(|o| o.opening.field = "/list/0".into()));
    }

    #[test]
    fn a_line_is_read_as_it_was_written_up_to_its_limit() {
        let line = |opened: &Opened| opened.to_json().to_canonical();
        let most = opened(&"v".repeat(OPENING_VALUE_BYTES_MAX));
        let read = Opened::parse(&line(&most)).unwrap();
        assert_eq!(read.opening, most.opening);
        assert_eq!(line(&read), line(&most));
        let more = opened(&"v".repeat(OPENING_VALUE_BYTES_MAX + 1));
        assert!(Opened::parse(&line(&more)).is_none());
    }

    #[test]
    fn a_line_of_another_form_is_no_opening_and_nothing_shows_a_value() {
        let opened = opened("41");
        let line = String::from_utf8(opened.to_json().to_canonical()).unwrap();
        let salt = opened.salt.expose_hex();
        for (from, to) in [
            ("\"index\":3", "\"index\":\"3\""),
            ("\"index\":3,", ""),
            ("\"value\"", "\"more\":1,\"value\""),
            (&*salt, &salt.to_uppercase()),
            (&salt, &salt[1..]),
            ("{", " {"),
        ] {
            let other = line.replacen(from, to, 1);
            assert_ne!(other, line);
            assert!(Opened::parse(other.as_bytes()).is_none(), "{other}");
        }
        assert!(!format!("{:?}", opened.opening).contains("41"));
    }
}
