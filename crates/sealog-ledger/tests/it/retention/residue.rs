//! Nothing of what was disposed of is left in any file of the ledger.

use super::*;

/// Every file below a directory that holds these bytes.
fn holding(directory: &Path, canary: &[u8], found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holding(&path, canary, found);
        } else {
            let bytes = fs::read(&path).unwrap();
            if bytes.windows(canary.len()).any(|window| window == canary) {
                found.push(path.display().to_string());
            }
        }
    }
}

fn left(bench: &Bench, canary: &str) -> Vec<String> {
    let mut found = Vec::new();
    holding(&bench.ground.path(), canary.as_bytes(), &mut found);
    found
}

const CANARY: &str = "canary-7f3a";

fn secret(n: usize, fill: u8) -> Draft {
    let mut draft = decision(&format!("{CANARY}-{n}"));
    draft.system_id = Some(format!("{CANARY}-system"));
    draft.body.insert("model_id", format!("{CANARY}-model"));
    draft.body.insert("session_id", format!("{CANARY}-{n}"));
    let mut bytes = vec![fill; 40_000];
    bytes[..CANARY.len()].copy_from_slice(CANARY.as_bytes());
    draft.payloads = vec![Payload {
        name: "letter".into(),
        media_type: "text/plain".into(),
        bytes,
        key_id: None,
    }];
    draft
}

#[test]
fn no_file_of_the_ledger_holds_a_byte_of_it() {
    let bench = Bench::new();
    let options = Options {
        epoch_entries: 32,
        ..bench.options()
    };
    let creation = sealog_ledger::Creation::default();
    let ledger = Ledger::create(&bench.ground.path(), &creation, options).unwrap();
    let other = bench.open();
    ledger.set_retention(&policy("default", 30, None)).unwrap();
    let producer = ledger.producer().unwrap();
    for n in 0..100 {
        producer.append(secret(n, 1)).unwrap();
    }
    // A torn tail, as a crash leaves it, of a record that was repeated since.
    let tail = bench
        .ground
        .path()
        .join("recovered/0000000000-70-00cc10cc5ab0a89f.tail");
    fs::write(&tail, format!("{{\"log\":{{}},\"record\":\"{CANARY}")).unwrap();
    ledger.receipt(3).unwrap();
    for handle in [&ledger, &other] {
        let query = Query {
            model: Some(format!("{CANARY}-model")),
            ..Query::default()
        };
        assert!(!handle.search(&query).unwrap().hits().is_empty());
    }
    assert!(left(&bench, CANARY).len() > 4, "{:?}", left(&bench, CANARY));
    bench.pass_days(31);
    let mut stays = secret(100, 1);
    stays.body = decision("other").body;
    stays.system_id = None;
    producer.append(stays).unwrap();
    let disposed = ledger.dispose("default", "dpo").unwrap();
    assert_eq!(disposed.done.entries, 100);
    assert_eq!((disposed.done.payloads, disposed.done.tails), (0, 1));
    // The file of evidence is named by an entry that stays.
    let found = left(&bench, CANARY);
    assert!(
        matches!(&*found, [one] if one.contains("/payloads/")),
        "{found:?}"
    );
    assert_eq!(bench.holds(&ledger), 100);
    bench.pass_days(31);
    assert_eq!(ledger.dispose("default", "dpo").unwrap().done.payloads, 1);
    assert_eq!(left(&bench, CANARY), Vec::<String>::new());
    // The index is made anew from what is there, by both.
    for handle in [&ledger, &other] {
        let page = handle.search(&Query::default()).unwrap();
        assert_eq!(page.indexed_to(), ledger.size());
    }
    assert_eq!(left(&bench, CANARY), Vec::<String>::new());
    assert_eq!(bench.holds(&ledger), 101);
}

#[test]
fn what_a_failure_left_is_gone_once_the_ledger_is_opened_again() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    let producer = ledger.producer().unwrap();
    for n in 0..20 {
        producer.append(secret(n, 3)).unwrap();
    }
    ledger.search(&Query::default()).unwrap();
    bench.pass_days(2);
    let blocked = bench.ground.path().join("log/.new-0000000000.jsonl");
    fs::create_dir_all(&blocked).unwrap();
    let error = ledger.dispose("default", "dpo").unwrap_err();
    assert_eq!(error.code(), "disposal_unfinished", "{error}");
    drop((producer, ledger));
    fs::remove_dir_all(&blocked).unwrap();
    let found = left(&bench, CANARY);
    assert!(
        found.iter().any(|path| path.contains("index.sqlite")),
        "{found:?}"
    );
    let ledger = bench.open();
    assert!(!ledger.is_disposal_unfinished().unwrap());
    assert_eq!(left(&bench, CANARY), Vec::<String>::new());
    ledger.search(&Query::default()).unwrap();
    assert_eq!(left(&bench, CANARY), Vec::<String>::new());
    assert_eq!(bench.holds(&ledger), 20);
}

#[test]
fn a_torn_tail_stays_while_anything_is_held_and_one_behind_stays() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    append(&ledger, 0..4);
    let recovered = bench.ground.path().join("recovered");
    let (before, behind) = (
        "0000000000-70-00cc10cc5ab0a89f.tail",
        "0000000009-1-00cc10cc5ab0a89f.tail",
    );
    for name in [before, behind] {
        fs::write(recovered.join(name), "torn").unwrap();
    }
    ledger.place_hold(&hold("tenant:other")).unwrap();
    bench.pass_days(2);
    assert_eq!(ledger.dispose("default", "dpo").unwrap().done.tails, 0);
    assert!(recovered.join(before).exists());
    ledger.release_hold("H001", "counsel", "over").unwrap();
    append(&ledger, 4..8);
    bench.pass_days(2);
    assert_eq!(ledger.dispose("default", "dpo").unwrap().done.tails, 1);
    assert!(!recovered.join(before).exists() && recovered.join(behind).exists());
}

#[test]
fn an_index_that_is_off_here_is_emptied_all_the_same() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    ledger.producer().unwrap().append(secret(0, 2)).unwrap();
    ledger.search(&Query::default()).unwrap();
    drop(ledger);
    let options = Options {
        index: IndexMode::Off,
        ..bench.options()
    };
    let ledger = Ledger::open(&bench.ground.path(), options).unwrap();
    bench.pass_days(2);
    assert_eq!(ledger.dispose("default", "dpo").unwrap().done.payloads, 1);
    assert_eq!(left(&bench, CANARY), Vec::<String>::new());
}
