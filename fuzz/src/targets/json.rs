//! The two readers of JSON, against each other.

use sealog_core::json::{Ref, Tape, Value};

use super::{owned, variant};
use crate::Answer;

/// The tape accepts a text exactly if reading it and writing it again gives that text.
pub(super) fn canonical(text: &[u8]) -> Answer {
    let mut tape = Tape::new();
    let read = tape.read(text).map(Ref::to_value);
    let expected = Value::parse(text)
        .ok()
        .filter(|value| value.to_canonical() == text);
    match read {
        Ok(value) => {
            assert_eq!(
                Some(&value),
                expected.as_ref(),
                "accepted, but not canonical"
            );
            "accepted".to_owned()
        }
        Err(error) => {
            assert_eq!(expected, None, "canonical, but refused: {error}");
            assert!(!error.to_string().is_empty());
            variant(&error)
        }
    }
}

/// What any reader accepts keeps its value through the canonical form, which the strict reader accepts.
pub(super) fn any(text: &[u8]) -> Answer {
    match Value::parse(text) {
        Ok(value) => {
            let written = value.to_canonical();
            let again = Tape::new().read(&written).map(Ref::to_value);
            assert_eq!(
                again.as_ref(),
                Ok(&value),
                "does not survive its own canonical form"
            );
            format!(
                "accepted {}",
                if written == text {
                    "as it stood"
                } else {
                    "and rewritten"
                }
            )
        }
        Err(error) => variant(&error),
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = owned([
        br#"{"a":[1,2.5,-3e-7,1e+21,null,true,false],"b":{"":"x","\u00e9":"\u20ac"}}"#,
        r#"{"é":"\\\"\n\t\u0001","€":"😀","דּ":0}"#.as_bytes(),
        br#"{"log":{"index":0,"seq":0},"record":{"kind":"decision.recorded","body":{"score":0.875}}}"#,
        b"[[[[[[[[]]]]]]]]",
        b"[0,-0,0.1,333333333.3333333,1e-7,123456789012345680000,9007199254740991]",
        b" { \"b\" : 1 , \"a\" : 2 } ",
        br#""\ud83d\ude00""#,
        br#"{"a":1,"a":2}"#,
        br#"["\ud800"]"#,
        b"1e999",
        b"9007199254740993",
        b"\xef\xbb\xbf{}",
    ]);
    let deep = sealog_core::limits::JSON_DEPTH_MAX;
    seeds.push([vec![b'['; deep], vec![b']'; deep]].concat());
    seeds
}
