//! A ledger to attack: labels, two bands, and a key that tests hold, so that they can also write what the key's holder
//! could.

use std::path::Path;
use std::sync::Arc;

use sealog_core::config::{Bands, digest_text};
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::KeyType;
use sealog_ledger::verify::{Against, Report, Request, verify_ledger};
use sealog_ledger::{ConfigSet, Creation, Draft, IndexMode, Ledger, Options, Producer};

use crate::forge::{copy, force};
use crate::ground::{Ground, scored};

/// Origin of its log.
pub(crate) const ORIGIN: &str = "example.org/refusals";

/// A ledger with labels and two versions of a configuration, and its key.
pub(crate) struct Stand {
    pub(crate) ground: Ground,
    pub(crate) signer: Arc<Ed25519Signer>,
    pub(crate) producer: Producer,
    /// The configuration's digest, in text.
    pub(crate) config: String,
}

impl Stand {
    pub(crate) fn new() -> Self {
        let ground = Ground::new();
        let signer = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[5; 32]).unwrap();
        let signer = Arc::new(signer);
        let options = Options {
            signer: Some(Arc::<Ed25519Signer>::clone(&signer)),
            index: IndexMode::Off,
            ..ground.options()
        };
        let creation = Creation {
            origin: Some(ORIGIN.into()),
            ..Creation::default()
        };
        let ledger = Ledger::create(&ground.path(), &creation, options).unwrap();
        for id in ["L001", "L002"] {
            ledger
                .add_label(Some(id), id, "ann", "first labels")
                .unwrap();
        }
        let set = ConfigSet {
            config_id: "threshold".into(),
            system_id: Some("credit".into()),
            tenant_id: None,
            model_id: Some("m1".into()),
            bands: Some(Bands::threshold(0.5, "L002", "L001")),
            changed_by: "ann".into(),
            reason: "first".into(),
            approval_id: None,
            effective_at: None,
        };
        ledger.set_config(set).unwrap();
        let config = ledger.active_config("threshold").unwrap().unwrap().digest;
        let producer = ledger.producer().unwrap();
        Self {
            ground,
            signer,
            producer,
            config: digest_text(&config),
        }
    }

    pub(crate) fn request(&self) -> Request {
        Request {
            keys: vec![self.signer.verifier_key().clone()],
            ..Request::default()
        }
    }

    pub(crate) fn verify(&self, path: &Path) -> Report {
        verify_ledger(path, &self.request(), &mut |_| ())
    }

    /// What verification says of a copy of the log into which this record was forced by the key's holder.
    pub(crate) fn forced(&self, record: &[u8]) -> Report {
        let copied = self.ground.path().with_file_name("forced.sealog");
        let _ = std::fs::remove_dir_all(&copied);
        // Its lines, without the filler that an open ledger ends in.
        copy(&self.ground.path(), &copied);
        let segment = copied.join("log/0000000000.jsonl");
        let text = std::fs::read(&segment).unwrap();
        let end = 1 + text.iter().rposition(|byte| *byte != b'\n').unwrap();
        std::fs::write(&segment, &text[..=end]).unwrap();
        assert_eq!(self.verify(&copied).exit(), 0, "the unattacked twin");
        force(&copied, &*self.signer, "local", record);
        self.verify(&copied)
    }

    /// A decision of the model under the configuration.
    pub(crate) fn decided(&self, score: f64, label: &str) -> Draft {
        let mut draft = scored("d", &self.config, score, label);
        draft.body.insert("model_id", "m1");
        draft
    }

    /// The append is refused for this reason, and so is the log by a verifier if the record is forced into it.
    pub(crate) fn refuses(&self, draft: &Draft, reason: &str) {
        // Completed before it is offered: a refused call still takes its number.
        let record = self.producer.prepare(draft.clone()).unwrap();
        let refused = self.producer.append(draft.clone()).unwrap_err();
        assert_eq!(refused.code(), reason, "{refused}");
        let report = self.forced(&record);
        assert_eq!(
            (report.exit(), report.reason()),
            (1, reason),
            "{:?}",
            report.findings()
        );
        assert_eq!(
            self.verify(&self.ground.path()).exit(),
            0,
            "and nothing of it is there"
        );
    }

    /// Changes a copy of the log as text: this is what verification says of it.
    pub(crate) fn changed(&self, change: impl FnOnce(String) -> String) -> Report {
        let copied = self.ground.path().with_file_name("changed.sealog");
        let _ = std::fs::remove_dir_all(&copied);
        copy(&self.ground.path(), &copied);
        assert_eq!(self.verify(&copied).exit(), 0, "the unattacked twin");
        let segment = copied.join("log/0000000000.jsonl");
        let text = std::fs::read_to_string(&segment).unwrap();
        std::fs::write(&segment, change(text)).unwrap();
        self.verify(&copied)
    }

    /// Edits a copy of the log: it is refuted for this reason.
    pub(crate) fn attacked(&self, edits: &[(&str, &str)], reason: &str) {
        let copied = self.ground.path().with_file_name("attacked.sealog");
        let _ = std::fs::remove_dir_all(&copied);
        copy(&self.ground.path(), &copied);
        assert_eq!(self.verify(&copied).exit(), 0, "the unattacked twin");
        let segment = copied.join("log/0000000000.jsonl");
        let mut text = std::fs::read_to_string(&segment).unwrap();
        // The last: entry 0 and the labels stay.
        for (from, to) in edits {
            let at = text
                .rfind(from)
                .unwrap_or_else(|| panic!("{from} is not there"));
            text.replace_range(at..at + from.len(), to);
        }
        std::fs::write(&segment, text).unwrap();
        let report = self.verify(&copied);
        assert_eq!(
            (report.exit(), report.reason()),
            (1, reason),
            "{:?}",
            report.findings()
        );
    }

    /// Asks what verification says of the log as it stands to somebody who kept this from before.
    pub(crate) fn verify_against(&self, path: &Path, kept: &[u8]) -> Report {
        let request = Request {
            against: vec![Against {
                name: "kept".into(),
                bytes: kept.to_vec(),
            }],
            ..self.request()
        };
        verify_ledger(path, &request, &mut |_| ())
    }

    /// Options with which another handle on the same log opens.
    pub(crate) fn options(&self) -> Options {
        Options {
            signer: Some(Arc::<Ed25519Signer>::clone(&self.signer)),
            index: IndexMode::Off,
            ..self.ground.options()
        }
    }
}
