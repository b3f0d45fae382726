//! Canonical text (RFC 8785 section 3.2): one form for each value.

use alloc::vec::Vec;

use super::scan::next_stop;
use super::{Number, Object, Value};

/// Appends `null`.
pub fn write_null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

/// Appends `true` or `false`.
pub fn write_bool(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// Appends a number in the form of ECMAScript's `Number::toString`.
pub fn write_number(out: &mut Vec<u8>, number: Number) {
    match number.as_i64() {
        Some(integer) => {
            if integer < 0 {
                out.push(b'-');
            }
            write_digits(out, integer.unsigned_abs());
        }
        None => {
            out.extend_from_slice(
                ryu_js::Buffer::new()
                    .format_finite(number.as_f64())
                    .as_bytes(),
            );
        }
    }
}

/// Appends an integer as digits. Entries hold none beyond 2^53 - 1; a larger one would not be read back.
pub fn write_integer(out: &mut Vec<u8>, integer: u64) {
    write_digits(out, integer);
}

fn write_digits(out: &mut Vec<u8>, mut integer: u64) {
    let first = out.len();
    loop {
        let digit = u8::try_from(integer % 10).unwrap_or_default();
        out.push(b'0' + digit);
        integer /= 10;
        if integer == 0 {
            break;
        }
    }
    if let Some(digits) = out.get_mut(first..) {
        digits.reverse();
    }
}

/// Appends a string with its quotes, with the escapes that RFC 8785 prescribes and no others.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut at = 0;
    loop {
        let stop = next_stop(bytes, at);
        out.extend_from_slice(bytes.get(at..stop).unwrap_or_default());
        let Some(&byte) = bytes.get(stop) else { break };
        write_escape(out, byte);
        at = stop + 1;
    }
    out.push(b'"');
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0C => b'f',
        b'\r' => b'r',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend([hex_digit(byte >> 4), hex_digit(byte & 0x0F)]);
            return;
        }
    };
    out.extend([b'\\', short]);
}

/// The lowercase hexadecimal digit of a value below 16.
const fn hex_digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' + nibble - 10,
    }
}

pub(super) fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => write_null(out),
        Value::Bool(value) => write_bool(out, *value),
        Value::Number(number) => write_number(out, *number),
        Value::String(text) => write_string(out, text),
        Value::Array(elements) => {
            out.push(b'[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(out, element);
            }
            out.push(b']');
        }
        Value::Object(object) => write_object(out, object),
    }
}

pub(super) fn write_object(out: &mut Vec<u8>, object: &Object) {
    out.push(b'{');
    for (index, (key, value)) in object.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(out, key);
        out.push(b':');
        write_value(out, value);
    }
    out.push(b'}');
}
