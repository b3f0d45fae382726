//! Erasing a person or a tenant: keys and pseudonyms are destroyed, and all proofs stay.
//!
//! Order: what must be known is read while the keys are there; keys and pseudonyms are deleted in one transaction with
//! the records that are still to be written; the records are appended; payload files that the keys sealed are deleted;
//! every file is searched for residue. After a crash in between, the next open appends the records and deletes the
//! files.

use std::collections::BTreeSet;

use sealog_core::entry::DEFAULT_TENANT;
use sealog_core::json::{Number, Object, Value};

use super::files::PAYLOAD_DELETED;
use super::residue::{Canaries, Residue};
use super::survey::Survey;
use super::tombstones::{drafts_text, settle};
use crate::Error;
use crate::appended::Appended;
use crate::clock::new_token;
use crate::key_store::{KeyStore, Making, Target};
use crate::ledger::Ledger;

/// Approvals of different persons that the erasure of a tenant needs.
pub(super) const TENANT_APPROVALS: usize = 2;

/// Who is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErasureSubject {
    /// A person, by the name that the host knows.
    Person(String),
    /// A person, by the pseudonym.
    Reference(String),
    /// The whole tenant.
    Tenant,
}

/// An order to erase.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// The tenant; none: `default`.
    pub tenant: Option<String>,
    /// Who in it.
    pub subject: ErasureSubject,
    /// The `subject.request` that it answers.
    pub request_id: Option<String>,
    /// Who executes it, under a pseudonym.
    pub executed_by: String,
    /// Approvals of different persons that it needs, if the ledger's policy does not ask for more; a tenant always
    /// needs two.
    pub approvals: usize,
    /// Whether entries that a retention policy still keeps may lose their data: a legal ground stands in the request.
    pub despite_retention: bool,
}

/// A package in which values of the erased person were opened: out of reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Index of its `export.created`.
    pub index: u64,
    /// Who got it, if the record says so.
    pub recipient: Option<String>,
    /// Its digest.
    pub package_digest: String,
}

/// What an erasure did, and what it could not reach.
#[derive(Debug)]
pub struct Erased {
    /// Its id.
    pub erasure_id: String,
    /// What it covered: `subject:` and the pseudonym, or `tenant:` and its name.
    pub scope: String,
    /// Ids of the keys that were destroyed.
    pub key_ids: Vec<String>,
    /// Pseudonyms that were deleted.
    pub tokens: u64,
    /// Sealed payload files that were deleted.
    pub payloads: u64,
    /// Entries of the log that named the keys or the pseudonym. They stay, and their proofs with them.
    pub entries: u64,
    /// Approvals that it stands on.
    pub approval_ids: Vec<String>,
    /// Packages that it could not reach. Backups, replicas and snapshots are never known.
    pub exports: Vec<Reached>,
    /// What is still in files of this ledger and its secrets; empty if nothing is.
    pub residue: Vec<Residue>,
    /// Its records.
    pub records: Vec<Appended>,
}

impl Erased {
    /// The same for machines.
    pub fn to_json(&self) -> Object {
        let texts = |list: &[String]| {
            let texts = list.iter().map(|text| Value::from(text.as_str()));
            Value::Array(texts.collect())
        };
        // Beyond 2^53 - 1 as a string, as the formats have it.
        let number = |value: u64| {
            Number::unsigned(value).map_or_else(|| Value::from(value.to_string()), Value::Number)
        };
        let exports = self.exports.iter().map(|export| {
            let mut object = Object::new();
            object.insert("index", number(export.index));
            object.insert("package_digest", export.package_digest.as_str());
            let recipient = export.recipient.as_deref();
            object.insert("recipient", recipient.map_or(Value::Null, Value::from));
            Value::Object(object)
        });
        let residue = self.residue.iter().map(|residue| {
            let mut object = Object::new();
            object.insert("offset", number(residue.offset));
            object.insert("path", residue.path.display().to_string());
            object.insert("what", residue.what);
            Value::Object(object)
        });
        let records = self.records.iter().map(Appended::index).map(number);
        let mut object = Object::new();
        object.insert("approval_ids", texts(&self.approval_ids));
        object.insert("entries", number(self.entries));
        object.insert("erasure_id", self.erasure_id.as_str());
        object.insert("exports", Value::Array(exports.collect()));
        object.insert("key_ids", texts(&self.key_ids));
        object.insert("payloads", number(self.payloads));
        object.insert("records", Value::Array(records.collect()));
        object.insert("residue", Value::Array(residue.collect()));
        object.insert("scope", self.scope.as_str());
        object.insert("tokens", number(self.tokens));
        object
    }
}

impl Ledger {
    /// Erases a person or a tenant.
    ///
    /// # Errors
    /// [`Error::Held`] under a legal hold, [`Error::Retained`] while a retention policy keeps an entry,
    /// [`Error::NotApproved`] without enough approvals, [`Error::UnknownSubject`] for whom the key store has nothing.
    /// In all of these nothing was changed. [`Error::OutcomeUnknown`] and failures of the disk after the keys were
    /// destroyed: the next open finishes the records. [`Error::Record`] for an order of which the log cannot take the
    /// record, before anything is destroyed.
    pub fn erase(&self, order: &Erasure) -> Result<Erased, Error> {
        let Some(store) = self.key_store(Making::Refused)? else {
            return Err(Error::UnknownSubject);
        };
        self.settle_erasures(store)?;
        let target = target_of(store, order)?;
        let secrets = store.secrets(&target)?;
        let key_ids: BTreeSet<_> = secrets.keys.iter().map(|(id, _)| *id).collect();
        if secrets.codes.is_empty() && key_ids.is_empty() {
            return Err(Error::UnknownSubject);
        }
        let survey = self.survey(&target, &key_ids)?;
        let approval_ids = self.check_order(order, &target, &survey)?;
        let mut canaries = Canaries::of(&secrets);
        for (index, name) in &survey.sealed {
            // One that does not open is no reason to keep the key.
            if let Ok((value, _)) = self.opened(*index, name) {
                canaries.add_value(&value);
            }
        }
        let erasure_id = new_token(&*self.options().random)?;
        let key_ids: Vec<String> = key_ids.iter().map(ToString::to_string).collect();
        let mut methods = vec!["key_destroyed"];
        methods.extend((!survey.files.is_empty()).then_some(PAYLOAD_DELETED));
        let bodies = self.bodies(order, &target, &erasure_id, &key_ids, &methods);
        // Before anything is destroyed: what the log refuses could never be recorded afterwards.
        self.check_bodies(&bodies)?;
        let destroyed = store.destroy(&target, &erasure_id, &drafts_text(&bodies))?;
        let records = self.append_erasure(&bodies)?;
        let payloads = self.delete_sealed(&bodies, survey.files, survey.size)?;
        settle(store, &erasure_id, &records)?;
        drop(secrets);
        let roots = [self.path().map(Into::into), self.secrets()];
        let roots: Vec<_> = roots.into_iter().flatten().collect();
        Ok(Erased {
            erasure_id,
            scope: target.scope(),
            key_ids,
            tokens: destroyed.tokens,
            payloads,
            entries: survey.entries,
            approval_ids,
            exports: survey.exports,
            residue: canaries.search(&roots)?,
            records,
        })
    }

    /// Refuses what a hold, a retention policy or a missing approval forbids. Returns the approvals that count.
    fn check_order(
        &self,
        order: &Erasure,
        target: &Target,
        survey: &Survey,
    ) -> Result<Vec<String>, Error> {
        self.refuse_held(target)?;
        let now = self.options().clock.now();
        if let Some((until, class)) = &survey.kept_until
            && *until > now
            && !order.despite_retention
        {
            return Err(Error::Retained {
                class: class.clone(),
                until: until.format_micros(),
            });
        }
        let policy = self.options().privacy.as_ref();
        let asked = policy.map_or(0, |policy| policy.approvals());
        let asked = asked.max(order.approvals);
        let needed = match target {
            Target::Tenant { .. } => asked.max(TENANT_APPROVALS),
            Target::Subject { .. } if order.despite_retention => asked.max(TENANT_APPROVALS),
            Target::Subject { .. } => asked,
        };
        let given = survey.approvals.ids();
        if given.len() < needed {
            return Err(Error::NotApproved {
                scope: target.scope(),
                needed,
                given: given.len(),
            });
        }
        Ok(given)
    }

    fn refuse_held(&self, target: &Target) -> Result<(), Error> {
        let holds = self.holds()?;
        let hold = match target {
            Target::Subject { tenant, reference } => holds.blocks(tenant, reference),
            Target::Tenant { tenant } => holds.blocks_tenant(tenant),
        };
        hold.map_or(Ok(()), |hold| {
            Err(Error::Held {
                hold_id: hold.hold_id.clone(),
                scope: hold.scope.to_string(),
            })
        })
    }

    /// The bodies of the records: one for each method and each key of a person, one for the pseudonyms; for a tenant
    /// one for each method.
    fn bodies(
        &self,
        order: &Erasure,
        target: &Target,
        erasure_id: &str,
        key_ids: &[String],
        methods: &[&str],
    ) -> Vec<Object> {
        let body = |method: &str, key_id: Option<&str>| {
            let mut body = Object::new();
            body.insert("erasure_id", erasure_id);
            body.insert("executed_at", self.options().clock.now().format_micros());
            body.insert("executed_by", order.executed_by.as_str());
            if let Some(key_id) = key_id {
                body.insert("key_id", key_id);
            }
            body.insert("method", method);
            if let Some(request_id) = &order.request_id {
                body.insert("request_id", request_id.as_str());
            }
            body.insert("scope", target.scope());
            if let Target::Subject { reference, .. } = target {
                body.insert("subject_ref", reference.as_str());
            }
            body
        };
        let mut bodies = Vec::new();
        for method in methods {
            match target {
                Target::Tenant { .. } => bodies.push(body(method, None)),
                Target::Subject { .. } => {
                    bodies.extend(key_ids.iter().map(|key_id| body(method, Some(key_id))));
                }
            }
        }
        bodies.push(body("token_deleted", None));
        bodies
    }
}

fn target_of(store: &KeyStore, order: &Erasure) -> Result<Target, Error> {
    let tenant = order.tenant.as_deref().unwrap_or(DEFAULT_TENANT);
    let reference = match &order.subject {
        ErasureSubject::Tenant => {
            return Ok(Target::Tenant {
                tenant: tenant.to_owned(),
            });
        }
        ErasureSubject::Person(person) => store.reference(tenant, person, Making::Refused)?,
        ErasureSubject::Reference(reference) => {
            let found = store.tenant_of(reference)?;
            found
                .is_some_and(|found| found == tenant)
                .then(|| reference.clone())
        }
    };
    Ok(Target::Subject {
        tenant: tenant.to_owned(),
        reference: reference.ok_or(Error::UnknownSubject)?,
    })
}
