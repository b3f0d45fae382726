//! Sealing single values, and showing what was sealed: only by an explicit call, which the log records first.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::commitment::{KeyId, SEALED_FIELD};
use sealog_core::entry::DEFAULT_TENANT;
use sealog_core::hash::Hash;
use sealog_core::json::{Object, Ref, Tape, Value};
use sealog_privacy::seal::{Sealed, SealedPlace};
use zeroize::Zeroizing;

use super::record::encoding_of;
use crate::Error;
use crate::admin::own_draft;
use crate::appended::Appended;
use crate::clock::new_token;
use crate::evidence::Opening;
use crate::key_store::Holder;
use crate::keys::LedgerDataKey;
use crate::ledger::Ledger;

/// Characters of a payload's name that `access.logged` repeats, at most.
const SCOPE_NAME_MAX: usize = 200;

/// Whose data a value is.
#[derive(Debug, Clone, Default)]
pub struct Whose {
    /// The tenant; none: `default`.
    pub tenant: Option<String>,
    /// The person, by whatever name the host knows; none: nobody's, so that the tenant's key seals it.
    pub subject: Option<String>,
}

/// Who looks at sealed values, and why: what `access.logged` says.
#[derive(Debug, Clone)]
pub struct Access {
    /// Who, under a pseudonym.
    pub actor_id: String,
    /// How that person was authenticated.
    pub auth_method: Option<String>,
    /// Why, a code.
    pub purpose: Option<String>,
}

/// A value that was shown. Erased from memory when dropped.
pub struct Revealed {
    /// The value.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Its media type; none for a value by itself.
    pub media_type: Option<String>,
    /// The record that says it was shown.
    pub logged: Appended,
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revealed({} bytes)", self.bytes.len())
    }
}

impl Ledger {
    /// Seals a value by itself, in no record.
    ///
    /// # Errors
    /// Those of the key store, and a value beyond 64 MiB.
    pub fn seal(&self, value: &[u8], whose: &Whose) -> Result<Sealed, Error> {
        let key = self.key_of(whose)?;
        Ok(Sealed::new(&key.key, key.id, &SealedPlace::NONE, value)?)
    }

    /// The commitment that stands in a record made from this value: under the key of the person, else of the tenant,
    /// else of the ledger (design rule 8). A key that is not there yet is made.
    ///
    /// # Errors
    /// Those of the key store.
    pub fn commitment_of(
        &self,
        whose: &Whose,
        record_id: &str,
        field: &str,
        encoding: &[u8],
    ) -> Result<String, Error> {
        let tenant = whose.tenant.as_deref().unwrap_or(DEFAULT_TENANT);
        if whose.subject.is_none() && tenant == DEFAULT_TENANT {
            return self.commitment(record_id, field, encoding);
        }
        let key = self.key_of(whose)?;
        let salt = key.key.salt(record_id, field);
        Ok(salt.commit(key.id, encoding).to_string())
    }

    fn key_of(&self, whose: &Whose) -> Result<Arc<LedgerDataKey>, Error> {
        let tenant = whose.tenant.as_deref().unwrap_or(DEFAULT_TENANT);
        let store = self.needed_key_store()?;
        match &whose.subject {
            Some(subject) => store.person(tenant, subject).map(|(_, key)| key),
            None => store.key_of(&Holder {
                tenant: tenant.to_owned(),
                subject: String::new(),
            }),
        }
    }

    /// Shows a value that [`Ledger::seal`] sealed. The access is logged before it is shown.
    ///
    /// # Errors
    /// [`Error::DataKey`] once its key is destroyed; a value that was sealed elsewhere does not open.
    pub fn unseal(&self, sealed: &Sealed, access: &Access) -> Result<Revealed, Error> {
        let (_, key) = self.key_named(sealed.key_id())?;
        let bytes = sealed.open(&key.key, &SealedPlace::NONE)?;
        let logged = self.log_access(access, &format!("value:{}", sealed.key_id()))?;
        Ok(Revealed {
            bytes,
            media_type: None,
            logged,
        })
    }

    /// Shows a sealed payload of an entry, by its name. The access is logged before it is shown.
    ///
    /// # Errors
    /// [`Error::Argument`] if the entry has no sealed payload of this name; [`Error::DataKey`] once its key is
    /// destroyed; whatever reading the entry or the payload says.
    pub fn reveal(&self, index: u64, name: &str, access: &Access) -> Result<Revealed, Error> {
        let (bytes, media_type) = self.opened(index, name)?;
        let logged = self.log_access(access, &scope_of(index, name))?;
        Ok(Revealed {
            bytes,
            media_type: Some(media_type),
            logged,
        })
    }

    /// Openings of sealed payloads for a package, each of a record by its name. Each access is logged before it is
    /// shown. What has more than 4,096 bytes is opened by its digest: the bytes go beside the package.
    ///
    /// # Errors
    /// [`Error::Argument`] for a record that is not there or has no sealed payload of this name, or whose payload was
    /// sealed by a version that made no commitment to it; as [`Ledger::reveal`].
    pub fn openings_of_sealed(
        &self,
        asked: &[(String, String)],
        access: &Access,
    ) -> Result<Vec<Opening>, Error> {
        let mut wanted: BTreeMap<&str, Option<u64>> =
            asked.iter().map(|(id, _)| (&**id, None)).collect();
        let mut tape = Tape::new();
        for entry in self.entries(0..u64::MAX)? {
            let entry = entry?;
            let read = tape.read(entry.bytes()).ok();
            let id = read.and_then(|read| read.member("record")?.member("record_id"));
            let id = id.and_then(Ref::plain_str);
            if let Some(place) = id.and_then(|id| wanted.get_mut(id)) {
                place.get_or_insert(entry.index());
            }
        }
        let open = |(id, name): &(String, String)| {
            let index = wanted.get(&**id).copied().flatten();
            let index = index.ok_or_else(|| Error::Argument {
                what: "the opening",
                why: format!("the log has no record {id}"),
            })?;
            let shown = self.reveal(index, name, access)?;
            let value = String::from_utf8(encoding_of(&shown.bytes)?).unwrap_or_default();
            Ok(Opening {
                record_id: id.clone(),
                field: format!("{SEALED_FIELD}{name}"),
                value,
            })
        };
        asked.iter().map(open).collect()
    }

    /// The names of the sealed payloads of an entry, with the keys that open them.
    ///
    /// # Errors
    /// Whatever reading the entry says.
    pub fn sealed_payloads(&self, index: u64) -> Result<Vec<(String, KeyId)>, Error> {
        let entry = self.entry(index)?.value();
        let list = payloads(&entry).iter().filter_map(|payload| {
            let name = payload.member("name")?.as_str()?;
            let key = payload.member("key_id")?.as_str()?.parse().ok()?;
            Some((name.to_owned(), key))
        });
        Ok(list.collect())
    }

    /// A sealed payload of an entry, opened, and its media type.
    pub(super) fn opened(
        &self,
        index: u64,
        name: &str,
    ) -> Result<(Zeroizing<Vec<u8>>, String), Error> {
        let entry = self.entry(index)?.value();
        let named = payloads(&entry).iter().find(|payload| {
            payload.member("key_id").is_some()
                && payload.member("name").and_then(Value::as_str) == Some(name)
        });
        let payload = named.ok_or_else(|| Error::Argument {
            what: "the name of a sealed payload",
            why: format!("entry {index} has none called {name:?}"),
        })?;
        let text = |member: &str| payload.member(member).and_then(Value::as_str);
        let sealed = Sealed::parse(self.stored(payload)?)?;
        let (_, key) = self.key_named(sealed.key_id())?;
        let record = entry.member("record");
        let policy = record
            .and_then(|record| record.member("privacy")?.member("policy_digest")?.as_str())
            .and_then(|text| Hash::from_hex(text.strip_prefix("sha256:")?));
        let record_id = record.and_then(|record| record.member("record_id")?.as_str());
        let place = SealedPlace {
            record_id: record_id.unwrap_or_default(),
            field: name,
            policy: policy.as_ref(),
        };
        let bytes = sealed.open(&key.key, &place)?;
        Ok((bytes, text("media_type").unwrap_or_default().to_owned()))
    }

    /// The stored bytes of a payload, inline or of its file, which must be those that the entry names.
    fn stored(&self, payload: &Value) -> Result<Vec<u8>, Error> {
        let text = |member: &str| payload.member(member).and_then(Value::as_str);
        let digest = text("digest").and_then(|text| Hash::from_hex(text.strip_prefix("sha256:")?));
        let missing = |why: &str| Error::Argument {
            what: "the payload",
            why: why.to_owned(),
        };
        let digest = digest.ok_or_else(|| missing("its digest is no SHA-256"))?;
        let bytes = match text("inline") {
            Some(inline) => STANDARD.decode(inline).ok(),
            None => self
                .store()
                .fetch(sealog_store::Shelf::Payloads, &digest.to_hex())?,
        };
        let bytes = bytes.ok_or_else(|| missing("its file is not there"))?;
        if Hash::of(&[&bytes]) != digest {
            return Err(missing("its bytes are not those that the entry names"));
        }
        Ok(bytes)
    }

    fn log_access(&self, access: &Access, scope: &str) -> Result<Appended, Error> {
        let options = self.options();
        let mut body = Object::new();
        body.insert("access_id", new_token(&*options.random)?);
        body.insert("accessed_at", options.clock.now().format_micros());
        body.insert("actor_id", access.actor_id.as_str());
        if let Some(method) = &access.auth_method {
            body.insert("auth_method", method.as_str());
        }
        if let Some(purpose) = &access.purpose {
            body.insert("purpose", purpose.as_str());
        }
        body.insert("scope", scope);
        let draft = own_draft("access.logged", body);
        self.commit_own(move |_| Ok(draft.clone()), None)
    }
}

/// What was read, in one line: a name that the schema lets stand there is cut where it would be too long.
fn scope_of(index: u64, name: &str) -> String {
    let name: String = name.chars().take(SCOPE_NAME_MAX).collect();
    format!("entry:{index}:{name}")
}

fn payloads(entry: &Value) -> &[Value] {
    entry
        .member("record")
        .and_then(|record| record.member("payloads")?.as_array())
        .unwrap_or_default()
}
