//! What named people have the log write: configurations, labels, keys, epochs.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::config::Bands;
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::state::{ConfigVersion, rotation_message};
use sealog_core::tlog::sign::Signer;

use crate::admin::{self, ConfigSet};
use crate::appended::Appended;
use crate::error::{Error, chain};
use crate::ledger::Ledger;
use crate::signing;

/// One version of a configuration, for showing.
#[derive(Debug, Clone)]
pub struct ConfigView {
    /// The configuration.
    pub config_id: String,
    /// The model that it is valid for.
    pub model_id: Option<String>,
    /// Its bands.
    pub bands: Option<Bands>,
    /// Its digest, which decisions name.
    pub digest: Hash,
    /// Index of its record.
    pub index: u64,
    /// Index of the record that replaced it.
    pub superseded_at: Option<u64>,
}

impl From<&ConfigVersion> for ConfigView {
    fn from(version: &ConfigVersion) -> Self {
        Self {
            config_id: version.config_id().into(),
            model_id: version.model_id().map(Into::into),
            bands: version.bands().cloned(),
            digest: version.digest(),
            index: version.index(),
            superseded_at: version.superseded_at(),
        }
    }
}

/// A label, for showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelView {
    /// Its stable id.
    pub label_id: String,
    /// Its name for people.
    pub display: String,
    /// Index of the record that gave the name.
    pub index: u64,
}

impl Ledger {
    /// Makes a configuration, or replaces its active version.
    pub fn set_config(&self, set: ConfigSet) -> Result<Appended, Error> {
        for (what, text) in [("changed_by", &set.changed_by), ("reason", &set.reason)] {
            if text.trim().is_empty() {
                return Err(Error::Argument {
                    what,
                    why: "it is blank".into(),
                });
            }
        }
        self.commit_own(move |state| admin::config_draft(&set, state), None)
    }

    /// The active version of each configuration.
    pub fn configs(&self) -> Result<Vec<ConfigView>, Error> {
        self.refresh()?;
        Ok(self.view().configs.all_active().map(Into::into).collect())
    }

    /// The active version of a configuration.
    pub fn active_config(&self, config_id: &str) -> Result<Option<ConfigView>, Error> {
        if let Some(version) = self.view().configs.active(config_id) {
            return Ok(Some(version.into()));
        }
        self.refresh()?;
        Ok(self.view().configs.active(config_id).map(Into::into))
    }

    /// All versions of a configuration, newest first.
    pub fn config_history(&self, config_id: &str) -> Result<Vec<ConfigView>, Error> {
        self.refresh()?;
        Ok(self
            .view()
            .configs
            .history(config_id)
            .into_iter()
            .map(Into::into)
            .collect())
    }

    /// Adds a label; without an id it gets the next of the form `L001`. Returns its id.
    pub fn add_label(
        &self,
        label_id: Option<&str>,
        display: &str,
        author: &str,
        reason: &str,
    ) -> Result<(String, Appended), Error> {
        let (id, display) = (label_id.map(ToOwned::to_owned), display.to_owned());
        let (author, reason) = (author.to_owned(), reason.to_owned());
        let appended = self.commit_own(
            move |state| {
                let id = id.clone().unwrap_or_else(|| admin::next_label(state));
                if state.labels().label(&id).is_some() {
                    let why = format!("label {id} exists; rename it instead");
                    return Err(Error::Argument {
                        what: "the label id",
                        why,
                    });
                }
                admin::label_draft(&id, &display, &author, &reason, None)
            },
            None,
        )?;
        let index = appended.index();
        let view = self.view();
        let id = view
            .labels
            .iter()
            .find(|(_, _, at)| *at == index)
            .map(|(id, ..)| id.to_owned());
        Ok((id.unwrap_or_default(), appended))
    }

    /// Gives a label another name. Decisions keep its id and are not touched.
    pub fn rename_label(
        &self,
        label_id: &str,
        display: &str,
        author: &str,
        reason: &str,
    ) -> Result<Appended, Error> {
        let (id, display) = (label_id.to_owned(), display.to_owned());
        let (author, reason) = (author.to_owned(), reason.to_owned());
        self.commit_own(
            move |state| {
                let Some((_, index)) = state.labels().label(&id) else {
                    let why = format!("there is no label {id}");
                    return Err(Error::Argument {
                        what: "the label id",
                        why,
                    });
                };
                admin::label_draft(&id, &display, &author, &reason, Some(index))
            },
            None,
        )
    }

    /// All labels.
    pub fn labels(&self) -> Result<Vec<LabelView>, Error> {
        self.refresh()?;
        let view = self.view();
        let labels = view.labels.iter().map(|(id, display, index)| LabelView {
            label_id: id.into(),
            display: display.into(),
            index,
        });
        Ok(labels.collect())
    }

    /// From here on the log takes records signed by this key, whose holder signs under `key_id`.
    pub fn trust_actor_key(
        &self,
        key_id: &str,
        vkey: &str,
        custodian: Option<&str>,
    ) -> Result<Appended, Error> {
        let draft = admin::trust_draft(key_id, vkey, custodian);
        self.commit_own(move |_| Ok(draft.clone()), None)
    }

    /// Hands the log's key over to a successor, which signs from the next checkpoint on.
    pub fn rotate_key(&self, successor: Arc<dyn Signer>) -> Result<Appended, Error> {
        self.hand_over(successor, false)
    }

    /// Revokes the log's key, lost or stolen, by the recovery key that entry 0 names, and hands the log over to a
    /// successor, which signs from the next checkpoint on. The handle was opened with the recovery key as its
    /// [`signer`](crate::Options::signer); with it this is all that can be done until it is done.
    pub fn revoke_key(&self, successor: Arc<dyn Signer>) -> Result<Appended, Error> {
        self.hand_over(successor, true)
    }

    fn hand_over(&self, successor: Arc<dyn Signer>, revokes: bool) -> Result<Appended, Error> {
        let successor = signing::with_deadline(successor, self.options().signer_wait);
        let new = successor.verifier_key().to_string();
        let (origin, signer) = (self.origin().to_owned(), Arc::clone(&successor));
        self.commit_own_all(
            move |state| {
                let Some(active) = state.keys().active() else {
                    return Err(Error::Damaged {
                        findings: vec![Finding::new(Code::EmptyLedger)],
                    });
                };
                let old = active.to_string();
                let signature = signer
                    .sign(&rotation_message(&origin, &old, &new))
                    .map_err(|error| Error::Signer {
                        reason: chain(&error),
                    })?;
                let mut size = state.size();
                let mut drafts = Vec::new();
                if revokes {
                    drafts.push(admin::revocation_draft(&old, size)?);
                    size += 1;
                }
                let signature = STANDARD.encode(signature);
                drafts.push(admin::rotation_draft(&old, &new, &signature, size)?);
                Ok(drafts)
            },
            Some(successor),
        )
    }

    /// Seals an epoch: the state map as of all entries before it.
    pub fn seal_epoch(&self) -> Result<Appended, Error> {
        let mut appended = self.commit(crate::work::Work::Epoch)?;
        appended.pop().ok_or(Error::Closed)
    }

    /// Appends `export.created`, `access.logged` or another of the log's own kinds that this crate has no call for.
    pub fn append_own(&self, draft: crate::draft::Draft) -> Result<Appended, Error> {
        self.check_anchor(&draft)?;
        self.commit_own(move |_| Ok(draft.clone()), None)
    }
}
