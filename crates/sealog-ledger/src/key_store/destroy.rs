//! Destroying: keys and pseudonyms of a person or a tenant, in one transaction with the record that is still to be
//! written.

use rusqlite::{OptionalExtension, Transaction, params};
use sealog_core::commitment::{DataKey, KeyId};
use zeroize::Zeroizing;

use super::{Holder, KeyStore, TOKEN_BYTES};
use crate::Error;

/// Whose keys and pseudonyms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// One person's, by the pseudonym.
    Subject {
        /// The tenant.
        tenant: String,
        /// The pseudonym.
        reference: String,
    },
    /// All of a tenant's: its own and its persons'.
    Tenant {
        /// The tenant.
        tenant: String,
    },
}

impl Target {
    pub(crate) fn tenant(&self) -> &str {
        match self {
            Self::Subject { tenant, .. } | Self::Tenant { tenant } => tenant,
        }
    }

    /// As records of erasures and holds name it.
    pub(crate) fn scope(&self) -> String {
        match self {
            Self::Subject { reference, .. } => format!("subject:{reference}"),
            Self::Tenant { tenant } => format!("tenant:{tenant}"),
        }
    }

    /// What is left of a subject's pseudonym in a query; empty for a tenant, of which everything goes.
    fn subject(&self) -> &str {
        match self {
            Self::Subject { reference, .. } => reference,
            Self::Tenant { .. } => "",
        }
    }
}

/// What was destroyed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Destroyed {
    pub(crate) keys: u64,
    pub(crate) tokens: u64,
}

/// What must be found nowhere once an erasure is done. Erased from memory when dropped.
#[derive(Default)]
pub(crate) struct Secrets {
    /// Each key with its id.
    pub(crate) keys: Vec<(KeyId, DataKey)>,
    /// The keys as they were wrapped.
    pub(crate) wrapped: Vec<Vec<u8>>,
    /// Codes by which pseudonyms were found.
    pub(crate) codes: Vec<Zeroizing<Vec<u8>>>,
}

impl KeyStore {
    /// All that an erasure of this target will destroy.
    pub(crate) fn secrets(&self, target: &Target) -> Result<Secrets, Error> {
        let fault = |error: rusqlite::Error| self.failed(&error);
        let values = params![target.tenant(), target.subject()];
        self.home.with(|transaction| {
            let sql = "SELECT key_id,subject,wrapped FROM holder \
                       WHERE tenant=?1 AND (?2='' OR subject=?2)";
            let mut select = transaction.prepare(sql).map_err(fault)?;
            let rows = select
                .query_map(values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .and_then(Iterator::collect);
            let rows: Vec<([u8; KeyId::LEN], String, Vec<u8>)> = rows.map_err(fault)?;
            let mut secrets = Secrets::default();
            for (id, subject, wrapped) in rows {
                let holder = Holder {
                    tenant: target.tenant().to_owned(),
                    subject,
                };
                let key = self.unwrapped(&holder, KeyId::new(id), &wrapped)?;
                secrets.keys.push((key.id, key.key));
                secrets.wrapped.push(wrapped);
            }
            let sql = format!("SELECT code FROM token WHERE {TOKENS}");
            let mut select = transaction.prepare(&sql).map_err(fault)?;
            let own = own_token(target);
            let codes = select
                .query_map(params![target.tenant(), target.subject(), own], |row| {
                    row.get(0).map(Zeroizing::new)
                })
                .and_then(Iterator::collect);
            secrets.codes = codes.map_err(fault)?;
            Ok(secrets)
        })
    }

    /// Destroys, and keeps the records that are still to be written, in one transaction: either both happened or
    /// neither did. [`Error::UnknownSubject`] where nothing is left to destroy.
    pub(crate) fn destroy(
        &self,
        target: &Target,
        erasure_id: &str,
        drafts: &str,
    ) -> Result<Destroyed, Error> {
        let destroyed = self.home.with(|transaction| {
            let sql = "INSERT INTO pending(erasure_id,drafts) VALUES(?1,?2)";
            let done = transaction.execute(sql, params![erasure_id, drafts]);
            done.map_err(|error| self.failed(&error))?;
            let destroyed = self.delete(transaction, target)?;
            // Somebody else erased meanwhile, and says so; nothing of this one stands.
            if destroyed == Destroyed::default() {
                return Err(Error::UnknownSubject);
            }
            Ok(destroyed)
        })?;
        self.next_generation()?;
        Ok(destroyed)
    }

    /// Destroys what an earlier erasure destroyed already and a restored store has again.
    pub(crate) fn destroy_again(&self, target: &Target) -> Result<Destroyed, Error> {
        let destroyed = self
            .home
            .with(|transaction| self.delete(transaction, target))?;
        if destroyed != Destroyed::default() {
            self.next_generation()?;
        }
        Ok(destroyed)
    }

    fn delete(&self, transaction: &Transaction<'_>, target: &Target) -> Result<Destroyed, Error> {
        let fault = |error: rusqlite::Error| self.failed(&error);
        let own = own_token(target);
        let tokens = params![target.tenant(), target.subject(), own];
        let gone = format!("DELETE FROM token WHERE {TOKENS}");
        let tokens_gone = transaction.execute(&gone, tokens).map_err(fault)?;
        // After the pseudonyms, which links name: of those that went no link is left either.
        let orphaned = "DELETE FROM link WHERE tenant=?1 AND (?2='' OR subject=?2 OR token NOT IN \
                        (SELECT token FROM token))";
        let holder = params![target.tenant(), target.subject()];
        transaction.execute(orphaned, holder).map_err(fault)?;
        let keys = "DELETE FROM holder WHERE tenant=?1 AND (?2='' OR subject=?2)";
        let keys_gone = transaction.execute(keys, holder).map_err(fault)?;
        Ok(Destroyed {
            keys: u64::try_from(keys_gone).unwrap_or(u64::MAX),
            tokens: u64::try_from(tokens_gone).unwrap_or(u64::MAX),
        })
    }

    /// The tenant to which a person's pseudonym belongs; none if the store does not know it.
    pub(crate) fn tenant_of(&self, reference: &str) -> Result<Option<String>, Error> {
        let Some(token) = parse_token(reference) else {
            return Ok(None);
        };
        let sql = "SELECT tenant FROM token WHERE token=?1 UNION SELECT tenant FROM holder WHERE subject=?2 \
                   UNION SELECT tenant FROM link WHERE subject=?2";
        self.home.with(|transaction| {
            let found = transaction
                .query_row(sql, params![token, reference], |row| row.get(0))
                .optional();
            found.map_err(|error| self.failed(&error))
        })
    }

    /// Erasures whose records are still to be written: id and drafts.
    pub(crate) fn pending(&self) -> Result<Vec<(String, String)>, Error> {
        self.home.with(|transaction| {
            let rows = transaction
                .prepare("SELECT erasure_id,drafts FROM pending ORDER BY erasure_id")
                .and_then(|mut select| {
                    select
                        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                        .collect()
                });
            rows.map_err(|error| self.failed(&error))
        })
    }

    /// The records of an erasure stand in the log, below `mark`.
    pub(crate) fn settle(&self, erasure_id: &str, mark: u64) -> Result<(), Error> {
        self.home.with(|transaction| {
            let sql = "DELETE FROM pending WHERE erasure_id=?1";
            let done = transaction.execute(sql, params![erasure_id]);
            done.map_err(|error| self.failed(&error))?;
            self.move_mark(transaction, mark)
        })
    }

    /// Up to where the log was searched for erasures.
    pub(crate) fn mark(&self) -> Result<u64, Error> {
        self.home.with(|transaction| {
            let found =
                transaction.query_row("SELECT mark FROM meta", [], |row| row.get::<_, i64>(0));
            let found = found.map_err(|error| self.failed(&error))?;
            Ok(u64::try_from(found).unwrap_or_default())
        })
    }

    /// The log was searched up to here.
    pub(crate) fn searched(&self, mark: u64) -> Result<(), Error> {
        self.home
            .with(|transaction| self.move_mark(transaction, mark))
    }

    fn move_mark(&self, transaction: &Transaction<'_>, mark: u64) -> Result<(), Error> {
        let mark = i64::try_from(mark).unwrap_or(i64::MAX);
        let sql = "UPDATE meta SET mark=max(mark,?1)";
        let done = transaction.execute(sql, params![mark]);
        done.map(drop).map_err(|error| self.failed(&error))
    }
}

/// The pseudonyms that go: all of a tenant's, or a person's own (`?3`) and those used in that person's records (`?2`).
const TOKENS: &str = "tenant=?1 AND (?2='' OR token=?3 OR token IN \
                      (SELECT token FROM link WHERE tenant=?1 AND subject=?2))";

fn own_token(target: &Target) -> Vec<u8> {
    parse_token(target.subject()).map_or_else(Vec::new, |token| token.to_vec())
}

/// A pseudonym out of its 32 hex digits.
pub(super) fn parse_token(text: &str) -> Option<[u8; TOKEN_BYTES]> {
    let mut token = [0; TOKEN_BYTES];
    sealog_core::hash::decode_hex(text.as_bytes(), &mut token)?;
    Some(token)
}
