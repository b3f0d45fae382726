//! The writer of an encoding: the host's binding walks a value once and calls it in order.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::frame::{Frame, Kind, Part, sort_members, sort_values};
use super::{ValueError, array};
use crate::json::write_string;
use crate::limits::{VALUE_BYTES_MAX, VALUE_DEPTH_MAX};

/// Writes the encoding of one value.
///
/// Scalars are one call. Containers begin with a `begin_..` call and end with [`end`](Self::end); what stands
/// between is their contents. [`finish`](Self::finish) gives the bytes. After an error the encoder is of no use.
///
/// ```
/// # use sealog_core::values::Encoder;
/// let mut encoder = Encoder::new();
/// encoder.begin_dict()?;
/// encoder.key("when")?;
/// encoder.date("2026-01-31")?;
/// encoder.key("scores")?;
/// encoder.begin_list()?;
/// encoder.float(0.5)?;
/// encoder.float(f64::NAN)?;
/// encoder.end()?;
/// encoder.end()?;
/// let expected = br#"{"scores":[0.5,{"$float":"nan"}],"when":{"$date":"2026-01-31"}}"#;
/// assert_eq!(encoder.finish()?, expected);
/// # Ok::<(), sealog_core::values::ValueError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Encoder {
    pub(super) out: Vec<u8>,
    frames: Vec<Frame>,
    /// The parts of all open containers that will be sorted, innermost last.
    parts: Vec<Part>,
    /// Their keys, one behind the other, as they are written.
    keys: String,
    bytes_max: usize,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder that has written nothing.
    pub const fn new() -> Self {
        Self::limited(VALUE_BYTES_MAX)
    }

    pub(super) const fn limited(bytes_max: usize) -> Self {
        Self {
            out: Vec::new(),
            frames: Vec::new(),
            parts: Vec::new(),
            keys: String::new(),
            bytes_max,
        }
    }

    /// The encoding of the one value that was written.
    pub fn finish(self) -> Result<Vec<u8>, ValueError> {
        if !self.frames.is_empty() {
            return Err(sequence("the end of a container", "the end"));
        }
        if self.out.is_empty() {
            return Err(sequence("a value", "the end"));
        }
        Ok(self.out)
    }

    /// A list: its values in order.
    pub fn begin_list(&mut self) -> Result<(), ValueError> {
        self.begin(b"[", Kind::List { close: b"]" })
    }

    /// A tuple: its values in order.
    pub fn begin_tuple(&mut self) -> Result<(), ValueError> {
        self.begin(b"{\"$tuple\":[", Kind::List { close: b"]}" })
    }

    /// A set, frozen or not: its values in any order.
    pub fn begin_set(&mut self) -> Result<(), ValueError> {
        self.begin(b"{\"$set\":[", Kind::Set)
    }

    /// A dictionary whose keys are all strings without surrogates: [`key`](Self::key) and value in turn, in any
    /// order.
    pub fn begin_dict(&mut self) -> Result<(), ValueError> {
        self.begin(
            b"{",
            Kind::Dict {
                close: b"}",
                key_given: false,
            },
        )
    }

    /// A dictionary with other keys: keys and values in turn, both as values, in any order.
    pub fn begin_pairs(&mut self) -> Result<(), ValueError> {
        self.begin(b"{\"$dict\":[", Kind::Pairs)
    }

    /// An object of a class with named fields: as [`begin_dict`](Self::begin_dict).
    pub fn begin_object(&mut self, type_name: &str) -> Result<(), ValueError> {
        self.room(type_name.len())?;
        self.begin(
            b"{\"$object\":[",
            Kind::Dict {
                close: b"}]}",
                key_given: false,
            },
        )?;
        self.put_name(type_name, b",{");
        Ok(())
    }

    /// A member of an enumeration: its value follows.
    pub fn begin_enum(&mut self, type_name: &str) -> Result<(), ValueError> {
        self.begin_named(b"{\"$enum\":[", type_name)
    }

    /// What an encoder of the user's own made of a value of that type: it follows.
    pub fn begin_custom(&mut self, type_name: &str) -> Result<(), ValueError> {
        self.begin_named(b"{\"$custom\":[", type_name)
    }

    /// An array whose elements are values: so many as the shape says follow, in C order.
    pub fn begin_items(&mut self, element_type: &str, shape: &[u64]) -> Result<(), ValueError> {
        self.room(element_type.len())?;
        let (count, shape) = (array::elements(shape)?, shape.to_vec());
        self.begin(b"{\"$items\":[", Kind::Items { count, shape })?;
        self.put_name(element_type, b",[");
        Ok(())
    }

    /// A series: its name, its index and its values follow, in this order.
    pub fn begin_series(&mut self) -> Result<(), ValueError> {
        self.begin(b"{\"$series\":[", Kind::Fixed { count: 3 })
    }

    /// A table: its index follows, then for each column its name and its values.
    pub fn begin_table(&mut self) -> Result<(), ValueError> {
        self.begin(b"{\"$table\":[", Kind::Table)
    }

    /// The key of the next value of a dictionary or object.
    pub fn key(&mut self, key: &str) -> Result<(), ValueError> {
        self.room(key.len())?;
        let Some(Frame {
            kind: Kind::Dict { key_given, .. },
            values,
            ..
        }) = self.frames.last_mut()
        else {
            return Err(sequence("a value", "a key"));
        };
        if mem::replace(key_given, true) {
            return Err(sequence("a value", "a second key"));
        }
        let first = *values == 0;
        self.end_part();
        if !first {
            self.out.push(b',');
        }
        let (start, key_start) = (self.out.len(), self.keys.len());
        if key.starts_with('$') {
            self.keys.push('$');
        }
        self.keys.push_str(key);
        write_string(
            &mut self.out,
            self.keys.get(key_start..).unwrap_or_default(),
        );
        self.out.push(b':');
        let key = key_start..self.keys.len();
        self.parts.push(Part {
            key,
            start,
            end: start,
        });
        Ok(())
    }

    /// The end of the container that was begun last.
    pub fn end(&mut self) -> Result<(), ValueError> {
        self.end_part();
        let frame = self
            .frames
            .pop()
            .ok_or(sequence("a value", "the end of a container"))?;
        match &frame.kind {
            Kind::List { close } => self.out.extend_from_slice(close),
            Kind::Dict {
                key_given: true, ..
            } => {
                return Err(sequence("the value of a key", "the end of a dictionary"));
            }
            Kind::Dict { close, .. } => {
                self.sort(&frame)?;
                self.out.extend_from_slice(close);
            }
            Kind::Pairs if !frame.values.is_multiple_of(2) => {
                return Err(sequence("the value of a key", "the end of a dictionary"));
            }
            Kind::Set | Kind::Pairs => {
                self.sort(&frame)?;
                self.out.extend_from_slice(b"]}");
            }
            Kind::Fixed { count } if frame.values == *count => self.out.extend_from_slice(b"]}"),
            Kind::Fixed { .. } => return Err(sequence("a value", "the end of a container")),
            Kind::Items { count, shape } if frame.values == *count => {
                self.out.push(b']');
                array::write_shape(&mut self.out, shape);
            }
            Kind::Items { count, .. } => {
                return Err(ValueError::ArrayLength {
                    expected: *count,
                    found: frame.values,
                });
            }
            Kind::Table if frame.values.is_multiple_of(2) => {
                return Err(sequence("the index or a column of a table", "its end"));
            }
            Kind::Table if frame.values == 1 => self.out.extend_from_slice(b"]}"),
            Kind::Table => self.out.extend_from_slice(b"]]}"),
        }
        self.room(0)
    }

    pub(super) fn begin(&mut self, open: &[u8], kind: Kind) -> Result<(), ValueError> {
        self.before_value()?;
        if self.frames.len() == VALUE_DEPTH_MAX {
            return Err(ValueError::Depth {
                max: VALUE_DEPTH_MAX,
            });
        }
        self.out.extend_from_slice(open);
        let (start, first_part) = (self.out.len(), self.parts.len());
        self.frames.push(Frame {
            kind,
            values: 0,
            start,
            first_part,
        });
        self.room(0)
    }

    fn begin_named(&mut self, open: &[u8], type_name: &str) -> Result<(), ValueError> {
        self.room(type_name.len())?;
        self.begin(open, Kind::Fixed { count: 1 })?;
        self.put_name(type_name, b",");
        Ok(())
    }

    /// Writes a name and what follows it ahead of the contents of the container just begun.
    fn put_name(&mut self, name: &str, then: &[u8]) {
        write_string(&mut self.out, name);
        self.out.extend_from_slice(then);
        if let Some(frame) = self.frames.last_mut() {
            frame.start = self.out.len();
        }
    }

    /// Refuses an encoding that is, or with so many bytes more would be, too long.
    pub(super) const fn room(&self, more: usize) -> Result<(), ValueError> {
        if self.out.len().saturating_add(more) > self.bytes_max {
            return Err(ValueError::Length {
                max: self.bytes_max,
            });
        }
        Ok(())
    }

    /// Writes what separates the next value from what stands before it, or refuses the value.
    pub(super) fn before_value(&mut self) -> Result<(), ValueError> {
        let Some(frame) = self.frames.last_mut() else {
            return if self.out.is_empty() {
                Ok(())
            } else {
                Err(sequence("the end", "a value"))
            };
        };
        let nth = frame.values;
        frame.values += 1;
        match &mut frame.kind {
            Kind::Dict { key_given, .. } => {
                return if mem::replace(key_given, false) {
                    Ok(())
                } else {
                    Err(sequence("a key", "a value"))
                };
            }
            Kind::Fixed { count } if nth >= *count => {
                return Err(sequence("the end of a container", "a value"));
            }
            Kind::Items { count, .. } if nth >= *count => {
                let found = nth.saturating_add(1);
                return Err(ValueError::ArrayLength {
                    expected: *count,
                    found,
                });
            }
            Kind::Set => self.begin_part(nth, b""),
            Kind::Pairs if nth.is_multiple_of(2) => self.begin_part(nth, b"["),
            Kind::Pairs => self.out.push(b','),
            Kind::Table => self.out.extend_from_slice(match nth {
                0 => b"",
                1 => b",[",
                _ if nth.is_multiple_of(2) => b",",
                _ => b"],[",
            }),
            Kind::List { .. } | Kind::Fixed { .. } | Kind::Items { .. } => {
                if nth > 0 {
                    self.out.push(b',');
                }
            }
        }
        Ok(())
    }

    fn begin_part(&mut self, nth: u64, open: &[u8]) {
        self.end_part();
        if nth > 0 {
            self.out.push(b',');
        }
        let start = self.out.len();
        self.out.extend_from_slice(open);
        let key = self.keys.len()..self.keys.len();
        self.parts.push(Part {
            key,
            start,
            end: start,
        });
    }

    /// Notes where the last part of the innermost container ends, if it has one, and closes a pair.
    fn end_part(&mut self) {
        let Some(frame) = self.frames.last() else {
            return;
        };
        let Some(part) = self
            .parts
            .get_mut(frame.first_part..)
            .and_then(<[Part]>::last_mut)
        else {
            return;
        };
        if matches!(frame.kind, Kind::Pairs) {
            self.out.push(b']');
        }
        part.end = self.out.len();
    }

    /// Brings the parts of a container into their order and takes them off the list.
    fn sort(&mut self, frame: &Frame) -> Result<(), ValueError> {
        let parts = self.parts.get_mut(frame.first_part..).unwrap_or_default();
        let first_key = parts.first().map_or(self.keys.len(), |part| part.key.start);
        match frame.kind {
            Kind::Dict { .. } => sort_members(&mut self.out, frame.start, &self.keys, parts)?,
            _ => sort_values(&mut self.out, frame.start, parts),
        }
        self.keys.truncate(first_key);
        self.parts.truncate(frame.first_part);
        Ok(())
    }
}

const fn sequence(expected: &'static str, found: &'static str) -> ValueError {
    ValueError::Sequence { expected, found }
}
