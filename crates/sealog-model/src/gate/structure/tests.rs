//! What a structure is held against, and that nothing undetermined is accepted.

use sealog_core::ErrorKind;

use super::*;
use crate::formats::source::Source;
use crate::inspect::{Limits, inspect_source};

/// A pickle of a linear model of four features.
const LINE: &[u8] =
    b"\x80\x02csklearn.linear_model._base\nLinearRegression\n)\x81}X\x0e\x00\x00\x00n_features_in_K\x04sb.";
/// The same of a dictionary: nothing says what it is.
const DICT: &[u8] = b"\x80\x02}.";
const TENSORS: &[u8] = br#"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;

fn safetensors() -> Vec<u8> {
    let length = u64::try_from(TENSORS.len()).unwrap().to_le_bytes();
    [&length[..], TENSORS, &[0; 24]].concat()
}

fn report(files: &[(&str, &[u8])]) -> Report {
    let one = |(name, bytes): &(&str, &[u8])| {
        inspect_source(name, &Source::memory(*bytes), &Limits::default())
    };
    files.iter().map(one).collect()
}

fn shape(text: &str) -> Structure {
    Structure {
        shapes: vec![ExpectedShape::parse(text).unwrap()],
        ..Structure::default()
    }
}

fn class(text: &str) -> Structure {
    Structure {
        class: Some(text.into()),
        ..Structure::default()
    }
}

fn framework(text: &str) -> Structure {
    Structure {
        framework: Some(text.into()),
        ..Structure::default()
    }
}

fn features(features: u64) -> Structure {
    Structure {
        features: Some(features),
        ..Structure::default()
    }
}

fn parameters(parameters: u64) -> Structure {
    Structure {
        parameters: Some(parameters),
        ..Structure::default()
    }
}

#[test]
fn what_is_stated_as_expected_holds() {
    let line = report(&[("read.me", b"words"), ("model.pkl", LINE)]);
    for held in [
        class("LinearRegression"),
        class("sklearn.linear_model._base.LinearRegression"),
        framework("scikit-learn"),
        framework("sklearn"),
        shape("?,4"),
        shape("X=?, 4"),
        features(4),
        Structure::default(),
    ] {
        held.hold(&line).unwrap();
    }
    parameters(6)
        .hold(&report(&[("w.safetensors", &safetensors())]))
        .unwrap();
}

#[test]
fn what_is_stated_otherwise_is_refuted() {
    let line = report(&[("model.pkl", LINE)]);
    for missed in [
        class("LogisticRegression"),
        class("Regression"),
        class("_base.LinearRegression"),
        class(""),
        framework("learn"),
        shape("?,5"),
        shape("150,4"),
        shape("4"),
        shape("?,4,?"),
        features(3),
        features(5),
    ] {
        let error = missed.hold(&line).unwrap_err();
        assert_eq!(error.code(), "model_not_expected", "{missed:?}");
        assert_eq!(error.kind(), ErrorKind::Refuted);
    }
    let error = parameters(7).hold(&report(&[("w.safetensors", &safetensors())]));
    assert_eq!(error.unwrap_err().code(), "model_not_expected");
}

#[test]
fn a_second_model_of_another_type_is_refuted() {
    let other: &[u8] = b"\x80\x02csklearn.svm._classes\nSVC\n)\x81}b.";
    let both = report(&[("a.pkl", LINE), ("b.pkl", other)]);
    let error = class("LinearRegression").hold(&both).unwrap_err();
    assert_eq!(error.code(), "model_not_expected");
}

#[test]
fn documents_are_asked_only_where_no_model_speaks() {
    let mlmodel: &[u8] = b"flavors:\n  python_function:\n    loader_module: x\n  xgboost:\n    xgb_version: 1.5.0\nmlflow_version: 2.16.0\n";
    let alone = report(&[("MLmodel", mlmodel)]);
    assert_eq!(alone.files()[0].kind(), "mlmodel");
    framework("xgboost").hold(&alone).unwrap();
    let both = report(&[("MLmodel", mlmodel), ("model.pkl", LINE)]);
    framework("scikit-learn").hold(&both).unwrap();
    let error = framework("xgboost").hold(&both).unwrap_err();
    assert_eq!(error.code(), "model_not_expected");
}

#[test]
fn what_no_file_states_is_undecided_and_not_accepted() {
    for files in [
        &[("model.pkl", DICT)][..],
        &[("read.me", b"words".as_slice())],
        &[],
    ] {
        let report = report(files);
        for asked in [
            framework("scikit-learn"),
            shape("?,4"),
            features(4),
            parameters(6),
        ] {
            let error = asked.hold(&report).unwrap_err();
            assert_eq!(error.code(), "model_not_determined", "{asked:?}");
            assert_eq!(error.kind(), ErrorKind::Refused);
        }
    }
    let words = report(&[("read.me", b"words")]);
    let error = class("LinearRegression").hold(&words).unwrap_err();
    assert_eq!(error.code(), "model_not_determined");
    let error = shape("Y=?,4").hold(&report(&[("model.pkl", LINE)]));
    assert_eq!(error.unwrap_err().code(), "model_not_determined");
}

#[test]
fn a_malformed_or_unread_file_leaves_the_rest_undecided() {
    let cut = report(&[("a.pkl", LINE), ("b.pkl", &LINE[..40])]);
    for asked in [class("LinearRegression"), features(4)] {
        assert_eq!(asked.hold(&cut).unwrap_err().code(), "model_not_determined");
    }
    let unread = report(&[
        ("w.safetensors", &safetensors()),
        ("x.bin", b"\x7fELF\x01\x02\x03"),
    ]);
    let error = parameters(6).hold(&unread).unwrap_err();
    assert_eq!(error.code(), "model_not_determined");
}

#[test]
fn shapes_are_read_strictly() {
    let parsed = ExpectedShape::parse("a=b=1,?, 3").unwrap();
    assert_eq!(parsed.name.as_deref(), Some("a=b"));
    assert_eq!(parsed.shape, [Some(1), None, Some(3)]);
    for wrong in [
        "",
        "1,",
        "x",
        "-1",
        "=1",
        "1;2",
        "a=",
        "18446744073709551616",
    ] {
        ExpectedShape::parse(wrong).unwrap_err();
    }
    let of = |rank: usize| vec!["1"; rank].join(",");
    ExpectedShape::parse(&of(EXPECTED_RANK_MAX)).unwrap();
    ExpectedShape::parse(&of(EXPECTED_RANK_MAX + 1)).unwrap_err();
}

#[test]
fn so_many_shapes_and_no_more() {
    let line = report(&[("model.pkl", LINE)]);
    let of = |number| Structure {
        shapes: vec![ExpectedShape::parse("?,4").unwrap(); number],
        ..Structure::default()
    };
    of(EXPECTED_SHAPES_MAX).hold(&line).unwrap();
    let error = of(EXPECTED_SHAPES_MAX + 1).hold(&line).unwrap_err();
    assert_eq!(error.code(), "model_limit");
}
