//! What is recorded: decisions under a configuration, each a record of 1 KiB, in as many streams as are asked for.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use sealog_core::config::{Bands, digest_text};
use sealog_core::json::{Number, Value};
use sealog_ledger::{ConfigSet, Creation, Draft, IndexMode, Ledger, Options, Producer};
use sealog_store::disk::{Disk, MemoryDisk, OsDisk};

/// Bytes of a record, and of a row of the peer.
pub(crate) const RECORD_BYTES: usize = 1024;
const ORIGIN: &str = "sealog.local/bench";
/// Texts that the records take in turn: no reader may find each line's text in the line before.
const TEXTS: usize = 64;
const TEXT: &str = "The applicant's stated income could not be matched with the statement of the account; \
    the amount asked for exceeds the limit of the product; a person should look at it. ";

/// A directory with one ledger, its secrets, head copies and known logs.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) directory: PathBuf,
}

impl Ground {
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join("bench.sealog")
    }

    pub(crate) fn options(&self, index: IndexMode) -> Options {
        Options {
            state_dir: Some(self.directory.join("state")),
            config_dir: Some(self.directory.join("config")),
            index,
            ..Options::default()
        }
    }

    pub(crate) fn open(&self, index: IndexMode) -> Result<Ledger> {
        Ok(Ledger::open(&self.path(), self.options(index))?)
    }

    /// A new ledger with a configuration, on a disk whose flushes are counted.
    pub(crate) fn create(&self, disk: &OsDisk, index: IndexMode) -> Result<Bench> {
        std::fs::create_dir_all(&self.directory)?;
        // Makes the key file, which other processes need; the ledger itself is made on the counted disk.
        let options = self.options(index);
        let secrets = sealog_ledger::keys::secrets_of(&self.path());
        let file = secrets.join(sealog_ledger::keys::LOG_KEY_FILE);
        let signer = sealog_ledger::keys::create_log_key(&file, ORIGIN, &*options.random)?;
        let disk: Arc<dyn Disk> = Arc::new(disk.clone());
        let creation = Creation::default();
        let path = self.path();
        let signer = Arc::new(signer);
        let ledger = Ledger::create_on(disk, &path, ORIGIN, &creation, options, signer)?;
        Bench::new(ledger)
    }
}

/// A ledger in memory, for what has nothing to do with the disk.
pub(crate) fn in_memory() -> Result<(Bench, Arc<dyn Disk>, PathBuf)> {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
    let options = Options {
        head_copy: sealog_ledger::HeadCopyPolicy::Off,
        index: IndexMode::Off,
        ..Options::default()
    };
    let signer = sealog_ledger::keys::ephemeral(ORIGIN, &*options.random)?;
    let path = PathBuf::from("/bench.sealog");
    let creation = Creation::default();
    let disk_of = Arc::clone(&disk);
    let ledger = Ledger::create_on(disk_of, &path, ORIGIN, &creation, options, signer)?;
    Ok((Bench::new(ledger)?, disk, path))
}

/// A ledger and the drafts for it.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    pub(crate) ledger: Ledger,
    pub(crate) producer: Producer,
    template: Draft,
    /// Reasons of one length.
    texts: Arc<[Value]>,
    made: Arc<AtomicU64>,
}

impl Bench {
    fn new(ledger: Ledger) -> Result<Self> {
        for (id, name) in [("L001", "approve"), ("L002", "deny")] {
            ledger.add_label(Some(id), name, "bench", "labels of the benchmark")?;
        }
        ledger.set_config(ConfigSet {
            config_id: "threshold".into(),
            system_id: Some("credit".into()),
            tenant_id: None,
            model_id: None,
            bands: Some(Bands::threshold(0.5, "L002", "L001")),
            changed_by: "bench".into(),
            reason: "configuration of the benchmark".into(),
            approval_id: None,
            effective_at: None,
        })?;
        Self::on(ledger)
    }

    /// On a ledger that has the configuration.
    pub(crate) fn on(ledger: Ledger) -> Result<Self> {
        let config = ledger
            .active_config("threshold")?
            .context("the configuration of the benchmark")?;
        let producer = ledger.producer()?;
        let (template, texts) = template(&digest_text(&config.digest), &ledger, &producer)?;
        Ok(Self {
            ledger,
            producer,
            template,
            texts,
            made: Arc::default(),
        })
    }

    /// The next draft, in one of so many streams.
    pub(crate) fn draft(&self, streams: u64) -> Draft {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        // Any sequence that visits the whole range: 61 is the golden ratio's share of 100.
        let score = ((number * 61 + 7) % 100) as f64 / 100.0;
        let mut draft = self.template.clone();
        let body = &mut draft.body;
        body.insert("decision_id", format!("d-{number:012}"));
        body.insert(
            "score",
            Number::finite(score).map_or(Value::Null, Value::Number),
        );
        body.insert("label_id", if score >= 0.5 { "L001" } else { "L002" });
        let texts = self.texts.iter();
        if let Some(text) = texts.cycle().nth(number as usize % TEXTS) {
            body.insert("reasons", text.clone());
        }
        if streams > 1 {
            draft.stream_id = Some(format!("stream-{:06}", number % streams));
        }
        draft
    }

    pub(crate) fn drafts(&self, count: usize, streams: u64) -> Vec<Draft> {
        (0..count).map(|_| self.draft(streams)).collect()
    }
}

/// A decision whose record is as long as a row of the peer, and texts that it may have in place of its own.
fn template(
    config_digest: &str,
    ledger: &Ledger,
    producer: &Producer,
) -> Result<(Draft, Arc<[Value]>)> {
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let mut draft = Draft::new("decision", sealog_core::json::Object::new());
    draft.system_id = Some("credit".into());
    let body = &mut draft.body;
    body.insert("action", "allow");
    body.insert("config_digest", config_digest);
    body.insert("decision_id", "d-000000000000");
    body.insert(
        "input_digest",
        ledger.commitment(id, "input_digest", b"[1,2,3]")?,
    );
    body.insert("label_id", "L001");
    body.insert("label_source", "derived");
    body.insert("model_id", "credit-forest");
    body.insert("model_reason", "a benchmark loads no model");
    body.insert("model_state", "unverified");
    body.insert(
        "output_digest",
        ledger.commitment(id, "output_digest", b"[0.5]")?,
    );
    body.insert(
        "score",
        Number::finite(0.75).map_or(Value::Null, Value::Number),
    );
    body.insert("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736");
    body.insert("reasons", Value::Array(vec!["x".into()]));
    let mut first = draft.clone();
    // A number that none of the run's records has: the draft is only measured.
    first.producer_seq = Some(0);
    let bare = producer.prepare(first)?.len() - 1;
    let texts: Arc<[Value]> = (0..TEXTS)
        .map(|begin| {
            let words = TEXT.chars().cycle().skip(begin);
            let words: String = words.take(RECORD_BYTES.saturating_sub(bare)).collect();
            Value::Array(vec![words.as_str().into()])
        })
        .collect();
    if let Some(text) = texts.first() {
        draft.body.insert("reasons", text.clone());
    }
    Ok((draft, texts))
}
