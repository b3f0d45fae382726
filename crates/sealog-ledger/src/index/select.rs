//! A query answered by an entry's line alone, without the index: for what claims completeness.

use sealog_core::json::{Object, Ref, Tape, Value};
use sealog_core::time::Timestamp;

use super::query::Query;
use super::row::{self, Leaf};
use super::search::agrees;
use crate::Error;

/// Refuses a query that can match nothing because it is written wrongly.
pub(crate) fn check(query: &Query) -> Result<(), Error> {
    query.check()
}

/// Whether an entry's line is one that the query asks for.
pub(crate) fn selects(query: &Query, line: &[u8], tape: &mut Tape) -> bool {
    tape.read(line)
        .is_ok_and(|entry| selects_entry(query, entry))
}

/// The same of an entry that was read.
pub(crate) fn selects_entry(query: &Query, entry: Ref<'_, '_>) -> bool {
    let Some(Leaf::Entry(row)) = row::of(entry) else {
        return false;
    };
    let same = |asked: Option<&str>, found: Option<&str>| asked.is_none() || asked == found;
    agrees(query, &row)
        && same(query.trace.as_deref(), row.trace)
        && same(query.session.as_deref(), row.session)
}

/// The query as an object of what it asks for.
pub(crate) fn query_json(query: &Query) -> Value {
    let time = |time: Option<Timestamp>| time.map(Timestamp::format_micros);
    let members = [
        ("record_id", query.record_id.clone()),
        ("kind", query.kind.clone()),
        ("stream", query.stream.clone()),
        ("tenant", query.tenant.clone()),
        ("system", query.system.clone()),
        ("model", query.model.clone()),
        ("label", query.label.clone()),
        ("action", query.action.clone()),
        ("trace", query.trace.clone()),
        ("session", query.session.clone()),
        ("config", query.config.clone()),
        ("producer", query.producer.clone()),
        ("run", query.run.clone()),
        ("from_time", time(query.from_time)),
        ("to_time", time(query.to_time)),
    ];
    let asked = members
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    Value::Object(asked.collect::<Object>())
}

/// Reads what [`query_json`] writes; `None` for anything else.
pub(crate) fn query_from_json(json: &Value) -> Option<Query> {
    let Value::Object(object) = json else {
        return None;
    };
    let mut query = Query::default();
    for (name, value) in object.iter() {
        let text = value.as_str()?;
        let time = || Timestamp::parse(text.as_bytes()).ok();
        let member = match name {
            "record_id" => &mut query.record_id,
            "kind" => &mut query.kind,
            "stream" => &mut query.stream,
            "tenant" => &mut query.tenant,
            "system" => &mut query.system,
            "model" => &mut query.model,
            "label" => &mut query.label,
            "action" => &mut query.action,
            "trace" => &mut query.trace,
            "session" => &mut query.session,
            "config" => &mut query.config,
            "producer" => &mut query.producer,
            "run" => &mut query.run,
            "from_time" => {
                query.from_time = Some(time()?);
                continue;
            }
            "to_time" => {
                query.to_time = Some(time()?);
                continue;
            }
            _ => return None,
        };
        *member = Some(text.into());
    }
    // What is written again has to be what was read: a time in another form would be another text.
    let sound = query.check().is_ok() && query_json(&query) == *json;
    sound.then_some(query)
}
