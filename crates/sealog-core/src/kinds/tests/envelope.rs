//! The members of record, log and signature.

use alloc::string::ToString;
use alloc::{format, vec};

use super::examples::{
    COMMITMENT, DIGEST, Extent, KEY_ID, fields, object, record, remove, set, with, without,
};
use super::*;
use crate::json::Number;
use crate::limits::{ID_BYTES_MAX, INTEGER_MAX, PAYLOAD_INLINE_BYTES_MAX, STRING_BYTES_MAX};

/// A record of a custom kind with every member of the envelope.
fn full() -> Value {
    record(
        "org.example.thing",
        object([("input_digest", COMMITMENT.into())]),
        Extent::Full,
    )
}

fn full_refused(pointer: &str, new: impl Into<Value>, path: &str, code: &str) {
    refused(&with(&full(), pointer, new), path, code);
}

fn log() -> Value {
    fields(log_fields(), Extent::Full)
}

#[track_caller]
fn log_refused(log: &Value, path: &str, code: &str) {
    let error = on(log, check_log).unwrap_err();
    assert_eq!((error.path(), error.code()), (path, code), "{error}");
}

#[test]
fn full_envelope_is_accepted() {
    assert_eq!(on(&full(), check_whole_record), Ok(BodySchema::Custom));
    assert_eq!(on(&log(), check_log), Ok(()));
    assert_eq!(on(&without(&log(), "/prev_checkpoint"), check_log), Ok(()));
    let signature = fields(signature_fields(), Extent::Full);
    assert_eq!(on(&signature, check_signature), Ok(()));
}

#[test]
fn each_member_of_the_envelope_is_required_or_optional_as_the_file_says() {
    for field in record_fields() {
        let record = without(&full(), &format!("/{}", field.name()));
        if field.is_required() {
            refused(&record, &format!("/{}", field.name()), "missing_field");
        } else {
            assert_eq!(on(&record, check_whole_record), Ok(BodySchema::Custom));
        }
    }
    for field in log_fields().iter().filter(|field| field.is_required()) {
        let log = without(&log(), &format!("/{}", field.name()));
        log_refused(&log, &format!("/{}", field.name()), "missing_field");
    }
}

#[test]
fn a_member_without_a_value_is_absent() {
    for field in record_fields() {
        let record = with(&full(), &format!("/{}", field.name()), Value::Null);
        if field.is_nullable() {
            assert_eq!(on(&record, check_whole_record), Ok(BodySchema::Custom));
        } else {
            refused(&record, &format!("/{}", field.name()), "null_not_allowed");
        }
    }
}

#[test]
fn exactly_these_members() {
    full_refused("/aaa", 1, "/aaa", "unknown_field");
    full_refused("/kinda", 1, "/kinda", "unknown_field");
    full_refused("/zzz", 1, "/zzz", "unknown_field");
    full_refused("/corrects/extra", 1, "/corrects/extra", "unknown_field");
    log_refused(&with(&log(), "/hash", DIGEST), "/hash", "unknown_field");
    let signature = with(
        &fields(signature_fields(), Extent::Full),
        "/public_key",
        "x",
    );
    assert_eq!(
        on(&signature, check_signature).unwrap_err().path(),
        "/public_key"
    );
}

#[test]
fn record_id_is_a_lowercase_uuid_of_version_7() {
    for id in [
        "01890A5D-AC96-774B-BCCE-B302099A8057",
        "01890a5d-ac96-474b-bcce-b302099a8057",
        "01890a5d-ac96-774b-ccce-b302099a8057",
        "01890a5dac96774bbcceb302099a8057",
        "01890a5d-ac96-774b-bcce-b302099a805",
        "01890a5d-ac96-774b-bcce-b302099a80570",
        "01890a5g-ac96-774b-bcce-b302099a8057",
        "01890a5d-ac96-774b-bcce-b302099a805g",
    ] {
        full_refused("/record_id", id, "/record_id", "wrong_form");
    }
}

#[test]
fn identifiers_are_ascii_of_1_to_200_bytes() {
    let longest = "x".repeat(ID_BYTES_MAX);
    let record = with(&full(), "/stream_id", longest.as_str());
    assert_eq!(on(&record, check_whole_record), Ok(BodySchema::Custom));
    for id in [
        "",
        &(longest + "x"),
        "a b",
        "a\"b",
        "é",
        "a\nb",
        "a\\b",
        "a#b",
        "a\u{200b}b",
    ] {
        for name in [
            "stream_id",
            "tenant_id",
            "system_id",
            "producer_run",
            "retention_class",
        ] {
            full_refused(&format!("/{name}"), id, &format!("/{name}"), "wrong_form");
        }
    }
}

#[test]
fn schema_version_is_three_numbers() {
    for version in [
        "1", "1.1", "1.1.0.0", "1.1.x", "v1.1.0", "1..0", " 1.1.0", "1.1.0\n",
    ] {
        full_refused("/schema_version", version, "/schema_version", "wrong_form");
    }
}

#[test]
fn times_are_in_utc_and_valid() {
    for time in [
        "2026-11-20T09:30:00+00:00",
        "2026-11-20T09:30:00",
        "2026-11-20 09:30:00Z",
        "2026-02-29T09:30:00Z",
        "2026-11-20T09:30:00.1234567891Z",
        "2026-11-20T09:30:00.Z",
        "2026-11-20t09:30:00z",
    ] {
        full_refused("/occurred_at", time, "/occurred_at", "wrong_form");
    }
}

#[test]
fn integers_are_not_negative_and_not_fractions() {
    let longest = Number::unsigned(INTEGER_MAX).unwrap();
    let record = with(&full(), "/producer_seq", longest);
    assert_eq!(on(&record, check_whole_record), Ok(BodySchema::Custom));
    let fraction = Number::finite(0.5).unwrap();
    full_refused("/producer_seq", -1, "/producer_seq", "wrong_form");
    full_refused("/producer_seq", fraction, "/producer_seq", "wrong_form");
    full_refused("/producer_seq", "1", "/producer_seq", "wrong_type");
    log_refused(&with(&log(), "/index", -1), "/index", "wrong_form");
    log_refused(&with(&log(), "/seq", fraction), "/seq", "wrong_form");
    log_refused(
        &with(&log(), "/clock/uncertainty_ms", fraction),
        "/clock/uncertainty_ms",
        "wrong_form",
    );
}

#[test]
fn non_integers_stand_in_the_body_and_nowhere_else() {
    let fraction = Number::finite(0.5).unwrap();
    full_refused(
        "/privacy/counts/email",
        fraction,
        "/privacy/counts/email",
        "wrong_form",
    );
    full_refused("/corrects/index", fraction, "/corrects/index", "wrong_form");
    let record = with(&full(), "/body/anything", fraction);
    assert_eq!(on(&record, check_whole_record), Ok(BodySchema::Custom));
}

#[test]
fn capture_mode_is_closed() {
    full_refused("/capture_mode", "Automatic", "/capture_mode", "wrong_form");
    full_refused(
        "/capture_mode",
        "org.example.mode",
        "/capture_mode",
        "wrong_form",
    );
}

#[test]
fn lists_of_the_envelope_are_never_empty() {
    for name in ["payloads", "personal_commitments"] {
        let pointer = format!("/{name}");
        full_refused(&pointer, vec![Value::Null; 0], &pointer, "empty_list");
        full_refused(&pointer, object([]), &pointer, "wrong_type");
    }
}

#[test]
fn a_personal_commitment_is_the_value_that_stands_there() {
    let field = "/personal_commitments/0/field";
    for pointer in [
        "/other",
        "input_digest",
        "/input_digest/0",
        "/input~2digest",
        "/",
    ] {
        full_refused(field, pointer, field, "commitment_not_in_body");
    }
    let key = "/personal_commitments/0/key_id";
    full_refused(
        key,
        "00112233445566778899aabbccddee00",
        key,
        "commitment_key_differs",
    );
    let commitment = "/personal_commitments/0/commitment";
    full_refused(commitment, DIGEST, commitment, "bare_digest");
}

#[test]
fn the_path_of_a_personal_commitment_is_a_json_pointer() {
    let body = object([("a/b", vec![object([("m~n", COMMITMENT.into())])].into())]);
    let mut record = record("org.example.thing", body, Extent::Full);
    set(
        &mut record,
        "/personal_commitments/0/field",
        "/a~1b/0/m~0n".into(),
    );
    assert_eq!(on(&record, check_whole_record), Ok(BodySchema::Custom));
    set(
        &mut record,
        "/personal_commitments/0/field",
        "/a~1b/00/m~0n".into(),
    );
    refused(
        &record,
        "/personal_commitments/0/field",
        "commitment_not_in_body",
    );
}

#[test]
fn a_personal_commitment_to_a_sealed_payload_has_that_payload() {
    let field = "/personal_commitments/0/field";
    let mut full = record("org.example.thing", object([]), Extent::Full);
    let sealed = "sealed:greeting";
    set(&mut full, "/payloads/0/name", "greeting".into());
    set(&mut full, field, sealed.into());
    set(&mut full, "/payloads/0/key_id", KEY_ID.into());
    assert_eq!(on(&full, check_whole_record), Ok(BodySchema::Custom));
    for other in ["sealed:", "sealed:other", &sealed.to_uppercase(), "seal:x"] {
        let mut changed = full.clone();
        set(&mut changed, field, other.into());
        let code = match other.starts_with("sealed:") {
            true => "commitment_not_sealed",
            false => "commitment_not_in_body",
        };
        refused(&changed, field, code);
    }
    let mut other_key = full.clone();
    set(&mut other_key, "/payloads/0/key_id", "00".repeat(16).into());
    refused(&other_key, field, "commitment_not_sealed");
    let mut open = full.clone();
    remove(&mut open, "/payloads/0/key_id");
    refused(&open, field, "commitment_not_sealed");
    remove(&mut full, "/payloads");
    refused(&full, field, "commitment_not_sealed");
}

#[test]
fn payload_digests_are_sha256_of_the_stored_bytes() {
    let sha384 = format!("sha384:{}", "0".repeat(96));
    full_refused(
        "/payloads/0/digest",
        sha384,
        "/payloads/0/digest",
        "wrong_form",
    );
    full_refused(
        "/payloads/0/digest",
        COMMITMENT,
        "/payloads/0/digest",
        "commitment_for_digest",
    );
}

#[test]
fn inline_payloads_are_base64_of_their_size() {
    let inline = "/payloads/0/inline";
    for text in [
        "",
        "aGVsbG8",
        "aGVsbG9=",
        "aGVsbG8=\n",
        "aGVsb_8=",
        "====",
        "aGVsbG8==",
    ] {
        full_refused(inline, text, inline, "wrong_form");
    }
    full_refused(
        "/payloads/0/size",
        6,
        "/payloads/0/size",
        "inline_size_differs",
    );
    let sized = |bytes: usize| {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(vec![7; bytes]);
        let size = Number::unsigned(u64::try_from(bytes).unwrap()).unwrap();
        with(&with(&full(), inline, text), "/payloads/0/size", size)
    };
    let largest = sized(PAYLOAD_INLINE_BYTES_MAX);
    assert_eq!(on(&largest, check_whole_record), Ok(BodySchema::Custom));
    refused(&sized(PAYLOAD_INLINE_BYTES_MAX + 1), inline, "wrong_form");
}

#[test]
fn corrects_names_a_leaf_hash() {
    full_refused("/corrects/leaf", DIGEST, "/corrects/leaf", "wrong_form");
    full_refused("/corrects", 3, "/corrects", "wrong_type");
}

#[test]
fn strings_are_one_line_of_1_to_1024_bytes() {
    let name = "/payloads/0/name";
    let longest = "é".repeat(STRING_BYTES_MAX / 2);
    let record = with(&full(), name, longest.as_str());
    assert_eq!(on(&record, check_whole_record), Ok(BodySchema::Custom));
    for text in [
        "",
        &(longest + "x"),
        "a\nb",
        "a\tb",
        "a\u{85}b",
        "a\u{2028}b",
        "a\u{7f}b",
    ] {
        full_refused(name, text, name, "wrong_form");
    }
}

#[test]
fn log_members_have_their_forms() {
    for (pointer, wrong) in [
        ("/prev_hash", DIGEST.to_string()),
        ("/prev_hash", "AB".repeat(32)),
        ("/nonce", "ab".repeat(32)),
        ("/prev_checkpoint", "ab".repeat(31)),
        ("/recorded_at", "yesterday".into()),
        ("/producer_id", "a@b c".into()),
        ("/producer_assurance", "org.example.guess".into()),
        ("/clock/source", "sundial".into()),
    ] {
        log_refused(&with(&log(), pointer, wrong), pointer, "wrong_form");
    }
    assert_eq!(
        on(&with(&log(), "/clock/source", "org.sundial"), check_log),
        Ok(())
    );
    assert_eq!(
        on(&with(&log(), "/prev_hash", Value::Null), check_log),
        Ok(())
    );
    assert_eq!(
        on(
            &with(&log(), "/clock/uncertainty_ms", Value::Null),
            check_log
        ),
        Ok(())
    );
}

#[test]
fn signatures_have_their_form() {
    let signature = fields(signature_fields(), Extent::Full);
    let short = format!("{}==", "A".repeat(85));
    let url_safe = format!("{}_==", "A".repeat(85));
    for (pointer, wrong) in [("/alg", "rsa"), ("/value", &short), ("/value", &url_safe)] {
        let error = on(&with(&signature, pointer, wrong), check_signature).unwrap_err();
        assert_eq!((error.path(), error.code()), (pointer, "wrong_form"));
    }
}

#[test]
fn an_unknown_name_is_shortened_and_escaped() {
    let name = format!("\u{1b}[2J/{}", "x".repeat(100));
    let mut record = full();
    record.as_object_mut().unwrap().insert(name, 1);
    let message = on(&record, check_whole_record).unwrap_err().to_string();
    assert!(message.starts_with("/\\u{1b}[2J~1xxx"), "{message}");
    assert!(message.len() < 120 && message.is_ascii(), "{message}");
}

#[test]
fn anything_but_an_object_is_refused() {
    for value in [Value::Null, 1.into(), "x".into(), vec![Value::Null].into()] {
        refused(&value, "", "wrong_type");
        assert_eq!(on(&value, check_log).unwrap_err().code(), "wrong_type");
        assert_eq!(
            on(&value, check_signature).unwrap_err().code(),
            "wrong_type"
        );
    }
}
