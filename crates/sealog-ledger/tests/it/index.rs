//! The query index: what it finds, that it can be lost, and that nobody waits for it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;
use sealog_core::config::{Bands, digest_text};
use sealog_core::json::{Number, Object, Value};
use sealog_core::time::Timestamp;
use sealog_ledger::{
    Access, ConfigSet, Draft, Entry, IndexMode, Ledger, Options, Order, Page, Producer, Query,
};

use crate::ground::{Ground, decision, scored};

mod stats;

/// A ledger whose index is brought up to date by whoever searches.
fn manual(ground: &Ground) -> Options {
    Options {
        index: IndexMode::Manual,
        ..ground.options()
    }
}

fn create(ground: &Ground) -> Ledger {
    let ledger = ground.create();
    drop(ledger);
    Ledger::open(&ground.path(), manual(ground)).unwrap()
}

fn index_file(ground: &Ground) -> PathBuf {
    ground.path().join("derived").join("index.sqlite")
}

/// Decisions that differ in everything that can be asked for.
fn varied(number: u64) -> Draft {
    let mut draft = decision(&format!("d{number}"));
    let body = &mut draft.body;
    body.insert("model_id", format!("model-{}", number % 3));
    body.insert(
        "action",
        ["allow", "reject", "escalate"][(number % 3) as usize],
    );
    body.insert("trace_id", format!("trace-{}", number / 4));
    body.insert("session_id", format!("session-{}", number / 7));
    let score = Number::finite((number % 10) as f64 / 10.0).unwrap();
    body.insert("score", Value::Number(score));
    let check = |name: &str, fired: bool| {
        let mut check = Object::new();
        check.insert("name", name);
        check.insert("fired", Value::Bool(fired));
        Value::Object(check)
    };
    let checks = vec![
        check("toxicity", number.is_multiple_of(5)),
        check("drift", number.is_multiple_of(2)),
    ];
    body.insert("checks", Value::Array(checks));
    draft.system_id = Some(format!("system-{}", number % 2));
    draft.tenant_id = Some(format!("tenant-{}", number % 4));
    draft.stream_id = Some(format!("stream-{}", number % 5));
    draft
}

/// Groups of several sizes, small ones and one of many blocks.
fn fill(producer: &Producer, count: u64) {
    let drafts: Vec<Draft> = (0..count).map(varied).collect();
    let (some, rest) = drafts.split_at(drafts.len().min(5));
    for draft in some {
        producer.append(draft.clone()).unwrap();
    }
    for group in rest.chunks(1_000) {
        producer.append_many(group.to_vec()).unwrap();
    }
}

fn member<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter()
        .try_fold(value, |value, name| value.member(name))
        .and_then(Value::as_str)
}

/// The log as values: what answers are compared with.
fn walk(ledger: &Ledger) -> Vec<Value> {
    let entries = ledger.entries(0..u64::MAX).unwrap();
    entries.map(|entry| entry.unwrap().value()).collect()
}

/// Indices of the entries that have a value.
fn naive(log: &[Value], path: &[&str], value: &str) -> Vec<u64> {
    let matching = (0..).zip(log);
    matching
        .filter(|(_, entry)| member(entry, path) == Some(value))
        .map(|(index, _)| index)
        .collect()
}

fn all_pages(ledger: &Ledger, query: &Query) -> Vec<u64> {
    let mut query = query.clone();
    let mut found = Vec::new();
    loop {
        let page = ledger.search(&query).unwrap();
        assert_eq!(page.indexed_to(), page.size());
        found.extend(page.hits().iter().map(Entry::index));
        match page.next() {
            Some(next) => query.cursor = Some(next),
            None => return found,
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "fields of a query are optional")]
pub(crate) fn some(text: impl Into<String>) -> Option<String> {
    Some(text.into())
}

/// A field of a query and the member that it asks for.
type Field = (&'static [&'static str], fn(&mut Query, Option<String>));

const FIELDS: [Field; 12] = [
    (&["record", "kind"], |query, value| {
        query.kind = value;
    }),
    (&["record", "stream_id"], |query, value| {
        query.stream = value;
    }),
    (&["record", "tenant_id"], |query, value| {
        query.tenant = value;
    }),
    (&["record", "system_id"], |query, value| {
        query.system = value;
    }),
    (&["record", "producer_run"], |query, value| {
        query.run = value;
    }),
    (&["log", "producer_id"], |query, value| {
        query.producer = value;
    }),
    (&["record", "body", "model_id"], |query, value| {
        query.model = value;
    }),
    (&["record", "body", "label_id"], |query, value| {
        query.label = value;
    }),
    (&["record", "body", "action"], |query, value| {
        query.action = value;
    }),
    (&["record", "body", "trace_id"], |query, value| {
        query.trace = value;
    }),
    (&["record", "body", "session_id"], |query, value| {
        query.session = value;
    }),
    (&["record", "body", "config_digest"], |query, value| {
        query.config = value;
    }),
];

#[test]
fn every_field_of_a_query_finds_what_a_walk_over_the_log_finds() {
    let ground = Ground::new();
    let ledger = create(&ground);
    for label in ["L001", "L002"] {
        ledger
            .add_label(Some(label), label, "ann", "a test")
            .unwrap();
    }
    let set = ConfigSet {
        config_id: "threshold".into(),
        system_id: None,
        tenant_id: None,
        model_id: None,
        bands: Some(Bands::threshold(0.5, "L002", "L001")),
        changed_by: "ann".into(),
        reason: "a test".into(),
        approval_id: None,
        effective_at: None,
    };
    ledger.set_config(set).unwrap();
    let config = ledger.active_config("threshold").unwrap().unwrap();
    let producer = ledger.producer().unwrap();
    fill(&producer, 2_200);
    for (score, label) in [(0.4, "L002"), (0.6, "L001"), (0.7, "L001")] {
        let digest = digest_text(&config.digest);
        producer.append(scored("d", &digest, score, label)).unwrap();
    }
    let log = walk(&ledger);
    for (path, set) in FIELDS {
        let mut values: Vec<&str> = log.iter().filter_map(|entry| member(entry, path)).collect();
        values.sort_unstable();
        values.dedup();
        assert!(!values.is_empty(), "{path:?}");
        // Of traces and sessions there are many; every hundredth will do, and one that is nowhere.
        let step = 1 + values.len() / 7;
        for value in values.into_iter().step_by(step).chain(["nowhere"]) {
            let mut query = Query {
                limit: 700,
                order: Order::OldestFirst,
                ..Query::default()
            };
            set(&mut query, some(value));
            let mut expected = naive(&log, path, value);
            assert_eq!(all_pages(&ledger, &query), expected, "{path:?} {value}");
            let count = ledger.count(&query).unwrap();
            assert_eq!(count, expected.len() as u64, "{path:?} {value}");
            query.order = Order::NewestFirst;
            expected.reverse();
            assert_eq!(all_pages(&ledger, &query), expected, "{path:?} {value}");
        }
    }
}

#[test]
fn values_asked_for_together_must_all_be_there() {
    let ground = Ground::new();
    let ledger = create(&ground);
    fill(&ledger.producer().unwrap(), 2_500);
    let query = Query {
        model: some("model-1"),
        system: some("system-0"),
        tenant: some("tenant-2"),
        order: Order::OldestFirst,
        limit: 10,
        ..Query::default()
    };
    let log = walk(&ledger);
    let (of_model, of_system, of_tenant) = (
        naive(&log, &["record", "body", "model_id"], "model-1"),
        naive(&log, &["record", "system_id"], "system-0"),
        naive(&log, &["record", "tenant_id"], "tenant-2"),
    );
    let mut expected = of_model;
    expected.retain(|index| of_system.contains(index) && of_tenant.contains(index));
    assert!(expected.len() > 100);
    assert_eq!(all_pages(&ledger, &query), expected);
    assert_eq!(ledger.count(&query).unwrap(), expected.len() as u64);
}

#[test]
fn ids_and_times_are_found() {
    let ground = Ground::new();
    let ledger = create(&ground);
    let producer = ledger.producer().unwrap();
    let first = producer.append(varied(1)).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    producer.append(varied(2)).unwrap();
    let entry = ledger.entry(2).unwrap().value();
    let time = member(&entry, &["log", "recorded_at"]).unwrap().to_owned();
    let time = Timestamp::parse(time.as_bytes()).unwrap();
    let id = Query {
        record_id: some(first.record_id()),
        ..Query::default()
    };
    assert_eq!(all_pages(&ledger, &id), [1]);
    assert_eq!(ledger.count(&id).unwrap(), 1);
    let between = |from_time, to_time| Query {
        from_time,
        to_time,
        ..Query::default()
    };
    assert_eq!(all_pages(&ledger, &between(Some(time), None)), [2]);
    assert_eq!(all_pages(&ledger, &between(None, Some(time))), [1, 0]);
    let none = between(Some(time), Some(time));
    assert_eq!(ledger.count(&none).unwrap(), 0);
}

#[test]
fn a_query_that_is_written_wrongly_is_refused() {
    let ground = Ground::new();
    let ledger = create(&ground);
    let limit = sealog_core::limits::SEARCH_ENTRIES_MAX;
    assert!(
        ledger
            .search(&Query {
                limit,
                ..Query::default()
            })
            .is_ok()
    );
    for query in [
        Query {
            limit: limit + 1,
            ..Query::default()
        },
        Query {
            limit: 0,
            ..Query::default()
        },
        Query {
            kind: some("no kind"),
            ..Query::default()
        },
        Query {
            record_id: some("1"),
            ..Query::default()
        },
    ] {
        assert_eq!(ledger.search(&query).unwrap_err().code(), "argument");
        assert_eq!(ledger.count(&query).unwrap_err().code(), "argument");
    }
}

#[test]
fn pages_are_stable_while_the_log_grows() {
    let ground = Ground::new();
    let ledger = create(&ground);
    let producer = ledger.producer().unwrap();
    fill(&producer, 50);
    let mut query = Query {
        limit: 7,
        kind: some("decision"),
        ..Query::default()
    };
    let mut found = Vec::new();
    loop {
        let page = ledger.search(&query).unwrap();
        found.extend(page.hits().iter().map(Entry::index));
        producer.append(varied(1)).unwrap();
        let Some(next) = page.next() else { break };
        query.cursor = Some(next);
    }
    assert_eq!(found, (1..=50).rev().collect::<Vec<_>>());
}

/// Asks for all decisions of one model and compares with the log.
fn assert_right(ledger: &Ledger) {
    let query = Query {
        model: some("model-1"),
        ..Query::default()
    };
    let mut expected = naive(&walk(ledger), &["record", "body", "model_id"], "model-1");
    expected.reverse();
    assert!(!expected.is_empty());
    assert_eq!(all_pages(ledger, &query), expected);
}

#[test]
fn an_index_that_was_deleted_or_spoilt_is_made_anew() {
    let ground = Ground::new();
    let ledger = create(&ground);
    fill(&ledger.producer().unwrap(), 300);
    assert_right(&ledger);
    ledger.close().unwrap();
    drop(ledger);
    let file = index_file(&ground);
    let whole = fs::read(&file).unwrap();
    let mut spoilt = Vec::new();
    spoilt.push(("empty", Vec::new()));
    spoilt.push((
        "no database",
        b"not a database at all, but long enough to look at".repeat(100),
    ));
    spoilt.push(("cut off", whole[..whole.len() / 2].to_vec()));
    let mut flipped = whole.clone();
    for byte in flipped.iter_mut().skip(4096).step_by(97) {
        *byte ^= 0x5a;
    }
    spoilt.push(("flipped", flipped));
    for (what, bytes) in spoilt {
        fs::write(&file, bytes).unwrap();
        let ledger = Ledger::open(&ground.path(), manual(&ground)).unwrap();
        // What shows only when a page is read is told by the search that read it.
        if ledger
            .search(&Query {
                model: some("model-1"),
                ..Query::default()
            })
            .is_err()
        {
            assert!(ledger.index_status().error().is_some(), "{what}");
        }
        assert_right(&ledger);
        assert!(
            !ledger.index_status().is_private(),
            "{what}: {:?}",
            ledger.index_status()
        );
        drop(ledger);
    }
    fs::remove_file(&file).unwrap();
    assert_right(&Ledger::open(&ground.path(), manual(&ground)).unwrap());
}

fn edit(ground: &Ground, sql: &str) {
    let connection = Connection::open(index_file(ground)).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn an_edited_index_leads_to_an_error_and_a_new_index_and_never_to_a_wrong_entry() {
    let ground = Ground::new();
    let ledger = create(&ground);
    fill(&ledger.producer().unwrap(), 300);
    assert_right(&ledger);
    for sql in [
        // Entries of another model.
        "UPDATE entry SET model=(SELECT id FROM value WHERE text='model-1') WHERE idx=6",
        // The place of another entry.
        "UPDATE entry SET offset=(SELECT offset FROM entry WHERE idx=4) WHERE idx=5;
         UPDATE entry SET length=(SELECT length FROM entry WHERE idx=4) WHERE idx=5",
        // Places inside a line, and none at all.
        "UPDATE entry SET offset=offset+10",
        "UPDATE entry SET length=length+1",
        "UPDATE entry SET segment=9",
        // Values swapped.
        "UPDATE value SET text='x' WHERE text='model-1'; UPDATE value SET text='model-1' WHERE text='model-2'",
        // Another type than the table's.
        "UPDATE entry SET offset='far'",
    ] {
        edit(&ground, sql);
        let query = Query {
            model: some("model-1"),
            ..Query::default()
        };
        let code = ledger.search(&query).map_err(|error| error.code()).err();
        assert_eq!(code, Some("index"), "{sql}");
        assert!(ledger.index_status().error().is_some(), "{sql}");
        assert_right(&ledger);
        let status = ledger.index_status();
        assert!(
            status.error().is_none() && status.rebuilt_because().is_some(),
            "{sql}"
        );
    }
    // A mark that is not the log's, or tables of another version, show before anything is answered.
    for sql in [
        "UPDATE mark SET size=size-1",
        "UPDATE mark SET offset=offset-1",
        "UPDATE mark SET hash=zeroblob(32)",
        "UPDATE mark SET rolled=zeroblob(32)",
        "UPDATE mark SET origin='other'",
        "DROP TABLE entry",
        "DROP TABLE mark",
        "ALTER TABLE entry ADD COLUMN more",
        "CREATE VIEW extra AS SELECT 1",
    ] {
        edit(&ground, sql);
        let ledger = Ledger::open(&ground.path(), manual(&ground)).unwrap();
        assert_right(&ledger);
        assert!(ledger.index_status().rebuilt_because().is_some(), "{sql}");
        assert!(!ledger.index_status().is_private(), "{sql}");
    }
}

#[test]
fn the_index_of_another_log_is_made_anew() {
    let (one, other) = (Ground::new(), Ground::new());
    for ground in [&one, &other] {
        let ledger = create(ground);
        fill(&ledger.producer().unwrap(), 100);
        assert_right(&ledger);
        ledger.close().unwrap();
    }
    fs::copy(index_file(&one), index_file(&other)).unwrap();
    let ledger = Ledger::open(&other.path(), manual(&other)).unwrap();
    assert_right(&ledger);
    assert!(ledger.index_status().rebuilt_because().is_some());
}

#[test]
fn two_handles_share_one_index() {
    let ground = Ground::new();
    let first = create(&ground);
    let second = Ledger::open(&ground.path(), manual(&ground)).unwrap();
    let reader = Options {
        access: Access::Read,
        ..manual(&ground)
    };
    let reader = Ledger::open(&ground.path(), reader).unwrap();
    let (a, b) = (first.producer().unwrap(), second.producer().unwrap());
    for number in 0..20 {
        a.append(varied(number)).unwrap();
        b.append(varied(number + 1)).unwrap();
        for ledger in [&first, &second, &reader] {
            assert_right(ledger);
            let status = ledger.index_status();
            assert!(!status.is_private() && status.error().is_none());
        }
    }
    assert!(first.index_status().rebuilt_because().is_none());
}

#[test]
fn a_reader_makes_no_file_and_answers_all_the_same() {
    let ground = Ground::new();
    let options = Options {
        index: IndexMode::Off,
        ..ground.options()
    };
    drop(ground.create());
    let writer = Ledger::open(&ground.path(), options).unwrap();
    fill(&writer.producer().unwrap(), 100);
    let file = index_file(&ground);
    for entry in fs::read_dir(file.parent().unwrap()).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let options = Options {
        access: Access::Read,
        ..ground.options()
    };
    let reader = Ledger::open(&ground.path(), options).unwrap();
    assert_right(&reader);
    let status = reader.index_status();
    assert!(
        status.is_private() && status.error().is_none(),
        "{status:?}"
    );
    assert!(!file.exists());
}

#[test]
fn a_thread_follows_the_log_and_ends_with_the_ledger() {
    let ground = Ground::new();
    let ledger = ground.create();
    fill(&ledger.producer().unwrap(), 500);
    let status = ledger.wait_for_index(Duration::from_mins(1));
    assert_eq!((status.indexed_to(), status.lag()), (501, 0), "{status:?}");
    assert_right(&ledger);
    // The thread keeps nothing alive: another handle takes the turn at once, and the directory can go.
    drop(ledger);
    let again = ground.open();
    assert_right(&again);
    again.close().unwrap();
    assert_right(&again);
}

#[test]
fn closing_makes_up_for_a_large_lag_where_nobody_follows_and_leaves_a_small_one() {
    let ground = Ground::new();
    let ledger = create(&ground);
    let producer = ledger.producer().unwrap();
    fill(&producer, 100);
    ledger.close().unwrap();
    assert!(!index_file(&ground).exists());
    let ledger = Ledger::open(&ground.path(), manual(&ground)).unwrap();
    fill(&ledger.producer().unwrap(), 4_096);
    ledger.close().unwrap();
    assert!(ledger.index_status().indexed_to() > 4_096);
    // Whoever only reads goes on from there, in the same file.
    let reader = Options {
        access: Access::Read,
        ..manual(&ground)
    };
    let reader = Ledger::open(&ground.path(), reader).unwrap();
    assert_right(&reader);
    assert!(!reader.index_status().is_private());
}

#[test]
fn ids_are_known_across_reopening() {
    let ground = Ground::new();
    let id = "018f0000-0000-7000-8000-000000000001";
    let draft = Draft {
        record_id: some(id),
        ..varied(3)
    };
    let ledger = create(&ground);
    let producer = ledger.producer().unwrap();
    fill(&producer, 20);
    let first = producer.append(draft.clone()).unwrap().index();
    // An epoch leaves a snapshot, from which the next opening goes on without the ids before it.
    ledger.seal_epoch().unwrap();
    producer.append(varied(4)).unwrap();
    ledger.close().unwrap();
    for mode in [IndexMode::Manual, IndexMode::Follow] {
        let options = Options {
            index: mode,
            ..ground.options()
        };
        let ledger = Ledger::open(&ground.path(), options).unwrap();
        let producer = ledger.producer().unwrap();
        let again = producer.append(draft.clone()).unwrap();
        assert!(again.is_repeat() && again.index() == first);
        let mut other = draft.clone();
        other.body.insert("outcome", "other");
        assert_eq!(producer.append(other).unwrap_err().code(), "id_taken");
        ledger.close().unwrap();
    }
}

#[test]
fn the_lag_is_shown_where_nobody_follows() {
    let ground = Ground::new();
    let ledger = create(&ground);
    fill(&ledger.producer().unwrap(), 10);
    let status = ledger.index_status();
    assert_eq!(
        (status.indexed_to(), status.size(), status.lag()),
        (0, 11, 11)
    );
    let page: Page = ledger.search(&Query::default()).unwrap();
    assert_eq!((page.indexed_to(), page.size()), (11, 11));
    assert_eq!(ledger.index_status().lag(), 0);
}

#[test]
fn an_index_that_cannot_be_written_never_fails_an_append() {
    let ground = Ground::new();
    drop(ground.create());
    for mode in [IndexMode::Follow, IndexMode::Manual] {
        let file = index_file(&ground);
        for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            let path = file.with_file_name(name);
            let _ = fs::remove_file(&path);
            let _ = fs::remove_dir(&path);
        }
        // Whoever runs this may be root, whom no permission stops: a directory in its place stops everybody.
        fs::create_dir(&file).unwrap();
        let ledger = Ledger::open(
            &ground.path(),
            Options {
                index: mode,
                ..ground.options()
            },
        )
        .unwrap();
        fill(&ledger.producer().unwrap(), 20);
        ledger.wait_for_index(Duration::from_secs(if mode == IndexMode::Follow {
            60
        } else {
            0
        }));
        // There is an answer all the same, and the status says what is wrong.
        assert_right(&ledger);
        let status = ledger.index_status();
        assert!(
            status.is_private() && status.error().is_some(),
            "{status:?}"
        );
        ledger.close().unwrap();
    }
}

#[test]
fn without_an_index_a_search_says_so() {
    let ground = Ground::new();
    drop(ground.create());
    let options = Options {
        index: IndexMode::Off,
        ..ground.options()
    };
    let ledger = Ledger::open(&ground.path(), options).unwrap();
    fill(&ledger.producer().unwrap(), 3);
    assert_eq!(
        ledger.search(&Query::default()).unwrap_err().code(),
        "index"
    );
    assert_eq!(ledger.entry(1).unwrap().index(), 1);
}

#[test]
fn a_ledger_in_memory_can_be_searched() {
    let ledger = Ledger::memory(&sealog_ledger::Creation::default(), Options::default()).unwrap();
    fill(&ledger.producer().unwrap(), 30);
    assert_right(&ledger);
}

#[test]
fn entries_are_read_by_their_place_and_a_wrong_place_does_no_harm() {
    let ground = Ground::new();
    let ledger = create(&ground);
    fill(&ledger.producer().unwrap(), 200);
    let by_scan: Vec<Vec<u8>> = (0..201)
        .map(|i| ledger.entry(i).unwrap().bytes().to_vec())
        .collect();
    ledger.search(&Query::default()).unwrap();
    edit(
        &ground,
        "UPDATE entry SET offset=(SELECT offset FROM entry WHERE idx=4) WHERE idx=3",
    );
    for (index, bytes) in (0..).zip(&by_scan) {
        assert_eq!(ledger.entry(index).unwrap().bytes(), bytes);
    }
    assert_eq!(ledger.entry(201).unwrap_err().code(), "no_entry");
}
