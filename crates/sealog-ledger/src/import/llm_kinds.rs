//! Which events of llm-audit-trail are records of a kind here: those whose required fields all stand in the event, as
//! the kind asks for them. Nothing is filled in, so an owner who is no identifier, a hash that is none and a waiver
//! without an end stay `import.adopted`.

use sealog_core::json::{Object, Tape, Value};
use sealog_core::kinds::{SCHEMA_VERSION, check_body};

use super::json::Json;
use crate::draft::integer;

/// Bytes of a body that an event becomes, at most: the record also holds the original, inline up to 32 KiB.
pub(super) const BODY_BYTES_MAX: usize = 2 * 1024;
/// References that are carried over, at most: the original has all of them.
const REFERENCES_MAX: usize = 8;

/// The kind and the body of the record that an event becomes; none: it is adopted as `import.adopted`.
pub(super) fn entry_of(event: &Json) -> Option<(&'static str, Object)> {
    let details = event.get("details")?;
    let (kind, body) = match event.text("event_type")? {
        "Approval" => ("approval", approval(event, details)?),
        "RiskWaiver" => ("waiver", waiver(event, details)?),
        "Attestation" | "DatasetAttestation" => ("attestation", attestation(event, details)?),
        "DatasetRegistered" => ("dataset.registered", data_set(event, details)?),
        _ => return None,
    };
    fits(kind, &body).then_some((kind, body))
}

/// Whether the log would take this body.
pub(super) fn fits(kind: &str, body: &Object) -> bool {
    let text = Value::Object(body.clone()).to_canonical();
    let mut tape = Tape::new();
    text.len() <= BODY_BYTES_MAX
        && tape
            .read(&text)
            .is_ok_and(|body| check_body(kind, SCHEMA_VERSION, body).is_ok())
}

/// Copies a text that is there and not empty.
fn copy(body: &mut Object, ours: &str, from: &Json, theirs: &str) {
    if let Some(text) = from.text(theirs).filter(|text| !text.is_empty()) {
        body.insert(ours, text);
    }
}

/// What an event is about: the first of these that it names, and the others.
fn subject(event: &Json) -> (Option<(&'static str, &str)>, Vec<&str>) {
    let scopes = [
        ("model", "model_id"),
        ("deployment", "deployment_id"),
        ("dataset", "dataset_id"),
    ];
    let mut named = scopes
        .into_iter()
        .filter_map(|(kind, member)| Some((kind, event.text(member)?)));
    (named.next(), named.map(|(_, id)| id).collect())
}

fn insert_references(body: &mut Object, details: &Json, more: Vec<&str>) {
    let mut ids: Vec<&str> = more;
    if let Some(Json::List(items)) = details.get("references") {
        ids.extend(items.iter().filter_map(|item| match item {
            Json::Text(text) => Some(&**text),
            _ => None,
        }));
    }
    ids.retain(|id| sealog_core::kinds::is_id(id.as_bytes()));
    ids.truncate(REFERENCES_MAX);
    if !ids.is_empty() {
        body.insert("reference_ids", ids);
    }
}

fn approval(event: &Json, details: &Json) -> Option<Object> {
    let mut body = Object::new();
    let (subject, others) = subject(event);
    let (kind, id) = subject?;
    body.insert("approval_id", event.text("event_id")?);
    body.insert("approver_id", details.text("owner")?);
    body.insert("decided_at", event.text("timestamp")?);
    body.insert("decision", details.text("decision")?);
    body.insert("rationale", details.text("rationale")?);
    body.insert("subject_id", id);
    body.insert("subject_kind", kind);
    insert_references(&mut body, details, others);
    Some(body)
}

fn waiver(event: &Json, details: &Json) -> Option<Object> {
    let mut body = Object::new();
    let Some(Json::List(controls)) = details.get("waived_controls") else {
        return None;
    };
    let controls = controls.iter().map(|control| match control {
        Json::Text(text) => Some(Value::from(text.as_str())),
        _ => None,
    });
    let controls: Vec<Value> = controls.collect::<Option<_>>()?;
    body.insert("approver_id", details.text("owner")?);
    body.insert("control_ids", Value::Array(controls));
    body.insert("rationale", details.text("rationale")?);
    body.insert("valid_to", details.text("time_bound_until")?);
    body.insert("waiver_id", event.text("event_id")?);
    let (subject, others) = subject(event);
    let ids = subject.map(|(_, id)| id).into_iter().chain(others);
    insert_references(&mut body, details, ids.collect());
    Some(body)
}

fn attestation(event: &Json, details: &Json) -> Option<Object> {
    let mut body = Object::new();
    body.insert("attestation_id", event.text("event_id")?);
    body.insert("attestor_id", details.text("owner")?);
    body.insert("statement", details.text("statement")?);
    if let (Some((kind, id)), _) = subject(event) {
        body.insert("subject_id", id);
        body.insert("subject_kind", kind);
    }
    Some(body)
}

fn data_set(event: &Json, details: &Json) -> Option<Object> {
    let mut body = Object::new();
    body.insert("content_digest", details.text("content_hash")?);
    body.insert("dataset_id", event.text("dataset_id")?);
    // The tool hashes nothing: somebody typed it.
    body.insert("digest_source", "declared");
    body.insert("version", details.text("version")?);
    copy(&mut body, "datasheet_url", details, "datasheet_url");
    copy(&mut body, "licence", details, "license");
    copy(&mut body, "owner_id", details, "owner");
    copy(&mut body, "residual_risk", details, "pii_residual_risk");
    copy(&mut body, "source", details, "source");
    if let Some(Json::Number(rows)) = details.get("rows") {
        body.insert("rows", integer(rows.parse().ok()?).ok()?);
    }
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attested(statement: usize) -> Option<(&'static str, Object)> {
        let text = format!(
            "{{\"event_id\":\"e\",\"event_type\":\"Attestation\",\"timestamp\":\"2026-01-01T00:00:00Z\",\
             \"details\":{{\"owner\":\"ann\",\"statement\":\"{}\"}}}}",
            "x".repeat(statement)
        );
        entry_of(&super::super::json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_body_is_as_long_as_the_limit_and_no_longer() {
        let (_, body) = attested(1).unwrap();
        let most = BODY_BYTES_MAX - (Value::Object(body).to_canonical().len() - 1);
        assert_eq!(attested(most).unwrap().0, "attestation");
        assert!(attested(most + 1).is_none());
    }

    #[test]
    fn references_are_carried_over_up_to_the_limit() {
        let of = |count: usize| {
            let ids: Vec<String> = (0..count).map(|n| format!("\"T{n}\"")).collect();
            let text = format!("{{\"references\":[\"not an id\",7,{}]}}", ids.join(","));
            let details = super::super::json::parse(text.as_bytes()).unwrap();
            let mut body = Object::new();
            insert_references(&mut body, &details, Vec::new());
            let ids = body.get("reference_ids").and_then(Value::as_array);
            ids.unwrap().len()
        };
        assert_eq!(of(REFERENCES_MAX), REFERENCES_MAX);
        assert_eq!(of(REFERENCES_MAX + 1), REFERENCES_MAX);
    }
}
