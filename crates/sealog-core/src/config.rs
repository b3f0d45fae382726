//! Configurations: bands of a score, the label that they give, and the digest that decisions name
//! (`docs/formats/log.md`, "Rules of the records that the log reads").

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::ErrorKind;
use crate::hash::Hash;
use crate::json::{Number, Object, Ref, Value};
use crate::limits::BANDS_MAX;

/// Why a list of bands is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BandsError {
    /// There is no band.
    #[error("a configuration with bands needs at least one")]
    Empty,
    /// There are more bands than [`BANDS_MAX`].
    #[error("more than {BANDS_MAX} bands")]
    TooMany,
    /// The first band has a lower end, or the last an upper end: some score would get no label.
    #[error(
        "the bands do not cover every score: the first must have no lower and the last no upper end"
    )]
    NotCovering,
    /// A band does not begin where the one before it ends.
    #[error("band {band} does not begin where the one before it ends")]
    HoleOrOverlap {
        /// Position of the band in the list, from 0.
        band: usize,
    },
    /// A band ends at or before its beginning.
    #[error("band {band} is empty: its upper end is not above its lower end")]
    EmptyBand {
        /// Position of the band in the list, from 0.
        band: usize,
    },
    /// A member is missing, of the wrong type, or one too many.
    #[error("band {band} is not an object of label_id, from and to")]
    Shape {
        /// Position of the band in the list, from 0.
        band: usize,
    },
}

impl BandsError {
    /// Always [`ErrorKind::Malformed`].
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::Malformed
    }
}

/// `label_id`, `from` and `to`.
const MEMBERS_OF_BAND: usize = 3;

/// One half-open range of the score: `from <= score < to`; an absent end is open to that side.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Label given inside the range.
    pub label_id: String,
    /// Lower end, included.
    pub from: Option<f64>,
    /// Upper end, excluded.
    pub to: Option<f64>,
}

/// Bands in order, without overlap or hole, covering every score.
#[derive(Debug, Clone, PartialEq)]
pub struct Bands(Vec<Band>);

impl Bands {
    /// Takes bands that are ordered, adjoin each other and cover every finite score.
    pub fn new(bands: Vec<Band>) -> Result<Self, BandsError> {
        if bands.len() > BANDS_MAX {
            return Err(BandsError::TooMany);
        }
        let (Some(first), Some(last)) = (bands.first(), bands.last()) else {
            return Err(BandsError::Empty);
        };
        if first.from.is_some() || last.to.is_some() {
            return Err(BandsError::NotCovering);
        }
        let mut end = None;
        for (position, band) in bands.iter().enumerate() {
            if position > 0 && (band.from.is_none() || band.from != end) {
                return Err(BandsError::HoleOrOverlap { band: position });
            }
            if let (Some(from), Some(to)) = (band.from, band.to)
                && from >= to
            {
                return Err(BandsError::EmptyBand { band: position });
            }
            end = band.to;
        }
        Ok(Self(bands))
    }

    /// One threshold: scores below it get `below`, all others `above`.
    pub fn threshold(threshold: f64, below: &str, above: &str) -> Self {
        Self(Vec::from([
            Band {
                label_id: below.into(),
                from: None,
                to: Some(threshold),
            },
            Band {
                label_id: above.into(),
                from: Some(threshold),
                to: None,
            },
        ]))
    }

    /// Reads the `bands` member of a `config.changed` body.
    pub fn read(list: Ref<'_, '_>) -> Result<Self, BandsError> {
        let mut bands = Vec::new();
        for (position, item) in list.elements().enumerate() {
            if position >= BANDS_MAX {
                return Err(BandsError::TooMany);
            }
            let shape = BandsError::Shape { band: position };
            if item.len() != MEMBERS_OF_BAND {
                return Err(shape);
            }
            let end = |name| match item.member(name) {
                Some(value) if value.is_null() => Ok(None),
                Some(value) => value.f64().map(Some).ok_or_else(|| shape.clone()),
                None => Err(shape.clone()),
            };
            let (from, to) = (end("from")?, end("to")?);
            let label = item
                .member("label_id")
                .and_then(Ref::plain_str)
                .ok_or(shape)?;
            bands.push(Band {
                label_id: label.into(),
                from,
                to,
            });
        }
        Self::new(bands)
    }

    /// The label of a score. Every finite score has one.
    pub fn label_of(&self, score: f64) -> &str {
        let past = self
            .0
            .partition_point(|band| band.to.is_some_and(|to| to <= score));
        self.0
            .get(past)
            .or(self.0.last())
            .map_or("", |band| &band.label_id)
    }

    /// The bands in order.
    pub fn as_slice(&self) -> &[Band] {
        &self.0
    }

    /// The `bands` member of a body.
    pub fn to_value(&self) -> Value {
        let end = |end: Option<f64>| {
            end.and_then(Number::finite)
                .map_or(Value::Null, Value::Number)
        };
        Value::Array(
            self.0
                .iter()
                .map(|band| {
                    let mut item = Object::new();
                    item.insert("from", end(band.from));
                    item.insert("label_id", Value::String(band.label_id.clone()));
                    item.insert("to", end(band.to));
                    Value::Object(item)
                })
                .collect(),
        )
    }
}

/// The digest of a configuration: SHA-256 of the canonical object of `config_id`, `model_id`, `bands` and
/// `prev_config_digest`, in which `model_id` and `bands` are absent where the configuration has none and
/// `prev_config_digest` is null for the first version.
pub fn config_digest(
    config_id: &str,
    model_id: Option<&str>,
    bands: Option<&Bands>,
    previous: Option<&Hash>,
) -> Hash {
    let mut object = Object::new();
    object.insert("config_id", Value::String(config_id.into()));
    if let Some(model_id) = model_id {
        object.insert("model_id", Value::String(model_id.into()));
    }
    if let Some(bands) = bands {
        object.insert("bands", bands.to_value());
    }
    let previous = previous.map_or(Value::Null, |hash| Value::String(digest_text(hash)));
    object.insert("prev_config_digest", previous);
    Hash::of(&[&Value::Object(object).to_canonical()])
}

/// `sha256:` and the hash in hex.
pub fn digest_text(hash: &Hash) -> String {
    let mut text = String::from("sha256:");
    text.push_str(&hash.to_hex());
    text
}

/// Reads `sha256:` and 64 lowercase hex digits.
pub fn parse_digest(text: &str) -> Option<Hash> {
    parse_digest_bytes(text.as_bytes())
}

/// The same from bytes.
pub(crate) fn parse_digest_bytes(text: &[u8]) -> Option<Hash> {
    Hash::from_hex_bytes(text.strip_prefix(b"sha256:")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn band(label: &str, from: Option<f64>, to: Option<f64>) -> Band {
        Band {
            label_id: label.into(),
            from,
            to,
        }
    }

    #[test]
    fn any_number_of_labels_maps_at_and_beside_each_border() {
        let bands = Bands::new(vec![
            band("L001", None, Some(0.25)),
            band("L002", Some(0.25), Some(0.5)),
            band("L001", Some(0.5), None),
        ])
        .unwrap();
        for (score, label) in [
            (-1e300, "L001"),
            (0.25_f64.next_down(), "L001"),
            (0.25, "L002"),
            (0.5_f64.next_down(), "L002"),
            (0.5, "L001"),
            (1e300, "L001"),
        ] {
            assert_eq!(bands.label_of(score), label, "{score}");
        }
    }

    #[test]
    fn a_widened_single_is_compared_as_the_double_it_becomes() {
        let bands = Bands::threshold(0.1, "low", "high");
        assert_eq!(bands.label_of(f64::from(0.1_f32)), "high");
        assert_eq!(bands.label_of(0.1), "high");
        assert_eq!(bands.label_of(0.1_f64.next_down()), "low");
    }

    #[test]
    fn refused_bands() {
        let refused = |bands| Bands::new(bands).unwrap_err();
        assert_eq!(refused(vec![]), BandsError::Empty);
        assert_eq!(
            refused(vec![band("a", Some(0.0), None)]),
            BandsError::NotCovering
        );
        assert_eq!(
            refused(vec![band("a", None, Some(0.0))]),
            BandsError::NotCovering
        );
        let hole = vec![band("a", None, Some(0.1)), band("b", Some(0.2), None)];
        assert_eq!(refused(hole), BandsError::HoleOrOverlap { band: 1 });
        let overlap = vec![band("a", None, Some(0.2)), band("b", Some(0.1), None)];
        assert_eq!(refused(overlap), BandsError::HoleOrOverlap { band: 1 });
        let two_open = vec![band("a", None, None), band("b", None, None)];
        assert_eq!(refused(two_open), BandsError::HoleOrOverlap { band: 1 });
        let backwards = vec![
            band("a", None, Some(0.5)),
            band("b", Some(0.5), Some(0.5)),
            band("c", Some(0.5), None),
        ];
        assert_eq!(refused(backwards), BandsError::EmptyBand { band: 1 });
        let at_limit: Vec<_> = (0..=BANDS_MAX)
            .map(|n| {
                let at = |n: usize| u32::try_from(n).ok().map(f64::from);
                let to = if n == BANDS_MAX { None } else { at(n) };
                band("a", n.checked_sub(1).and_then(at), to)
            })
            .collect();
        assert_eq!(refused(at_limit.clone()), BandsError::TooMany);
        let mut allowed = at_limit[..BANDS_MAX].to_vec();
        allowed[BANDS_MAX - 1].to = None;
        assert!(Bands::new(allowed).is_ok());
    }

    #[test]
    fn a_band_that_is_read_has_its_three_members_and_no_other() {
        let read = |text: &str| {
            let mut tape = crate::json::Tape::new();
            Bands::read(tape.read(text.as_bytes()).unwrap())
        };
        let whole = r#"[{"from":null,"label_id":"L1","to":null}]"#;
        let bands = read(whole).unwrap();
        assert_eq!(bands.to_value().to_canonical(), whole.as_bytes());
        for wrong in [
            r#"[{"from":null,"label_id":"L1","pod":"L2","to":null}]"#,
            r#"[{"from":null,"label_id":"L1"}]"#,
            r#"[{"from":null,"to":null}]"#,
            r#"[{"from":"0","label_id":"L1","to":null}]"#,
            "[[]]",
        ] {
            assert_eq!(read(wrong), Err(BandsError::Shape { band: 0 }), "{wrong}");
        }
    }

    #[test]
    fn digest_text_has_one_spelling() {
        let hash = Hash::of(&[b"x"]);
        assert_eq!(parse_digest(&digest_text(&hash)), Some(hash));
        assert_eq!(parse_digest(&digest_text(&hash).to_uppercase()), None);
        assert_eq!(parse_digest(&hash.to_hex()), None);
    }
}
