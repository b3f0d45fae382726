//! Rules between the fields of one record, which `kinds.json` states in words (`docs/formats/kinds.md`, section
//! "Rules between fields").
//!
//! **What is absent**: whatever needs another entry or the log (chains, the order of times, whether a configuration
//! was active), hashing of payloads, and the cover of bands, which `config` checks where it reads
//! them.

use alloc::boxed::Box;
use alloc::string::{String, ToString};

use super::error::{Check, SchemaError};
use super::found::Found;
use super::scalar;
use super::table::{Rule, Slot};
use crate::commitment::SEALED_FIELD;
use crate::json::Ref;

/// The rules of a record's own members.
pub(super) fn record(found: &Found<'_, '_>) -> Check {
    if let Some((list, body)) = found
        .get(Slot::PersonalCommitments)
        .zip(found.get(Slot::Body))
    {
        let payloads = found.get(Slot::Payloads);
        each(list, |item| personal_commitment(item, body, payloads))
            .map_err(|error| error.within("personal_commitments"))?;
    }
    if let Some(list) = found.get(Slot::Payloads) {
        each(list, payload).map_err(|error| error.within("payloads"))?;
    }
    Ok(())
}

/// The rules of a body, of which some members have been laid aside.
pub(super) fn body(rule: Rule, body: Ref<'_, '_>, found: &Found<'_, '_>) -> Check {
    match rule {
        Rule::None => Ok(()),
        Rule::Decision => decision(found),
        Rule::ConfigChanged => config_changed(body),
        Rule::LedgerCreated => body.member("continues").map_or(Ok(()), |continues| {
            ledger_continued(continues).map_err(|error| error.within("continues"))
        }),
        Rule::KeyEvent => key_event(body),
        Rule::EpochSealed => epoch_sealed(body),
        Rule::LogState => log_state(body),
        Rule::SeqRange => ordered(body, "first_seq", "last_seq"),
        Rule::IndexRange => ordered(body, "from_index", "to_index"),
    }
}

fn personal_commitment(
    item: Ref<'_, '_>,
    body: Ref<'_, '_>,
    payloads: Option<Ref<'_, '_>>,
) -> Check {
    let commitment = item
        .member("commitment")
        .and_then(Ref::plain_bytes)
        .unwrap_or_default();
    let key = item.member("key_id").and_then(Ref::plain_bytes);
    if scalar::commitment_key(commitment) != key {
        let rule = "not the key that the commitment names";
        return fails("key_id", "commitment_key_differs", rule);
    }
    let pointer = item.member("field").and_then(Ref::text).unwrap_or_default();
    if let Some(name) = pointer.strip_prefix(SEALED_FIELD) {
        let sealed = |payload: Ref<'_, '_>| {
            let own = payload.member("key_id").and_then(Ref::plain_bytes);
            let named = payload.member("name").is_some_and(|own| own.is_text(name));
            named && own == key
        };
        if payloads.is_some_and(|list| list.elements().any(sealed)) {
            return Ok(());
        }
        let rule = "no payload of this name is sealed by this key";
        return fails("field", "commitment_not_sealed", rule);
    }
    let stands = body.pointed(&pointer).and_then(Ref::plain_bytes);
    if stands != Some(commitment) {
        let rule = "the body does not hold this commitment there";
        return fails("field", "commitment_not_in_body", rule);
    }
    Ok(())
}

fn payload(item: Ref<'_, '_>) -> Check {
    let Some(inline) = item.member("inline").and_then(Ref::plain_bytes) else {
        return Ok(());
    };
    let held = scalar::base64_len(inline).and_then(|len| u64::try_from(len).ok());
    if held == item.member("size").and_then(Ref::u64) {
        return Ok(());
    }
    fails(
        "size",
        "inline_size_differs",
        "not the number of bytes that stand inline",
    )
}

fn decision(found: &Found<'_, '_>) -> Check {
    let state = found.get(Slot::ModelState).and_then(Ref::plain_bytes);
    if found.get(Slot::ModelReason).is_some() || state == Some(b"verified") {
        return Ok(());
    }
    fails(
        "model_reason",
        "model_reason_missing",
        "needed unless model_state is verified",
    )
}

fn config_changed(body: Ref<'_, '_>) -> Check {
    let is_first = |name| body.member(name).is_some_and(Ref::is_null);
    if is_first("prev_config_digest") == is_first("prev_index") {
        return Ok(());
    }
    fails(
        "prev_index",
        "first_configuration_unclear",
        "prev_config_digest and prev_index are both null, for the first, or neither",
    )
}

fn ledger_continued(continues: Ref<'_, '_>) -> Check {
    both_or_neither(continues, "known_size", "known_root")?;
    both_or_neither(continues, "lost_from", "lost_to")?;
    ordered(continues, "lost_from", "lost_to")
}

fn key_event(body: Ref<'_, '_>) -> Check {
    both_or_neither(body, "successor_vkey", "possession_signature")?;
    only_when(
        body,
        "event",
        "rotated",
        &["successor_vkey", "possession_signature"],
    )
}

fn epoch_sealed(body: Ref<'_, '_>) -> Check {
    let number = |name| body.member(name).and_then(Ref::u64);
    match (number("prev_epoch"), number("size")) {
        (Some(before), Some(size)) if before >= size => fails(
            "prev_epoch",
            "epoch_order",
            "the epoch before is at a lower index than this one",
        ),
        _ => Ok(()),
    }
}

fn log_state(body: Ref<'_, '_>) -> Check {
    only_when(body, "state", "started", &["heartbeat_s", "runtime"])?;
    only_when(body, "state", "stopped", &["count"])?;
    ordered(body, "first_seq", "last_seq")
}

/// The first of two numbers, where both are there, is not beyond the second.
fn ordered(object: Ref<'_, '_>, first: &'static str, last: &'static str) -> Check {
    let number = |name| object.member(name).and_then(Ref::u64);
    match (number(first), number(last)) {
        (Some(low), Some(high)) if low > high => {
            fails(last, "range_reversed", "the range ends before it begins")
        }
        _ => Ok(()),
    }
}

fn both_or_neither(object: Ref<'_, '_>, one: &'static str, other: &'static str) -> Check {
    match (object.member(one), object.member(other)) {
        (Some(_), None) => fails(
            other,
            "pair_incomplete",
            "absent, though its counterpart is there",
        ),
        (None, Some(_)) => fails(
            one,
            "pair_incomplete",
            "absent, though its counterpart is there",
        ),
        _ => Ok(()),
    }
}

/// The fields stand only where `member` has the value.
fn only_when(object: Ref<'_, '_>, member: &str, value: &str, fields: &[&'static str]) -> Check {
    if object
        .member(member)
        .is_some_and(|found| found.is_text(value))
    {
        return Ok(());
    }
    match fields.iter().find(|field| object.member(field).is_some()) {
        Some(field) => fails(
            field,
            "field_out_of_place",
            "has no meaning in this event or state",
        ),
        None => Ok(()),
    }
}

fn each<'t, 'a>(list: Ref<'t, 'a>, check: impl Fn(Ref<'t, 'a>) -> Check) -> Check {
    for (index, item) in list.elements().enumerate() {
        check(item).map_err(|error| error.within(&index.to_string()))?;
    }
    Ok(())
}

#[cold]
fn fails(name: &str, code: &'static str, rule: &'static str) -> Check {
    let path = String::new();
    let error = SchemaError::Rule { path, code, rule };
    Err(Box::new(error).within(name))
}
