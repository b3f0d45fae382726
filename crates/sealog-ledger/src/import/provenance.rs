//! Databases of decision-provenance: every hash made anew from the documents, and each column held to its document.
//!
//! The file is a private copy, opened immutable and read-only, with an untrusted schema; only plain tables are read.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags, Row};
use sealog_core::hash::Hash;
use sealog_core::kinds::is_id;
use sealog_core::time::Timestamp;
use tempfile::NamedTempFile;

use super::audit_trail::of_fault;
use super::json::{self, Json, Style};
use super::source::RECORD_LINE_BYTES_MAX;
use super::{Findings, ImportError, JSON, Original, Reader, Weakness};

/// Configurations, labels or geneses of one file, at most of each.
const HISTORY_MAX: usize = 100_000;
/// Roots that are remembered, to tell a fork from a gap.
const ROOTS_KEPT: usize = 4_096;
/// Tables of 1.0; 1.1 adds the last.
const TABLES: [&str; 5] = [
    "chain_meta",
    "config_records",
    "label_registry",
    "records",
    "genesis_records",
];
const COLUMNS: &str = "seq,record_id,session_id,timestamp_iso,model_id,model_version,label_id,\
                       label_display,config_id,record_hash,prev_root,chain_root,full_json";
/// Columns that have to be what the document says, by their place in [`COLUMNS`].
const SAME: [(usize, &str); 10] = [
    (1, "record_id"),
    (2, "session_id"),
    (3, "timestamp_iso"),
    (4, "model_id"),
    (5, "model_version"),
    (6, "label_id"),
    (7, "label_display"),
    (8, "config_id"),
    (9, "record_hash"),
    (10, "prev_root"),
];
/// What the hash of a record covers; the last two since 1.1.
const HASHED: [&str; 13] = [
    "record_id",
    "session_id",
    "timestamp_utc",
    "model_id",
    "model_version",
    "model_hash",
    "input_hash",
    "output_hash",
    "label_id",
    "config_id",
    "input_schema_version",
    "schema_version",
    "genesis_id",
];

/// A database file.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
    /// The private copy, which goes with it.
    _file: NamedTempFile,
    has_genesis: bool,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "what `map_err` hands over is owned"
)]
fn failed(error: rusqlite::Error) -> ImportError {
    // What SQLite says may show names out of the file: only its code is told.
    let code = error.sqlite_error_code();
    ImportError::source("database", format!("SQLite refused it ({code:?})"))
}

impl Database {
    pub(super) fn open(file: NamedTempFile) -> Result<Self, ImportError> {
        let path = file.path().display().to_string();
        if path.contains(['?', '#', '%']) {
            return Err(ImportError::source(
                "database",
                "the directory for temporary files has a name that cannot stand in an address",
            ));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let address = format!("file:{path}?immutable=1&mode=ro");
        let connection = Connection::open_with_flags(address, flags).map_err(failed)?;
        for (setting, on) in [
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        ] {
            connection.set_db_config(setting, on).map_err(failed)?;
        }
        let length = i32::try_from(RECORD_LINE_BYTES_MAX).unwrap_or(i32::MAX);
        for (limit, value) in [
            (Limit::SQLITE_LIMIT_LENGTH, length),
            (Limit::SQLITE_LIMIT_ATTACHED, 0),
            (Limit::SQLITE_LIMIT_EXPR_DEPTH, 64),
        ] {
            connection.set_limit(limit, value).map_err(failed)?;
        }
        connection
            .pragma_update(None, "cell_size_check", true)
            .map_err(failed)?;
        let has_genesis = check_schema(&connection)?;
        Ok(Self {
            connection,
            _file: file,
            has_genesis,
        })
    }

    fn rows(
        &self,
        query: &str,
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let mut statement = self.connection.prepare(query).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            each(row)?;
        }
        Ok(())
    }

    fn history(&self, findings: &mut Findings) -> Result<History, ImportError> {
        let mut history = History::default();
        self.rows("SELECT label_id,display FROM label_registry", &mut |row| {
            let labels = &mut history.labels;
            labels.insert((text(row, 0)?, text(row, 1)?));
            bounded(labels.len())
        })?;
        let mut newest: BTreeMap<String, String> = BTreeMap::new();
        let query = "SELECT config_id,model_id,config_version,threshold_label_id,effective_from,\
                     changed_by,change_reason,prev_config_id,config_hash,full_json,threshold \
                     FROM config_records ORDER BY seq";
        self.rows(query, &mut |row| {
            check_config(row, &mut newest, &mut history, findings)?;
            bounded(history.configs.len())
        })?;
        if self.has_genesis {
            let query = "SELECT genesis_id,model_id,schema_version,created_at,created_by,reason,\
                         migrated_from,genesis_hash,full_json FROM genesis_records ORDER BY seq";
            self.rows(query, &mut |row| {
                check_genesis(row, &mut history, findings)?;
                bounded(history.geneses.len())
            })?;
        }
        Ok(history)
    }
}

fn bounded(count: usize) -> Result<(), ImportError> {
    if count > HISTORY_MAX {
        return Err(ImportError::source(
            "history_too_long",
            "it has too many configurations or labels",
        ));
    }
    Ok(())
}

fn text(row: &Row<'_>, column: usize) -> Result<String, ImportError> {
    row.get(column).map_err(failed)
}

/// Only the tables of this format, as plain tables: no views, triggers or virtual tables, which could answer anything.
fn check_schema(connection: &Connection) -> Result<bool, ImportError> {
    let foreign = || {
        ImportError::source(
            "foreign_schema",
            "its tables are not those of decision-provenance",
        )
    };
    let query = "SELECT type,name,coalesce(sql,'') FROM sqlite_schema";
    let mut statement = connection.prepare(query).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut found = BTreeSet::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let (sort, name, sql) = (text(row, 0)?, text(row, 1)?, text(row, 2)?);
        let known = TABLES.contains(&&*name) || name == "sqlite_sequence";
        match &*sort {
            "table" if known && sql.starts_with("CREATE TABLE ") => {
                found.insert(name);
            }
            "index" => {}
            _ => return Err(foreign()),
        }
    }
    let (needed, genesis) = (TABLES.get(..4).unwrap_or_default(), "genesis_records");
    if !needed.iter().all(|name| found.contains(*name)) {
        return Err(foreign());
    }
    Ok(found.contains(genesis))
}

/// What records refer to.
#[derive(Debug, Default)]
struct History {
    /// Id and display of every version of every label.
    labels: BTreeSet<(String, String)>,
    /// The model of each configuration.
    configs: BTreeMap<String, String>,
    geneses: BTreeSet<String>,
}

/// A document that was hashed: refused where it is not JSON, with a finding.
fn document(text: &str, position: Option<u64>, findings: &mut Findings) -> Json {
    json::parse(text.as_bytes()).unwrap_or_else(|fault| {
        findings.add(of_fault(fault), position);
        Json::Null
    })
}

fn hash_of(document: &Json, members: &[&str]) -> String {
    Hash::of(&[&document.only(members).to_bytes(Style::Ascii)]).to_hex()
}

fn check_config(
    row: &Row<'_>,
    newest: &mut BTreeMap<String, String>,
    history: &mut History,
    findings: &mut Findings,
) -> Result<(), ImportError> {
    const MEMBERS: [&str; 9] = [
        "config_id",
        "model_id",
        "config_version",
        "threshold_label_id",
        "effective_from",
        "changed_by",
        "change_reason",
        "prev_config_id",
        "threshold",
    ];
    let config = document(&text(row, 9)?, None, findings);
    let (id, model) = (text(row, 0)?, text(row, 1)?);
    let stated = text(row, 8)?;
    if hash_of(&config, &MEMBERS) != stated {
        findings.add(Weakness::ConfigHash, None);
    }
    let mut same = config.text("config_hash") == Some(&stated);
    for (column, name) in MEMBERS.iter().take(8).enumerate() {
        same &= config.text(name) == Some(&text(row, column)?);
    }
    let threshold: f64 = row.get(10).map_err(failed)?;
    let written = match config.get("threshold") {
        Some(Json::Number(number)) => number.parse::<f64>().ok(),
        _ => None,
    };
    if !same || written != Some(threshold) {
        findings.add(Weakness::ColumnMismatch, None);
    }
    let before = newest.insert(model.clone(), id.clone());
    let before = before.unwrap_or_else(|| "CONFIG_GENESIS".into());
    if config.text("prev_config_id") != Some(&before) || history.configs.contains_key(&id) {
        findings.add(Weakness::ConfigLink, None);
    }
    history.configs.insert(id, model);
    Ok(())
}

fn check_genesis(
    row: &Row<'_>,
    history: &mut History,
    findings: &mut Findings,
) -> Result<(), ImportError> {
    const MEMBERS: [&str; 7] = [
        "genesis_id",
        "model_id",
        "schema_version",
        "created_at",
        "created_by",
        "reason",
        "migrated_from",
    ];
    let genesis = document(&text(row, 8)?, None, findings);
    if hash_of(&genesis, &MEMBERS) != text(row, 7)? {
        findings.add(Weakness::GenesisHash, None);
    }
    let mut same = true;
    for (column, name) in MEMBERS.iter().enumerate() {
        same &= genesis.text(name) == Some(&text(row, column)?);
    }
    if !same {
        findings.add(Weakness::ColumnMismatch, None);
    }
    history.geneses.insert(text(row, 0)?);
    Ok(())
}

/// The walk over the records.
struct Walk<'a> {
    history: &'a History,
    root: String,
    roots: VecDeque<String>,
    count: u64,
}

impl Walk<'_> {
    fn record(&mut self, row: &Row<'_>, findings: &mut Findings) -> Result<(), ImportError> {
        let position = Some(self.count);
        self.count += 1;
        let record = document(&text(row, 12)?, position, findings);
        let mut add = |weakness| findings.add(weakness, position);
        for (column, name) in SAME {
            if record.text(name) != Some(&text(row, column)?) {
                add(Weakness::ColumnMismatch);
                break;
            }
        }
        let stated = text(row, 9)?;
        if hash_of(&record, &HASHED) != stated {
            add(Weakness::RecordHash);
        }
        let prev = text(row, 10)?;
        if prev != self.root {
            add(if self.roots.contains(&prev) {
                Weakness::ForkedChain
            } else {
                Weakness::BrokenLink
            });
        }
        let root = Hash::of(&[prev.as_bytes(), stated.as_bytes()]).to_hex();
        if root != text(row, 11)? {
            add(Weakness::BrokenLink);
        }
        self.refers(&record, &mut add);
        self.roots
            .push_back(std::mem::replace(&mut self.root, root));
        if self.roots.len() > ROOTS_KEPT {
            self.roots.pop_front();
        }
        Ok(())
    }

    fn refers(&self, record: &Json, add: &mut dyn FnMut(Weakness)) {
        let text = |name| record.text(name).unwrap_or_default().to_owned();
        match self.history.configs.get(&text("config_id")) {
            None => add(Weakness::ConfigUnknown),
            Some(model) if *model != text("model_id") => add(Weakness::ConfigOfOtherModel),
            Some(_) => {}
        }
        let label = (text("label_id"), text("label_display"));
        if !self.history.labels.contains(&label) {
            add(Weakness::LabelChanged);
        }
        if let Some(genesis) = record.text("genesis_id")
            && !genesis.is_empty()
            && !self.history.geneses.contains(genesis)
        {
            add(Weakness::GenesisUnknown);
        }
        let shown = Timestamp::parse(text("timestamp_iso").as_bytes()).ok();
        let hashed = match record.get("timestamp_utc") {
            // Whole seconds are cut off in what is shown.
            Some(Json::Number(number)) => number.split('.').next().and_then(|s| s.parse().ok()),
            _ => None,
        };
        if shown.map(Timestamp::seconds) != hashed || hashed.is_none() {
            add(Weakness::TimeMismatch);
        }
    }
}

impl Reader for Database {
    fn review(&mut self, findings: &mut Findings) -> Result<u64, ImportError> {
        let history = self.history(findings)?;
        let mut walk = Walk {
            history: &history,
            root: "0".repeat(64),
            roots: VecDeque::new(),
            count: 0,
        };
        let query = format!("SELECT {COLUMNS} FROM records ORDER BY seq");
        self.rows(&query, &mut |row| walk.record(row, findings))?;
        let mut heads = 0;
        self.rows(
            "SELECT current_root,record_count FROM chain_meta",
            &mut |row| {
                heads += 1;
                let count: i64 = row.get(1).map_err(failed)?;
                if text(row, 0)? != walk.root || u64::try_from(count).ok() != Some(walk.count) {
                    findings.add(Weakness::HeadMismatch, None);
                }
                Ok(())
            },
        )?;
        if heads != 1 {
            findings.add(Weakness::HeadMismatch, None);
        }
        findings.add(Weakness::Unkeyed, None);
        if walk.count == 0 {
            return Ok(0);
        }
        findings.add(Weakness::ScoreNotKept, None);
        let others = [history.configs.len(), history.geneses.len()];
        let others: usize = others.iter().sum();
        Ok(walk
            .count
            .saturating_add(u64::try_from(others).unwrap_or(u64::MAX)))
    }

    fn version(&self) -> Option<String> {
        Some(if self.has_genesis { "1.1" } else { "1.0" }.into())
    }

    fn each(
        &mut self,
        take: &mut dyn FnMut(Original) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let mut position = 0;
        let mut tables = vec![
            ("record", "SELECT full_json FROM records ORDER BY seq"),
            (
                "config",
                "SELECT full_json FROM config_records ORDER BY seq",
            ),
        ];
        if self.has_genesis {
            tables.push((
                "genesis",
                "SELECT full_json FROM genesis_records ORDER BY seq",
            ));
        }
        for (kind, query) in tables {
            self.rows(query, &mut |row| {
                let original = original(kind, text(row, 0)?, position);
                position += 1;
                take(original)
            })?;
        }
        Ok(())
    }
}

fn original(kind: &'static str, full: String, position: u64) -> Original {
    let document = json::parse(full.as_bytes()).unwrap_or(Json::Null);
    let text = |name| document.text(name);
    let time = ["timestamp_iso", "effective_from", "created_at"];
    let time = time.iter().find_map(|name| text(name));
    let id = match kind {
        "record" => text("record_id"),
        "config" => text("config_id"),
        _ => text("genesis_id"),
    };
    let decision = id.filter(|id| kind == "record" && is_id(id.as_bytes()));
    let decision = decision.map(|id| {
        let mut body = super::adopt::decision_body(id);
        for name in ["model_id", "session_id"] {
            if let Some(value) = text(name).filter(|value| is_id(value.as_bytes())) {
                body.insert(name, value);
            }
        }
        // Its label ids are of its own register: they name no label of this log.
        if let Some(label) = text("label_id").filter(|label| is_id(label.as_bytes())) {
            body.insert("outcome", label);
        }
        body
    });
    Original {
        media_type: JSON,
        position,
        kind: kind.into(),
        id: id.map(str::to_owned),
        time: time.and_then(|time| Timestamp::parse(time.as_bytes()).ok()),
        bytes: full.into_bytes(),
        entry: decision.map(|body| ("decision", body)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_as_long_as_the_limit_and_no_longer() {
        assert!(bounded(HISTORY_MAX).is_ok());
        let error = bounded(HISTORY_MAX + 1).unwrap_err();
        assert_eq!(error.code(), "history_too_long");
    }

    /// The codes of records that all follow the one before, but the last, which follows the first.
    fn fork_behind(records: usize) -> Vec<&'static str> {
        let history = History::default();
        let mut findings = Findings::default();
        let mut walk = Walk {
            history: &history,
            root: "0".repeat(64),
            roots: VecDeque::new(),
            count: 0,
        };
        let connection = Connection::open_in_memory().unwrap();
        let mut one = |prev: &str| {
            let hash = "a".repeat(64);
            let root = Hash::of(&[prev.as_bytes(), hash.as_bytes()]).to_hex();
            let query =
                format!("SELECT 0,'','','','','','','','','{hash}','{prev}','{root}','{{}}'");
            let mut statement = connection.prepare(&query).unwrap();
            let mut rows = statement.query([]).unwrap();
            walk.record(rows.next().unwrap().unwrap(), &mut findings)
                .unwrap();
            root
        };
        let begin = "0".repeat(64);
        let mut prev = begin.clone();
        for _ in 0..records {
            prev = one(&prev);
        }
        one(&begin);
        let codes = findings.counts().map(|(weakness, _)| weakness.id());
        codes
            .filter(|code| code.ends_with("chain") || code.ends_with("link"))
            .collect()
    }

    #[test]
    fn roots_are_remembered_up_to_the_limit_and_beyond_it_a_fork_is_a_broken_link() {
        assert_eq!(fork_behind(ROOTS_KEPT), ["import.forked_chain"]);
        assert_eq!(fork_behind(ROOTS_KEPT + 1), ["import.broken_link"]);
    }
}
