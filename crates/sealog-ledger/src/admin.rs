//! The log's own records: what only the log may write, on behalf of a named person.

use sealog_core::config::{Bands, config_digest, digest_text};
use sealog_core::entry::{DEFAULT_TENANT, LOG_STREAM};
use sealog_core::hash::Hash;
use sealog_core::json::{Object, Value};
use sealog_core::state::{FORMAT_VERSION, LogState};
use sealog_core::time::Timestamp;

use crate::clock::{SystemClock, SystemRandom, new_token, new_uuid};
use crate::draft::{self, Draft, Filling, integer};
use crate::error::chain;
use crate::options::Creation;
use crate::{Error, keys};

/// What is said of an operator or a purpose that nobody stated; production refuses it.
pub const UNSTATED: &str = "unstated";

/// The reason of the `log.state` `degraded` with which a log goes on without a head copy.
pub const HEAD_MISSED: &str =
    "no head copy of this log was found here; had a backup been restored, nobody would know";

/// A change of a configuration.
#[derive(Debug, Clone)]
pub struct ConfigSet {
    /// The configuration; the same over all its versions.
    pub config_id: String,
    /// The system that it belongs to.
    pub system_id: Option<String>,
    /// The tenant; none: `default`.
    pub tenant_id: Option<String>,
    /// The model that it is valid for.
    pub model_id: Option<String>,
    /// Thresholds as bands.
    pub bands: Option<Bands>,
    /// Who changes it.
    pub changed_by: String,
    /// Why.
    pub reason: String,
    /// The approval of the change.
    pub approval_id: Option<String>,
    /// From when it is meant to apply.
    pub effective_at: Option<Timestamp>,
}

/// A draft in the log's own stream.
pub(crate) fn own_draft(kind: &str, body: Object) -> Draft {
    let mut draft = Draft::new(kind, body);
    draft.stream_id = Some(LOG_STREAM.into());
    draft.tenant_id = Some(DEFAULT_TENANT.into());
    draft
}

/// Entry 0.
pub(crate) fn created_draft(creation: &Creation, origin: &str, vkey: &str) -> Result<Draft, Error> {
    let stated = |text: &Option<String>| text.clone().unwrap_or_else(|| UNSTATED.into());
    let mut body = Object::new();
    body.insert("format_version", integer(FORMAT_VERSION)?);
    body.insert("operator", stated(&creation.operator));
    body.insert("origin", origin);
    body.insert("purpose", stated(&creation.purpose));
    if let Some(reason) = &creation.reason {
        body.insert("reason", reason.as_str());
    }
    if let Some(vkey) = &creation.recovery_vkey {
        body.insert("recovery_vkey", vkey.as_str());
    }
    body.insert("vkey", vkey);
    if let Some(continues) = &creation.continues {
        let mut old = Object::new();
        old.insert("because", continues.because.as_str());
        old.insert("held_root", continues.held_root.as_str());
        old.insert("held_size", integer(continues.held_size)?);
        if let Some((size, root)) = &continues.known {
            old.insert("known_root", root.as_str());
            old.insert("known_size", integer(*size)?);
            if *size > continues.held_size {
                old.insert("lost_from", integer(continues.held_size)?);
                old.insert("lost_to", integer(*size - 1)?);
            }
        }
        old.insert("origin", continues.origin.as_str());
        body.insert("continues", Value::Object(old));
    }
    Ok(own_draft("ledger.created", body))
}

/// Whether a log of this origin could say this in its entry 0, with a key that is thrown away. Asked before anything is
/// made: the key's name is the origin, and a key that is there binds every further try to it.
///
/// # Errors
/// [`Error::Argument`], which names the member.
pub(crate) fn check_created(creation: &Creation, origin: &str) -> Result<(), Error> {
    // Not the log's own random source, which may be a known one: what it gives next stands in the log.
    let random = SystemRandom;
    let vkey = keys::ephemeral(origin, &random)?.verifier_key().to_string();
    let run = new_token(&random)?;
    let filling = Filling {
        record_id: new_uuid(&SystemClock, &random)?,
        now: Timestamp::EPOCH,
        run: &run,
        seq: 0,
        privacy: None,
    };
    let draft = created_draft(creation, origin, &vkey)?;
    let (record, _) = draft::record_of(draft, &filling)?;
    match draft::check(&record) {
        Err(Error::Record { source }) => Err(Error::Argument {
            what: "what the log would say of itself",
            why: chain(&source),
        }),
        checked => checked.map(|_| ()),
    }
}

/// No head copy was there to compare the log with: a restored backup would have gone unnoticed.
pub(crate) fn head_missed_draft(now: Timestamp) -> Draft {
    let mut body = Object::new();
    body.insert("at", now.format_micros());
    body.insert("reason", HEAD_MISSED);
    body.insert("state", "degraded");
    own_draft("log.state", body)
}

/// The epoch that is due at this state.
pub(crate) fn epoch_draft(state: &mut LogState) -> Result<Draft, Error> {
    let mut body = Object::new();
    body.insert("map_root", state.epoch_root().to_hex());
    body.insert("prev_epoch", optional_index(state.last_epoch())?);
    body.insert("size", integer(state.size())?);
    Ok(own_draft("epoch.sealed", body))
}

/// What an outsider said of a checkpoint of this log.
pub(crate) struct AnchorSaid<'a> {
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) token: Hash,
    pub(crate) time: Timestamp,
    pub(crate) authority: &'a str,
}

/// A checkpoint was cosigned by witnesses.
pub(crate) fn anchor_draft(said: &AnchorSaid<'_>) -> Result<Draft, Error> {
    let mut body = Object::new();
    body.insert("anchor_time", said.time.format_micros());
    body.insert("anchor_type", "witness_cosignature");
    body.insert("authority", said.authority);
    body.insert("root_hash", said.root.to_hex());
    body.insert("token_ref", digest_text(&said.token));
    body.insert("tree_size", integer(said.size)?);
    Ok(own_draft("chain.anchored", body))
}

/// The next version of a configuration.
pub(crate) fn config_draft(set: &ConfigSet, state: &LogState) -> Result<Draft, Error> {
    let active = state.configs().active(&set.config_id);
    let previous = active.map(sealog_core::state::ConfigVersion::digest);
    let model_id = set.model_id.as_deref();
    let digest = config_digest(
        &set.config_id,
        model_id,
        set.bands.as_ref(),
        previous.as_ref(),
    );
    let mut body = Object::new();
    if let Some(approval_id) = &set.approval_id {
        body.insert("approval_id", approval_id.as_str());
    }
    if let Some(bands) = &set.bands {
        body.insert("bands", bands.to_value());
    }
    body.insert("changed_by", set.changed_by.as_str());
    body.insert("config_digest", digest_text(&digest));
    body.insert("config_id", set.config_id.as_str());
    if let Some(time) = set.effective_at {
        body.insert("effective_at", time.format_micros());
    }
    if let Some(model_id) = model_id {
        body.insert("model_id", model_id);
    }
    let previous = previous.map_or(Value::Null, |hash: Hash| Value::String(digest_text(&hash)));
    body.insert("prev_config_digest", previous);
    body.insert(
        "prev_index",
        optional_index(active.map(sealog_core::state::ConfigVersion::index))?,
    );
    body.insert("reason", set.reason.as_str());
    let mut draft = Draft::new("config.changed", body);
    draft.system_id.clone_from(&set.system_id);
    draft.tenant_id.clone_from(&set.tenant_id);
    Ok(draft)
}

/// A label's name, new or changed.
pub(crate) fn label_draft(
    label_id: &str,
    display: &str,
    author: &str,
    reason: &str,
    renames: Option<u64>,
) -> Result<Draft, Error> {
    let mut body = Object::new();
    body.insert("author_id", author);
    body.insert("display", display);
    body.insert("label_id", label_id);
    body.insert("reason", reason);
    body.insert("renames_index", optional_index(renames)?);
    Ok(own_draft("label.registered", body))
}

/// The first label id of the form `L001` that is free.
pub(crate) fn next_label(state: &LogState) -> String {
    (1..=u64::MAX)
        .map(|number| format!("L{number:03}"))
        .find(|id| state.labels().label(id).is_none())
        .unwrap_or_default()
}

/// An actor's key, whose signatures on records the log takes from here on.
pub(crate) fn trust_draft(key_id: &str, vkey: &str, custodian: Option<&str>) -> Draft {
    let mut body = Object::new();
    if let Some(custodian) = custodian {
        body.insert("custodian_id", custodian);
    }
    body.insert("event", "activated");
    body.insert("key_id", key_id);
    body.insert(
        "public_key_digest",
        digest_text(&Hash::of(&[vkey.as_bytes()])),
    );
    body.insert("vkey", vkey);
    own_draft("key.event", body)
}

/// An actor's key, whose signatures on records the log takes no more.
pub(crate) fn distrust_draft(key_id: &str, vkey: &str) -> Draft {
    let mut body = Object::new();
    body.insert("event", "revoked");
    body.insert("key_id", key_id);
    body.insert(
        "public_key_digest",
        digest_text(&Hash::of(&[vkey.as_bytes()])),
    );
    body.insert("vkey", vkey);
    own_draft("key.event", body)
}

/// The revocation of the log's key by the recovery key; a hand-over stands behind it in the same group.
pub(crate) fn revocation_draft(old: &str, size: u64) -> Result<Draft, Error> {
    let mut body = Object::new();
    body.insert("event", "revoked");
    body.insert("from_size", integer(size)?);
    body.insert("key_id", "log");
    body.insert(
        "public_key_digest",
        digest_text(&Hash::of(&[old.as_bytes()])),
    );
    body.insert("vkey", old);
    Ok(own_draft("key.event", body))
}

/// The hand-over of the log's key.
pub(crate) fn rotation_draft(
    old: &str,
    new: &str,
    signature: &str,
    size: u64,
) -> Result<Draft, Error> {
    let mut body = Object::new();
    body.insert("event", "rotated");
    body.insert("from_size", integer(size)?);
    body.insert("key_id", "log");
    body.insert("possession_signature", signature);
    body.insert(
        "public_key_digest",
        digest_text(&Hash::of(&[old.as_bytes()])),
    );
    body.insert("successor_vkey", new);
    body.insert("vkey", old);
    Ok(own_draft("key.event", body))
}

fn optional_index(index: Option<u64>) -> Result<Value, Error> {
    index.map_or(Ok(Value::Null), integer)
}
