//! Configurations and labels, and what a decision may say under them.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Step;
use crate::config::{Bands, config_digest};
use crate::entry::{ConfigChange, DecisionFacts, LabelChange, LabelSource, Score};
use crate::finding::{Code, Finding};
use crate::hash::Hash;
use crate::json::{write_integer, write_string};
use crate::map;

/// The state map's key of a configuration.
pub(super) fn config_key(config_id: &str) -> Hash {
    map::key("config", &[config_id])
}

/// The state map's key of a label.
pub(super) fn label_key(label_id: &str) -> Hash {
    map::key("label", &[label_id])
}

/// One version of a configuration.
#[derive(Debug, Clone)]
pub struct ConfigVersion {
    config_id: String,
    model_id: Option<String>,
    bands: Option<Bands>,
    digest: Hash,
    previous: Option<Hash>,
    index: u64,
    superseded_at: Option<u64>,
}

impl ConfigVersion {
    /// A version as a snapshot holds it.
    pub(super) const fn restored(
        config_id: String,
        model_id: Option<String>,
        bands: Option<Bands>,
        digest: Hash,
        previous: Option<Hash>,
        index: u64,
        superseded_at: Option<u64>,
    ) -> Self {
        Self {
            config_id,
            model_id,
            bands,
            digest,
            previous,
            index,
            superseded_at,
        }
    }

    /// The configuration that it is a version of.
    pub fn config_id(&self) -> &str {
        &self.config_id
    }

    /// The model that it is valid for, if it names one.
    pub fn model_id(&self) -> Option<&str> {
        self.model_id.as_deref()
    }

    /// Its bands, if it has any.
    pub const fn bands(&self) -> Option<&Bands> {
        self.bands.as_ref()
    }

    /// Its digest.
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    /// Digest of the version that it replaced.
    pub const fn previous(&self) -> Option<Hash> {
        self.previous
    }

    /// Index of its record.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Index of the record that replaced it.
    pub const fn superseded_at(&self) -> Option<u64> {
        self.superseded_at
    }
}

/// Every version of every configuration.
#[derive(Debug, Clone, Default)]
pub struct Configs {
    versions: BTreeMap<Hash, ConfigVersion>,
    active: BTreeMap<String, Hash>,
}

impl Configs {
    /// A version by its digest.
    pub fn version(&self, digest: &Hash) -> Option<&ConfigVersion> {
        self.versions.get(digest)
    }

    /// The version of a configuration that is active.
    pub fn active(&self, config_id: &str) -> Option<&ConfigVersion> {
        self.versions.get(self.active.get(config_id)?)
    }

    /// The active version of each configuration, by its id.
    pub fn all_active(&self) -> impl Iterator<Item = &ConfigVersion> {
        self.active
            .values()
            .filter_map(|digest| self.versions.get(digest))
    }

    /// All versions of a configuration, newest first.
    pub fn history(&self, config_id: &str) -> Vec<&ConfigVersion> {
        let mut history = Vec::new();
        let mut next = self.active(config_id);
        while let Some(version) = next {
            history.push(version);
            next = version
                .previous
                .and_then(|digest| self.versions.get(&digest));
        }
        history
    }

    /// Every version, by digest.
    pub(super) fn versions(&self) -> impl Iterator<Item = &ConfigVersion> {
        self.versions.values()
    }

    /// Puts a version of a snapshot back; `None` if it stands there twice, or a second one is active.
    pub(super) fn restore(&mut self, version: ConfigVersion) -> Option<()> {
        if version.superseded_at.is_none() {
            let id = version.config_id.clone();
            self.active
                .insert(id, version.digest)
                .is_none()
                .then_some(())?;
        }
        self.versions
            .insert(version.digest, version)
            .is_none()
            .then_some(())
    }

    /// Whether each version's digest is that of its content, and each replaced version is named by the one that
    /// replaced it and by no other.
    pub(super) fn is_chained(&self) -> bool {
        let continues = |version: &ConfigVersion| {
            version.previous.is_none_or(|digest| {
                self.versions.get(&digest).is_some_and(|previous| {
                    previous.config_id == version.config_id
                        && previous.superseded_at == Some(version.index)
                        && previous.index < version.index
                })
            })
        };
        let holds = |version: &ConfigVersion| {
            let (id, model_id) = (&version.config_id, version.model_id());
            let bands = version.bands.as_ref();
            let digest = config_digest(id, model_id, bands, version.previous.as_ref());
            digest == version.digest && continues(version)
        };
        let replaced = self.versions().filter(|v| v.superseded_at.is_some());
        let replacing = self.versions().filter(|v| v.previous.is_some());
        self.versions().all(holds) && replaced.count() == replacing.count()
    }

    pub(super) fn judge(&self, change: &ConfigChange, findings: &mut Vec<Finding>) {
        let active = self.active(&change.config_id);
        let expected = (
            active.map(|version| version.digest),
            active.map(|version| version.index),
        );
        if (change.previous, change.prev_index) != expected {
            let found = change
                .prev_index
                .map_or_else(|| "null".into(), |index| index.to_string());
            let expected = expected
                .1
                .map_or_else(|| "null".into(), |index| index.to_string());
            findings.push(Finding::new(Code::ConfigChain).because(expected, found));
        }
        let bands = match &change.bands {
            Some(Err(error)) => {
                findings.push(Finding::new(Code::ConfigBands).found(error.to_string()));
                return;
            }
            Some(Ok(bands)) => Some(bands),
            None => None,
        };
        let model_id = change.model_id.as_deref();
        let digest = config_digest(&change.config_id, model_id, bands, change.previous.as_ref());
        // A version equal to an earlier one would make "active at its index" ambiguous; the chain rules it out.
        if digest != change.digest || self.versions.contains_key(&digest) {
            let finding = Finding::new(Code::ConfigDigest);
            findings.push(finding.because(digest.to_hex(), change.digest.to_hex()));
        }
    }

    pub(super) fn take(&mut self, change: &ConfigChange, index: u64) {
        if let Some(digest) = self.active.insert(change.config_id.clone(), change.digest)
            && let Some(version) = self.versions.get_mut(&digest)
        {
            version.superseded_at = Some(index);
        }
        let version = ConfigVersion {
            config_id: change.config_id.clone(),
            model_id: change.model_id.clone(),
            bands: change.bands.clone().and_then(Result::ok),
            digest: change.digest,
            previous: change.previous,
            index,
            superseded_at: None,
        };
        self.versions.insert(change.digest, version);
    }

    /// The active version's value in the state map: `{"digest":"..","index":..}`.
    pub(super) fn map_value(&self, config_id: &str) -> Option<Vec<u8>> {
        let version = self.active(config_id)?;
        let mut out = Vec::from(*b"{\"digest\":");
        write_string(&mut out, &version.digest.to_hex());
        out.extend_from_slice(b",\"index\":");
        write_integer(&mut out, version.index);
        out.push(b'}');
        Some(out)
    }
}

/// Labels by their stable id.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    labels: BTreeMap<String, (String, u64)>,
}

impl Labels {
    /// The name of a label for people, and the index of the record that gave it.
    pub fn label(&self, label_id: &str) -> Option<(&str, u64)> {
        self.labels
            .get(label_id)
            .map(|(display, index)| (display.as_str(), *index))
    }

    /// All labels: id, name, index of the record that gave the name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.labels
            .iter()
            .map(|(id, (display, index))| (id.as_str(), display.as_str(), *index))
    }

    /// Puts a label of a snapshot back; `None` if it stands there twice.
    pub(super) fn restore(&mut self, id: String, display: String, index: u64) -> Option<()> {
        let before = self.labels.insert(id, (display, index));
        before.is_none().then_some(())
    }

    pub(super) fn judge(&self, change: &LabelChange, findings: &mut Vec<Finding>) {
        let expected = self.labels.get(&change.label_id).map(|(_, index)| *index);
        if change.renames_index != expected {
            let name = |index: Option<u64>| index.map_or_else(|| "null".into(), |i| i.to_string());
            let finding = Finding::new(Code::LabelChain);
            let (expected, found): (String, String) = (name(expected), name(change.renames_index));
            findings.push(finding.because(expected, found));
        }
    }

    pub(super) fn take(&mut self, change: &LabelChange, index: u64) {
        self.labels
            .insert(change.label_id.clone(), (change.display.clone(), index));
    }

    /// A label's value in the state map: `{"display":"..","index":..}`.
    pub(super) fn map_value(&self, label_id: &str) -> Option<Vec<u8>> {
        let (display, index) = self.label(label_id)?;
        let mut out = Vec::from(*b"{\"display\":");
        write_string(&mut out, display);
        out.extend_from_slice(b",\"index\":");
        write_integer(&mut out, index);
        out.push(b'}');
        Some(out)
    }
}

/// Judges what a decision says of its score, label and configuration.
pub(super) fn judge_decision(
    configs: &Configs,
    labels: &Labels,
    facts: &DecisionFacts,
    record: &[u8],
    index: u64,
    step: &mut Step,
) {
    let mut add = |finding: Finding| step.findings.push(finding);
    let label = facts.label.map(|span| span.text(record));
    if let Some(label) = label
        && labels.label(label).is_none()
    {
        add(Finding::new(Code::LabelUnknown).found(label));
    }
    if facts.score == Score::NotANumber && (!facts.escalated_error || label.is_some()) {
        add(Finding::new(Code::ScoreMissing));
    }
    let Some(digest) = &facts.config else {
        if facts.source == Some(LabelSource::Derived) {
            add(Finding::new(Code::LabelNotDerived).because("a configuration", "none"));
        }
        return;
    };
    let Some(version) = configs.version(digest) else {
        add(Finding::new(Code::ConfigNeverActive).found(digest.to_hex()));
        return;
    };
    let model = facts.model.map(|span| span.text(record));
    if version.model_id().is_some() && model != version.model_id() {
        let expected = version.model_id().unwrap_or("none");
        add(Finding::new(Code::ConfigOtherModel).because(expected, model.unwrap_or("none")));
    }
    if let Some(superseded) = version.superseded_at {
        let lag = index.saturating_sub(superseded).to_string();
        add(Finding::new(Code::ConfigSuperseded).found(lag + " entries after its replacement"));
    }
    if let (Some(bands), Score::Number(score)) = (version.bands(), facts.score) {
        judge_label(bands.label_of(score), label, facts.source, &mut add);
    } else if facts.source.is_some() {
        add(Finding::new(Code::LabelNotDerived).because("a score and bands", "none"));
    }
}

/// Compares the label that the bands give with the one that stands there.
fn judge_label(
    derived: &str,
    label: Option<&str>,
    source: Option<LabelSource>,
    add: &mut impl FnMut(Finding),
) {
    let found = label.unwrap_or("none");
    match (label == Some(derived), source) {
        (true, Some(LabelSource::Derived)) => {}
        (false, Some(LabelSource::Host)) if label.is_some() => {
            add(Finding::new(Code::LabelDiffers).because(derived, found));
        }
        _ => add(Finding::new(Code::LabelNotDerived).because(derived, found)),
    }
}
