//! One test for each sentence of `kinds.json` that can refuse a body, named after it.

use alloc::string::ToString;
use alloc::{format, vec};

use super::examples::{COMMITMENT, DIGEST, Extent, object, record, with, without};
use super::*;
use crate::json::Number;
use crate::limits::TEXT_BYTES_MAX;

fn changed(kind: &str, pointer: &str, new: impl Into<Value>) -> Value {
    with(&record_of(kind, Extent::Full), pointer, new)
}

#[test]
fn kinds_are_those_of_the_file_or_reverse_domain_with_two_dots() {
    for kind in [
        "decison",
        "org.example",
        "Decision",
        "a",
        ".a.b.c",
        "a..b.c",
        "a.b.",
        "-a.b.c",
    ] {
        let record = with(&record_of("decision", Extent::Minimal), "/kind", kind);
        refused(&record, "/kind", "unknown_kind");
    }
    let body = object([("any", vec![Value::Null, object([])].into())]);
    let custom = record("org.example.thing", body, Extent::Minimal);
    assert_eq!(on(&custom, check_whole_record), Ok(BodySchema::Custom));
    refused(&with(&custom, "/body", 1), "/body", "wrong_type");
    assert!(is_custom("org.example.thing") && !is_custom("org.example") && !is_custom("decision"));
}

#[test]
fn derived_kinds_are_never_written() {
    refused(
        &record_of("chain.checkpoint", Extent::Minimal),
        "/kind",
        "derived_kind",
    );
    let newer = with(
        &record_of("chain.checkpoint", Extent::Minimal),
        "/schema_version",
        "9.0.0",
    );
    refused(&newer, "/kind", "derived_kind");
}

#[test]
fn unknown_fields_are_refused_for_kinds_of_the_file_in_a_known_version() {
    let record = changed("decision", "/body/confidence", 1);
    refused(&record, "/body/confidence", "unknown_field");
    for version in ["0.9.0", "1.0.9", "1.1.0", "01.001.0"] {
        let record = with(&record, "/schema_version", version);
        refused(&record, "/body/confidence", "unknown_field");
    }
    let record = changed("decision", "/body/checks/0/confidence", 1);
    refused(&record, "/body/checks/0/confidence", "unknown_field");
}

#[test]
fn unknown_fields_are_stored_unread_in_a_newer_version() {
    for version in [
        "1.1.1",
        "1.2.0",
        "1.10.0",
        "2.0.0",
        "10.0.0",
        "1.99999999999999999999999.0",
    ] {
        let record = with(
            &changed("decision", "/body/confidence", 1),
            "/schema_version",
            version,
        );
        assert_eq!(
            on(&record, check_whole_record),
            Ok(BodySchema::Newer),
            "{version}"
        );
        refused(&with(&record, "/body", 1), "/body", "wrong_type");
        refused(&with(&record, "/kind", "decison"), "/kind", "newer_kind");
    }
}

#[test]
fn the_envelope_is_checked_in_a_newer_version_too() {
    let record = with(
        &record_of("decision", Extent::Minimal),
        "/schema_version",
        "9.0.0",
    );
    refused(
        &with(&record, "/confidence", 1),
        "/confidence",
        "unknown_field",
    );
}

#[test]
fn a_system_id_in_the_body_equals_the_records() {
    let record = record_of("deployment", Extent::Minimal);
    accepted(&record);
    refused(
        &with(&record, "/system_id", "other"),
        "/body/system_id",
        "system_id_differs",
    );
    refused(
        &with(&record, "/system_id", Value::Null),
        "/body/system_id",
        "system_id_differs",
    );
    let custom = examples::record(
        "a.b.c",
        object([("system_id", "x".into())]),
        Extent::Minimal,
    );
    let custom = with(&custom, "/system_id", "y");
    refused(&custom, "/body/system_id", "system_id_differs");
}

#[test]
fn a_committed_field_holds_a_commitment() {
    let record = changed("decision", "/body/input_digest", DIGEST);
    refused(&record, "/body/input_digest", "bare_digest");
    for wrong in [
        &COMMITMENT.replace("hmac-sha256", "hmac-sha512"),
        &COMMITMENT.replace("0011", "001A"),
        &COMMITMENT.replace("0011", "001"),
        &COMMITMENT[..COMMITMENT.len() - 1],
        "hmac-sha256:",
    ] {
        let record = changed("decision", "/body/input_digest", wrong);
        refused(&record, "/body/input_digest", "wrong_form");
    }
    accepted(&changed("decision", "/body/input_digest", Value::Null));
}

#[test]
fn a_digest_of_an_artefact_is_no_commitment() {
    let record = changed("decision", "/body/model_digest", COMMITMENT);
    refused(&record, "/body/model_digest", "commitment_for_digest");
    for wrong in [
        &DIGEST.to_uppercase(),
        &DIGEST[..70],
        &DIGEST["sha256:".len()..],
        &DIGEST.replace("sha256", "sha384"),
        &DIGEST.replace("sha256", "md5"),
        &DIGEST.replace("sha256", "hmac-sha256"),
        "",
    ] {
        let record = changed("decision", "/body/model_digest", wrong);
        refused(&record, "/body/model_digest", "wrong_form");
    }
    for (algorithm, digits) in scalar::DIGEST_ALGORITHMS {
        let digest = format!("{algorithm}:{}", "0".repeat(digits));
        accepted(&changed("decision", "/body/model_digest", digest));
    }
}

#[test]
fn null_stands_only_where_nullable_is_true() {
    for kind in all()
        .iter()
        .filter(|kind| kind.written_by() != WrittenBy::Derived)
    {
        for field in kind.fields() {
            let pointer = format!("/body/{}", field.name());
            let mut record = record_of(kind.name(), Extent::Full);
            examples::set(&mut record, &pointer, Value::Null);
            let error = on(&record, check_whole_record).err();
            let is_null_error = error
                .as_ref()
                .is_some_and(|error| error.code() == "null_not_allowed");
            assert_eq!(
                is_null_error,
                !field.is_nullable(),
                "{} {pointer}",
                kind.name()
            );
        }
    }
}

#[test]
fn required_fields_are_there() {
    for kind in all()
        .iter()
        .filter(|kind| kind.written_by() != WrittenBy::Derived)
    {
        for field in kind.fields().iter().filter(|field| field.is_required()) {
            let pointer = format!("/body/{}", field.name());
            let record = without(&record_of(kind.name(), Extent::Full), &pointer);
            refused(&record, &pointer, "missing_field");
        }
    }
}

#[test]
fn times_in_bodies_have_a_zone() {
    let record = changed("deployment", "/body/deployed_at", "2026-11-20T09:30:00");
    refused(&record, "/body/deployed_at", "wrong_form");
}

#[test]
fn a_number_is_a_number() {
    for wrong in [Value::from("0.5"), true.into(), object([])] {
        refused(
            &changed("decision", "/body/score", wrong),
            "/body/score",
            "wrong_type",
        );
    }
    accepted(&changed(
        "decision",
        "/body/score",
        Number::finite(1e300).unwrap(),
    ));
}

#[test]
fn a_boolean_is_true_or_false() {
    refused(
        &changed("decision", "/body/match", 1),
        "/body/match",
        "wrong_type",
    );
    refused(
        &changed("decision", "/body/match", "true"),
        "/body/match",
        "wrong_type",
    );
}

#[test]
fn text_has_several_lines_and_a_limit() {
    let longest = "x".repeat(TEXT_BYTES_MAX);
    accepted(&changed("decision", "/body/error", longest.as_str()));
    accepted(&changed("decision", "/body/error", "a\nb\u{2028}\tc"));
    refused(
        &changed("decision", "/body/error", longest + "x"),
        "/body/error",
        "wrong_form",
    );
    refused(
        &changed("decision", "/body/error", ""),
        "/body/error",
        "wrong_form",
    );
    refused(
        &changed("decision", "/body/error", 1),
        "/body/error",
        "wrong_type",
    );
}

#[test]
fn an_enum_is_one_of_its_values_and_if_open_one_of_your_own_with_a_dot() {
    accepted(&changed("decision", "/body/action", "escalate"));
    accepted(&changed("decision", "/body/action", "org.example.defer"));
    accepted(&changed("decision", "/body/action", "example.defer"));
    for wrong in [
        "defer",
        "Allow",
        "org..defer",
        "org.de fer",
        ".defer",
        "allow,reject",
        "",
    ] {
        refused(
            &changed("decision", "/body/action", wrong),
            "/body/action",
            "wrong_form",
        );
    }
    let state = changed("decision", "/body/model_state", "org.example.state");
    refused(&state, "/body/model_state", "wrong_form");
}

#[test]
fn a_list_is_of_its_type() {
    let list = |item: Value| vec!["ok".into(), item];
    accepted(&changed(
        "decision",
        "/body/reason_codes",
        list("two".into()),
    ));
    let codes = "/body/reason_codes";
    refused(
        &changed("decision", codes, list(2.into())),
        "/body/reason_codes/1",
        "wrong_type",
    );
    refused(
        &changed("decision", codes, list("a b".into())),
        "/body/reason_codes/1",
        "wrong_form",
    );
    let null = list(Value::Null);
    refused(
        &changed("decision", codes, null),
        "/body/reason_codes/1",
        "null_not_allowed",
    );
    refused(&changed("decision", codes, "one"), codes, "wrong_type");
    accepted(&changed("decision", codes, vec![Value::Null; 0]));
}

#[test]
fn an_object_without_listed_members_is_a_flat_map() {
    let detail = "/body/checks/0/detail";
    accepted(&changed("decision", detail, object([])));
    for (value, code) in [
        (Value::Null, "null_not_allowed"),
        (vec![Value::from(1)].into(), "wrong_type"),
        (object([]), "wrong_type"),
        ("two\nlines".into(), "wrong_form"),
    ] {
        let record = changed("decision", detail, object([("a", value)]));
        refused(&record, "/body/checks/0/detail/a", code);
    }
    refused(&changed("decision", detail, 1), detail, "wrong_type");
    refused(
        &changed("decision", detail, object([("", 1.into())])),
        "/body/checks/0/detail/",
        "wrong_form",
    );
}

#[test]
fn model_reason_is_needed_unless_model_state_is_verified() {
    let record = record_of("decision", Extent::Minimal);
    accepted(&record);
    for state in ["unverified", "hosted"] {
        let record = with(&record, "/body/model_state", state);
        refused(&record, "/body/model_reason", "model_reason_missing");
        accepted(&with(&record, "/body/model_reason", "no gate"));
    }
}

#[test]
fn a_configuration_is_the_first_or_names_both_digest_and_index() {
    let first = changed("config.changed", "/body/prev_index", Value::Null);
    refused(&first, "/body/prev_index", "first_configuration_unclear");
    accepted(&with(&first, "/body/prev_config_digest", Value::Null));
    let half = changed("config.changed", "/body/prev_config_digest", Value::Null);
    refused(&half, "/body/prev_index", "first_configuration_unclear");
}

#[test]
fn bands_are_never_an_empty_list() {
    let record = changed("config.changed", "/body/bands", vec![Value::Null; 0]);
    refused(&record, "/body/bands", "empty_list");
}

#[test]
fn trust_goes_from_0_to_1() {
    for (number, ok) in [(0.0, true), (1.0, true), (-0.1, false), (1.1, false)] {
        let number = Number::finite(number).unwrap();
        let record = changed("context.source", "/body/trust_level", number);
        if ok {
            accepted(&record);
        } else {
            refused(&record, "/body/trust_level", "wrong_form");
        }
    }
}

#[test]
fn a_continued_ledger_names_sizes_with_roots_and_a_whole_range() {
    let record = record_of("ledger.created", Extent::Full);
    for (gone, path) in [
        ("known_root", "known_root"),
        ("known_size", "known_size"),
        ("lost_from", "lost_from"),
        ("lost_to", "lost_to"),
    ] {
        let record = without(&record, &format!("/body/continues/{gone}"));
        refused(
            &record,
            &format!("/body/continues/{path}"),
            "pair_incomplete",
        );
    }
    let reversed = with(&record, "/body/continues/lost_from", 8);
    refused(&reversed, "/body/continues/lost_to", "range_reversed");
}

#[test]
fn a_successor_belongs_to_a_rotation() {
    let record = record_of("key.event", Extent::Full);
    let revoked = with(&record, "/body/event", "revoked");
    refused(&revoked, "/body/successor_vkey", "field_out_of_place");
    let half = without(&record, "/body/possession_signature");
    refused(&half, "/body/possession_signature", "pair_incomplete");
    let half = without(&record, "/body/successor_vkey");
    refused(&half, "/body/successor_vkey", "pair_incomplete");
}

#[test]
fn the_epoch_before_is_at_a_lower_index() {
    accepted(&changed("epoch.sealed", "/body/prev_epoch", 4));
    refused(
        &changed("epoch.sealed", "/body/prev_epoch", 5),
        "/body/prev_epoch",
        "epoch_order",
    );
}

#[test]
fn each_log_state_has_its_own_fields() {
    let record = record_of("log.state", Extent::Full);
    refused(
        &with(&record, "/body/count", 1),
        "/body/count",
        "field_out_of_place",
    );
    let stopped = with(&record, "/body/state", "stopped");
    refused(&stopped, "/body/heartbeat_s", "field_out_of_place");
    let stopped = without(&stopped, "/body/heartbeat_s");
    refused(&stopped, "/body/runtime", "field_out_of_place");
    let stopped = without(&stopped, "/body/runtime");
    accepted(&with(&stopped, "/body/count", 1));
}

#[test]
fn a_range_does_not_end_before_it_begins() {
    for (kind, first, last) in [
        ("gap.declared", "first_seq", "last_seq"),
        ("log.state", "first_seq", "last_seq"),
        ("erasure.executed", "from_index", "to_index"),
        ("retention.disposed", "from_index", "to_index"),
    ] {
        let record = changed(kind, &format!("/body/{first}"), 8);
        refused(&record, &format!("/body/{last}"), "range_reversed");
    }
}

#[test]
fn messages_never_show_content() {
    let secret = "s3cret value";
    for pointer in [
        "/body/decision_id",
        "/body/action",
        "/body/input_digest",
        "/body/score",
    ] {
        let error = on(&changed("decision", pointer, secret), check_whole_record).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[test]
fn the_file_is_the_shared_one_where_that_is_present() {
    let own = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/kinds.json")).unwrap();
    let shared = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/crosswalk/kinds.json"
    );
    match std::fs::read(shared) {
        Ok(shared) => assert!(own == shared, "kinds.json differs from the shared one"),
        Err(error) => std::eprintln!("skipped: comparison with the shared kinds.json: {error}"),
    }
}
