//! The values that hold no others.

use alloc::vec::Vec;

use super::frame::Kind;
use super::{Encoder, ValueError, array, text};
use crate::json::{Number, write_bool, write_null, write_number, write_string};

impl Encoder {
    /// `null`.
    pub fn null(&mut self) -> Result<(), ValueError> {
        self.scalar(write_null)
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) -> Result<(), ValueError> {
        self.scalar(|out| write_bool(out, value))
    }

    /// An integer: a JSON number up to 2^53 - 1, else `$int`.
    pub fn int(&mut self, value: i64) -> Result<(), ValueError> {
        if let Some(number) = Number::integer(value) {
            return self.scalar(|out| write_number(out, number));
        }
        let sign = if value < 0 { "-" } else { "" };
        self.tagged("$int", &alloc::format!("{sign}{:#x}", value.unsigned_abs()))
    }

    /// An integer of any size, given as `-0x1f`: lowercase, without leading zeros.
    pub fn int_hex(&mut self, value: &str) -> Result<(), ValueError> {
        if !text::is_hex_integer(value) {
            return Err(ValueError::Text { tag: "$int" });
        }
        match i64::from_str_radix(&value.replacen("0x", "", 1), 16) {
            Ok(value) => self.int(value),
            Err(_) => self.tagged("$int", value),
        }
    }

    /// A double: a JSON number, or `$float` where it is not finite, is minus zero, or would read as an integer
    /// beyond 2^53 - 1. A float of fewer bits is widened by the caller.
    pub fn float(&mut self, value: f64) -> Result<(), ValueError> {
        let minus_zero = value == 0.0 && value.is_sign_negative();
        if let Some(number) = Number::finite(value).filter(|_| !minus_zero) {
            return self.scalar(|out| write_number(out, number));
        }
        self.scalar(|out| text::write_special_float(out, value))
    }

    /// A complex number of two doubles, each written as [`float`](Self::float) does.
    pub fn complex(&mut self, real: f64, imaginary: f64) -> Result<(), ValueError> {
        self.begin(b"{\"$complex\":[", Kind::Fixed { count: 2 })?;
        self.float(real)?;
        self.float(imaginary)?;
        self.end()
    }

    /// A string.
    pub fn str(&mut self, value: &str) -> Result<(), ValueError> {
        self.room(value.len())?;
        self.scalar(|out| write_string(out, value))
    }

    /// A string with surrogates: its code points in UTF-8 in which surrogates, too, have three bytes. One without
    /// surrogates is written as [`str`](Self::str) does.
    pub fn wide_str(&mut self, value: &[u8]) -> Result<(), ValueError> {
        self.room(value.len())?;
        text::check_wide(value)?;
        self.scalar(|out| text::write_wide(out, value))
    }

    /// A path of a file system, as the text that the system takes, with surrogates as in
    /// [`wide_str`](Self::wide_str).
    pub fn path(&mut self, value: &[u8]) -> Result<(), ValueError> {
        self.room(value.len())?;
        text::check_wide(value)?;
        self.scalar(|out| {
            out.extend_from_slice(b"{\"$path\":");
            text::write_wide(out, value);
            out.push(b'}');
        })
    }

    /// Bytes.
    pub fn bytes(&mut self, value: &[u8]) -> Result<(), ValueError> {
        self.scalar(|out| {
            out.extend_from_slice(b"{\"$bytes\":");
            array::write_blob(out, value);
            out.push(b'}');
        })
    }

    /// A date, `2026-01-31`.
    pub fn date(&mut self, value: &str) -> Result<(), ValueError> {
        self.checked("$date", value, text::is_date)
    }

    /// A time of day, `23:59:59[.fraction][offset]`, in the one form of the format page.
    pub fn time(&mut self, value: &str) -> Result<(), ValueError> {
        self.checked("$time", value, text::is_time)
    }

    /// A date and time of day, `2026-01-31T23:59:59[.fraction][offset]`, in the one form of the format page.
    pub fn datetime(&mut self, value: &str) -> Result<(), ValueError> {
        self.checked("$datetime", value, text::is_datetime)
    }

    /// A length of time: seconds rounded down, and the nanoseconds (below 1,000,000,000) that follow them.
    pub fn duration(&mut self, seconds: i64, nanos: u32) -> Result<(), ValueError> {
        if nanos >= 1_000_000_000 {
            return Err(ValueError::Text { tag: "$duration" });
        }
        self.tagged("$duration", &text::duration(seconds, nanos))
    }

    /// A decimal number in the scientific string of the General Decimal Arithmetic: what Python's `str` gives.
    pub fn decimal(&mut self, value: &str) -> Result<(), ValueError> {
        self.checked("$decimal", value, text::is_decimal)
    }

    /// A UUID in lower case.
    pub fn uuid(&mut self, value: &str) -> Result<(), ValueError> {
        self.checked("$uuid", value, text::is_uuid)
    }

    /// In place of a value that has no encoding: the name of its type.
    pub fn unencodable(&mut self, type_name: &str) -> Result<(), ValueError> {
        self.room(type_name.len())?;
        self.tagged("$unencodable", type_name)
    }

    /// An array of numbers: element type, extents, and the elements in C order, little-endian.
    pub fn array(
        &mut self,
        element_type: &str,
        shape: &[u64],
        data: &[u8],
    ) -> Result<(), ValueError> {
        array::check(element_type, shape, data)?;
        self.scalar(|out| {
            out.extend_from_slice(b"{\"$array\":[");
            write_string(out, element_type);
            out.push(b',');
            array::write_blob(out, data);
            array::write_shape(out, shape);
        })
    }

    fn scalar(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), ValueError> {
        self.before_value()?;
        write(&mut self.out);
        self.room(0)
    }

    fn checked(
        &mut self,
        tag: &'static str,
        value: &str,
        is_form: impl FnOnce(&str) -> bool,
    ) -> Result<(), ValueError> {
        if is_form(value) {
            self.tagged(tag, value)
        } else {
            Err(ValueError::Text { tag })
        }
    }

    fn tagged(&mut self, tag: &'static str, value: &str) -> Result<(), ValueError> {
        self.room(value.len())?;
        self.scalar(|out| {
            out.extend_from_slice(b"{\"");
            out.extend_from_slice(tag.as_bytes());
            out.extend_from_slice(b"\":");
            write_string(out, value);
            out.push(b'}');
        })
    }
}
