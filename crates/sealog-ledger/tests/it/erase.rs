//! Erasing persons and tenants: what is destroyed, what stays, and what a crash or an old copy changes about it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use sealog_core::json::{Object, Value};
use sealog_core::tlog::sign::{Ed25519Signer, SignError, Signer};
use sealog_core::tlog::vkey::{KeyType, VerifierKey};
use sealog_ledger::evidence::{Asked, EvidenceOptions, Opening};
use sealog_ledger::verify::{Request, verify_package};
use sealog_ledger::{
    Commit, Creation, Draft, Erasure, ErasureSubject, HoldPlacing, HoldScope, Ledger, Options,
    Query, RetentionSet,
};

use crate::ground::{Ground, decision};
use crate::privacy::{MAIL, access, at, holds, message, policy, record, verify, with_policy};

pub(crate) fn order(subject: ErasureSubject) -> Erasure {
    Erasure {
        tenant: None,
        subject,
        request_id: Some("request-1".into()),
        executed_by: "officer-1".into(),
        approvals: 0,
        despite_retention: false,
    }
}

pub(crate) fn person(name: &str) -> Erasure {
    order(ErasureSubject::Person(name.into()))
}

pub(crate) fn approval(id: &str, approver: &str, about: &str, decision: &str) -> Draft {
    let mut body = Object::new();
    for (name, value) in [
        ("approval_id", id),
        ("approver_id", approver),
        ("decided_at", "2026-01-31T12:00:00.000000Z"),
        ("decision", decision),
        ("rationale", "the contract ended"),
        ("requester_id", "rita"),
        ("subject_id", about),
        ("subject_kind", "erasure"),
    ] {
        body.insert(name, value);
    }
    Draft::new("approval", body)
}

/// Has entries of a class kept for half a year.
pub(crate) fn keep(ledger: &Ledger, class: &str) {
    let set = RetentionSet {
        policy_id: None,
        class: class.into(),
        min_days: 180,
        max_days: None,
        legal_basis: "a law".into(),
        approved_by: "ann".into(),
    };
    ledger.set_retention(&set).unwrap();
}

const SEALING: &str = r#","types":{"EMAIL":"seal","IPV4":"token"}"#;

#[test]
fn one_person_is_gone_and_everybody_else_and_every_proof_stays() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let producer = ledger.producer().unwrap();
    let tell = |name: &str| {
        let text = format!("I am {name}@example.com at 192.0.2.7");
        producer.append(message(name, &text)).unwrap()
    };
    let said: Vec<_> = ["john", "jane", "jack"].into_iter().map(tell).collect();
    let reference = ledger.known_subject_ref(None, "john").unwrap().unwrap();
    let done = ledger.erase(&person("john")).unwrap();
    assert_eq!(done.scope, format!("subject:{reference}"));
    assert_eq!(done.key_ids.len(), 1);
    assert_eq!(done.entries, 1);
    // The pseudonym and the token of the address, which was used in that person's record.
    assert_eq!(done.tokens, 2);
    assert!(done.residue.is_empty(), "{:?}", done.residue);
    assert!(done.exports.is_empty());
    let methods: Vec<_> = done
        .records
        .iter()
        .map(|appended| {
            let record = record(&ledger, appended.index());
            assert_eq!(at(&record, &["body", "request_id"]), Some("request-1"));
            at(&record, &["body", "method"]).unwrap().to_owned()
        })
        .collect();
    assert_eq!(methods, ["key_destroyed", "token_deleted"]);

    let gone = ledger
        .reveal(said[0].index(), "/text", &access())
        .unwrap_err();
    assert_eq!(gone.code(), "data_key");
    for stays in &said[1..] {
        let shown = ledger.reveal(stays.index(), "/text", &access()).unwrap();
        assert!(shown.bytes.ends_with(b"at 192.0.2.7"));
    }
    for appended in &said {
        let receipt = ledger.receipt(appended.index()).unwrap();
        receipt.check_inclusion().unwrap();
    }
    assert_eq!(ledger.known_subject_ref(None, "john").unwrap(), None);
    let again = ledger.erase(&person("john")).unwrap_err();
    assert_eq!(again.code(), "unknown_subject");
    // Who comes back is somebody new.
    let new = tell("john");
    let body = record(&ledger, new.index());
    assert_ne!(
        at(&body, &["body", "subject_ref"]),
        Some(reference.as_str())
    );
    assert!(ledger.reveal(new.index(), "/text", &access()).is_ok());
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}

#[test]
fn it_goes_by_the_pseudonym_too_and_only_in_its_own_tenant() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let producer = ledger.producer().unwrap();
    let mut draft = message("john", MAIL);
    draft.tenant_id = Some("acme".into());
    producer.append(draft).unwrap();
    let reference = ledger
        .known_subject_ref(Some("acme"), "john")
        .unwrap()
        .unwrap();
    let by = |tenant: Option<&str>| Erasure {
        tenant: tenant.map(Into::into),
        ..order(ErasureSubject::Reference(reference.clone()))
    };
    for elsewhere in [None, Some("globex")] {
        let refused = ledger.erase(&by(elsewhere)).unwrap_err();
        assert_eq!(refused.code(), "unknown_subject");
    }
    assert_eq!(ledger.erase(&by(Some("acme"))).unwrap().key_ids.len(), 1);
}

#[test]
fn a_tenant_needs_two_persons_who_did_not_ask() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let producer = ledger.producer().unwrap();
    let mut indices = Vec::new();
    for (tenant, name) in [("acme", "john"), ("acme", "jane"), ("globex", "jack")] {
        let mut draft = message(name, &format!("{name}@example.com"));
        draft.tenant_id = Some(tenant.into());
        indices.push(producer.append(draft).unwrap().index());
    }
    let tenant = Erasure {
        tenant: Some("acme".into()),
        ..order(ErasureSubject::Tenant)
    };
    let approve = |id: &str, approver: &str, about: &str, decision: &str| {
        let draft = approval(id, approver, about, decision);
        producer.append(draft).unwrap();
    };
    let refused = || ledger.erase(&tenant).unwrap_err().to_string();
    assert!(refused().contains("0 of the 2 persons"), "{}", refused());
    approve("a1", "ann", "tenant:acme", "approved");
    approve("a2", "ann", "tenant:acme", "approved");
    approve("a3", "rita", "tenant:acme", "approved");
    approve("a4", "bob", "tenant:globex", "approved");
    assert!(refused().contains("1 of the 2 persons"), "{}", refused());
    approve("a5", "bob", "tenant:acme", "approved");
    approve("a6", "ann", "tenant:acme", "revoked");
    assert!(refused().contains("1 of the 2 persons"), "{}", refused());
    approve("a7", "ann", "tenant:acme", "approved");
    let done = ledger.erase(&tenant).unwrap();
    assert_eq!(done.approval_ids, ["a7", "a5"]);
    assert_eq!(done.key_ids.len(), 2);
    assert_eq!(done.entries, 2);
    assert!(done.residue.is_empty(), "{:?}", done.residue);
    for (index, shows) in indices.iter().zip([false, false, true]) {
        let shown = ledger.reveal(*index, "/text", &access());
        assert_eq!(shown.is_ok(), shows);
    }
}

#[test]
fn a_policy_asks_for_as_many_persons_as_it_says() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, r#","approvals":2,"types":{"EMAIL":"seal"}"#);
    let producer = ledger.producer().unwrap();
    producer.append(message("john", MAIL)).unwrap();
    let reference = ledger.known_subject_ref(None, "john").unwrap().unwrap();
    let scope = format!("subject:{reference}");
    for (id, who) in [("a1", "ann"), ("a2", "ann"), ("a3", "bob")] {
        let refused = ledger.erase(&person("john")).unwrap_err();
        assert_eq!(refused.code(), "not_approved", "before {id}");
        producer
            .append(approval(id, who, &scope, "approved"))
            .unwrap();
    }
    let three = Erasure {
        approvals: 3,
        ..person("john")
    };
    assert_eq!(ledger.erase(&three).unwrap_err().code(), "not_approved");
    assert_eq!(ledger.erase(&person("john")).unwrap().key_ids.len(), 1);
}

#[test]
fn an_order_that_the_log_cannot_take_destroys_nothing() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let producer = ledger.producer().unwrap();
    let index = producer.append(message("john", MAIL)).unwrap().index();
    let by = |by: &str, request: Option<&str>| Erasure {
        executed_by: by.into(),
        request_id: request.map(Into::into),
        ..person("john")
    };
    for order in [by("has space", None), by("", None), by("o", Some("a\nb"))] {
        let refused = ledger.erase(&order).unwrap_err();
        assert_eq!(refused.code(), "entry_schema", "{refused}");
        assert!(ledger.reveal(index, "/text", &access()).is_ok());
    }
    // Nor does it leave anything that is to be finished.
    drop((producer, ledger));
    let ledger = ground.open();
    let size = ledger.size();
    assert!(ledger.known_subject_ref(None, "john").unwrap().is_some());
    assert_eq!(ledger.size(), size);
}

#[test]
fn under_a_legal_hold_nobody_is_erased() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let producer = ledger.producer().unwrap();
    producer.append(message("john", MAIL)).unwrap();
    let reference = ledger.known_subject_ref(None, "john").unwrap().unwrap();
    let hold = |scope: &str| {
        let placing = HoldPlacing {
            hold_id: None,
            scope: HoldScope::parse(scope).unwrap(),
            reason: "a law suit".into(),
            placed_by: "counsel-1".into(),
            incident_id: None,
            until: None,
        };
        ledger.place_hold(&placing).unwrap().0
    };
    for scope in [
        "all",
        "tenant:default",
        &format!("subject:{reference}"),
        "class:default",
        "entries:0-9",
    ] {
        let id = hold(scope);
        let refused = ledger.erase(&person("john")).unwrap_err();
        assert_eq!(refused.code(), "legal_hold", "{scope}");
        assert!(refused.to_string().contains(&id), "{refused}");
        ledger.release_hold(&id, "counsel-1", "it is over").unwrap();
    }
    let other = hold("subject:somebody-else");
    let tenant = Erasure {
        tenant: Some("default".into()),
        ..order(ErasureSubject::Tenant)
    };
    assert_eq!(ledger.erase(&tenant).unwrap_err().code(), "legal_hold");
    ledger
        .release_hold(&other, "counsel-1", "it is over")
        .unwrap();
    hold("tenant:acme");
    assert!(
        ledger.erase(&person("john")).is_ok(),
        "another tenant's hold"
    );
}

#[test]
fn a_retention_policy_keeps_an_entrys_data_unless_two_persons_say_otherwise() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let producer = ledger.producer().unwrap();
    keep(&ledger, "default");
    producer.append(message("john", MAIL)).unwrap();
    let refused = ledger.erase(&person("john")).unwrap_err();
    assert_eq!(refused.code(), "retention", "{refused}");
    let despite = Erasure {
        despite_retention: true,
        ..person("john")
    };
    let refused = ledger.erase(&despite).unwrap_err();
    assert_eq!(refused.code(), "not_approved");
    assert!(
        ledger.known_subject_ref(None, "john").unwrap().is_some(),
        "nothing was changed"
    );
}

#[test]
fn packages_that_showed_values_of_the_person_are_told() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let producer = ledger.producer().unwrap();
    let index = producer.append(message("john", MAIL)).unwrap().index();
    let key = ledger.sealed_payloads(index).unwrap()[0].1.to_string();
    let export = |id: &str, key: &str, recipient: &str| {
        let mut body = Object::new();
        for (name, value) in [
            ("created_at", "2026-01-31T12:00:00.000000Z"),
            ("export_id", id),
            ("package_digest", &format!("sha256:{}", "ab".repeat(32))),
            ("query", "all"),
            ("recipient", recipient),
            ("requested_by", "ann"),
            ("scope", "all"),
        ] {
            body.insert(name, value);
        }
        body.insert("record_count", 1u32);
        body.insert("size", 1u32);
        body.insert("revealed_key_ids", Value::Array(vec![Value::from(key)]));
        let mut own = Draft::new("export.created", body);
        own.stream_id = Some("log".into());
        ledger.append_own(own).unwrap();
    };
    export("e1", &key, "court-1");
    export("e2", &"0f".repeat(16), "court-2");
    let done = ledger.erase(&person("john")).unwrap();
    assert_eq!(done.exports.len(), 1);
    assert_eq!(done.exports[0].recipient.as_deref(), Some("court-1"));
}

#[test]
fn a_package_that_opens_a_commitment_names_its_key_so_that_an_erasure_tells_of_it() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let about = |person: &str| {
        let mut draft = decision("d");
        draft.record_id = Some(producer.new_record_id().unwrap());
        draft.subject = Some(person.into());
        draft.commits = vec![Commit {
            member: "input_digest".into(),
            encoding: b"41".as_slice().into(),
        }];
        producer.append(draft.clone()).unwrap();
        draft.record_id.unwrap()
    };
    let (john, _jane) = (about("john"), about("jane"));
    let options = EvidenceOptions {
        openings: vec![Opening {
            record_id: john,
            field: "/input_digest".into(),
            value: "41".into(),
        }],
        ..EvidenceOptions::default()
    };
    let asked = Asked {
        by: "ann".into(),
        recipient: Some("court-1".into()),
    };
    let out = ground.path().with_file_name("package.zip");
    let query = Query::default();
    let handed = ledger.hand_over_evidence(&out, &query, &options, &asked, &mut |_| ());
    let handed = handed.unwrap();
    assert_eq!(handed.evidence.revealed_key_ids.len(), 1);
    let jane = ledger.erase(&person("jane")).unwrap();
    assert!(jane.exports.is_empty());
    let john = ledger.erase(&person("john")).unwrap();
    assert_eq!(john.exports.len(), 1);
    assert_eq!(john.exports[0].recipient.as_deref(), Some("court-1"));
    let digest = format!("sha256:{}", handed.digest.to_hex());
    assert_eq!(john.exports[0].package_digest, digest);
    // What was opened cannot be opened again.
    let again = ground.path().with_file_name("again.zip");
    let refused = ledger.hand_over_evidence(&again, &query, &options, &asked, &mut |_| ());
    assert!(refused.unwrap_err().to_string().contains("was destroyed"));
}

#[test]
fn a_package_opens_a_sealed_value_alone_and_an_erasure_tells_of_it() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let producer = ledger.producer().unwrap();
    let index = producer.append(message("john", MAIL)).unwrap().index();
    producer.append(message("john", "jd@example.net")).unwrap();
    producer.append(message("jane", MAIL)).unwrap();
    let record_id = at(&record(&ledger, index), &["record_id"])
        .unwrap()
        .to_owned();
    let asked = [(record_id.clone(), "/text".to_owned())];
    let size = ledger.size();
    let openings = ledger.openings_of_sealed(&asked, &access()).unwrap();
    let logged = record(&ledger, size);
    assert_eq!(at(&logged, &["kind"]), Some("access.logged"));
    let options = EvidenceOptions {
        openings,
        ..EvidenceOptions::default()
    };
    let out = ground.path().with_file_name("package.zip");
    let court = Asked {
        by: "ann".into(),
        recipient: Some("court-1".into()),
    };
    let query = Query::default();
    let handed = ledger.hand_over_evidence(&out, &query, &options, &court, &mut |_| ());
    let evidence = handed.unwrap().evidence;
    assert_eq!((evidence.opened, evidence.closed), (1, 2));
    let request = Request {
        keys: vec![VerifierKey::parse(&ledger.vkey()).unwrap()],
        ..Request::default()
    };
    let file = fs::File::open(&out).unwrap();
    assert_eq!(verify_package(file, &request).exit(), 0);
    // It shows this value, neither the other one nor the key.
    let bytes = fs::read(&out).unwrap();
    let shows = |text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    assert!(shows(&base64(MAIL)) && !shows(&base64("jd@example.net")));
    assert!(!shows("jd@example.net"));

    let refused = |id: &str, name: &str| {
        let asked = [(id.to_owned(), name.to_owned())];
        let refused = ledger.openings_of_sealed(&asked, &access()).unwrap_err();
        refused.code()
    };
    assert_eq!(refused(&record_id, "/other"), "argument");
    assert_eq!(refused(&record_id.replace('0', "1"), "/text"), "argument");
    let done = ledger.erase(&person("john")).unwrap();
    assert_eq!(done.exports.len(), 1);
    assert!(!done.residue.iter().any(|one| one.what == "data key"));
    assert_eq!(refused(&record_id, "/text"), "data_key");
}

#[test]
fn what_is_left_of_a_person_in_any_file_is_told_with_its_place() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let producer = ledger.producer().unwrap();
    producer.append(message("john", MAIL)).unwrap();
    // Somebody kept a copy of a value, of its digest, and of the key store.
    let recovered = ground.path().join("recovered");
    fs::create_dir_all(&recovered).unwrap();
    fs::write(recovered.join("tail"), format!("xx{MAIL}")).unwrap();
    let digest = sealog_core::hash::Hash::of(&[MAIL.as_bytes()]).to_hex();
    fs::write(recovered.join("digests"), digest).unwrap();
    let store = ledger.secrets().unwrap().join("keys.sqlite");
    fs::copy(&store, recovered.join("keys.old")).unwrap();
    let done = ledger.erase(&person("john")).unwrap();
    let found = |name: &str, what: &str| {
        done.residue
            .iter()
            .any(|residue| residue.path.ends_with(name) && residue.what == what)
    };
    assert!(found("tail", "value"), "{:?}", done.residue);
    assert!(found("digests", "digest of a value"));
    assert!(found("keys.old", "wrapped key"));
    assert!(found("keys.old", "lookup code"));
    assert!(
        !found("keys.sqlite", "wrapped key"),
        "the store itself forgot"
    );
    assert!(!found("keys.sqlite", "lookup code"));
    let tail = done
        .residue
        .iter()
        .find(|residue| residue.path.ends_with("tail"));
    assert_eq!(tail.unwrap().offset, 2);
}

/// A signer that refuses when told to: the log then takes no record.
#[derive(Debug)]
struct Sometimes {
    inner: Ed25519Signer,
    refuses: AtomicBool,
}

impl Signer for Sometimes {
    fn verifier_key(&self) -> &VerifierKey {
        self.inner.verifier_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(SignError::Unavailable {
                name: self.verifier_key().name().into(),
                reason: "refused".into(),
            });
        }
        self.inner.sign(message)
    }
}

#[test]
fn a_crash_between_the_keys_and_the_record_is_finished_on_the_next_open() {
    let ground = Ground::new();
    let inner = Ed25519Signer::from_seed(KeyType::Ed25519, "example.org/erase", &[5; 32]).unwrap();
    let signer = Arc::new(Sometimes {
        inner,
        refuses: AtomicBool::new(false),
    });
    let options = Options {
        privacy: Some(policy(SEALING)),
        signer: Some(Arc::<Sometimes>::clone(&signer)),
        ..ground.options()
    };
    let creation = Creation {
        origin: Some("example.org/erase".into()),
        ..Creation::default()
    };
    let ledger = Ledger::create(&ground.path(), &creation, options.clone()).unwrap();
    let producer = ledger.producer().unwrap();
    let index = producer.append(message("john", MAIL)).unwrap().index();
    signer.refuses.store(true, Ordering::SeqCst);
    ledger.erase(&person("john")).unwrap_err();
    let size = ledger.size();
    // The key is gone although nothing says so yet.
    signer.refuses.store(false, Ordering::SeqCst);
    drop((producer, ledger));
    let ledger = Ledger::open(&ground.path(), options).unwrap();
    assert_eq!(ledger.size(), size);
    let gone = ledger.reveal(index, "/text", &access()).unwrap_err();
    assert_eq!(gone.code(), "data_key");
    // Whatever needed the key store has finished it, once.
    assert_eq!(ledger.size(), size + 2);
    let last = record(&ledger, size);
    assert_eq!(at(&last, &["kind"]), Some("erasure.executed"));
    assert_eq!(at(&last, &["body", "method"]), Some("key_destroyed"));
    ledger.known_subject_ref(None, "jane").unwrap();
    assert_eq!(ledger.size(), size + 2);
}

#[test]
fn an_old_copy_of_the_key_store_does_not_bring_anybody_back() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let producer = ledger.producer().unwrap();
    let john = producer.append(message("john", MAIL)).unwrap().index();
    let jane = producer.append(message("jane", MAIL)).unwrap().index();
    let store = ledger.secrets().unwrap().join("keys.sqlite");
    let copy = fs::read(&store).unwrap();
    ledger.erase(&person("john")).unwrap();
    ledger.close().unwrap();
    drop((producer, ledger));
    fs::write(&store, copy).unwrap();
    let ledger = ground.open();
    let size = ledger.size();
    let gone = ledger.reveal(john, "/text", &access()).unwrap_err();
    assert_eq!(gone.code(), "data_key");
    assert_eq!(ledger.keys_destroyed_again(), 1);
    let said = record(&ledger, size);
    assert_eq!(at(&said, &["kind"]), Some("key.event"));
    assert_eq!(at(&said, &["body", "event"]), Some("destroyed"));
    assert!(ledger.reveal(jane, "/text", &access()).is_ok());
    assert_eq!(ledger.known_subject_ref(None, "john").unwrap(), None);
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}

#[test]
fn another_handle_forgets_what_it_was_told() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let options = Options {
        privacy: Some(policy(SEALING)),
        ..ground.options()
    };
    let other = Ledger::open(&ground.path(), options).unwrap();
    let (here, there) = (ledger.producer().unwrap(), other.producer().unwrap());
    let first = here.append(message("john", MAIL)).unwrap().index();
    let second = there.append(message("john", MAIL)).unwrap().index();
    ledger.erase(&person("john")).unwrap();
    for index in [first, second] {
        assert_eq!(
            other.reveal(index, "/text", &access()).unwrap_err().code(),
            "data_key"
        );
    }
    let third = there.append(message("john", MAIL)).unwrap().index();
    assert!(
        other.reveal(third, "/text", &access()).is_ok(),
        "under a new key"
    );
    let (old, new) = (record(&other, second), record(&other, third));
    assert_ne!(
        at(&old, &["body", "subject_ref"]),
        at(&new, &["body", "subject_ref"])
    );
}

#[test]
fn records_that_come_meanwhile_leave_a_log_that_holds() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let (ledger, stop) = (ledger.clone(), &stop);
            scope.spawn(move || {
                let producer = ledger.producer().unwrap();
                while !stop.load(Ordering::SeqCst) {
                    if let Err(error) = producer.append(message("john", MAIL)) {
                        assert_eq!(error.code(), "subject_erased");
                    }
                }
                producer.stop().unwrap();
            });
        }
        let mut erased = 0;
        while erased < 5 {
            match ledger.erase(&person("john")) {
                Ok(_) => erased += 1,
                Err(error) => assert_eq!(error.code(), "unknown_subject"),
            }
        }
        stop.store(true, Ordering::SeqCst);
    });
    // Nobody got a new key under a pseudonym that was erased: who is erased now is all there is.
    let last = ledger.known_subject_ref(None, "john").unwrap();
    if last.is_some() {
        ledger.erase(&person("john")).unwrap();
    }
    let store = ledger.secrets().unwrap().join("keys.sqlite");
    let store = rusqlite::Connection::open(store).unwrap();
    for table in ["holder", "token", "link", "pending"] {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows: i64 = store.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    no_entry_names_whom_an_earlier_one_erased(&ledger);
    ledger.close().unwrap();
    let report = verify(&ground, &ledger);
    assert_eq!(report.exit(), 0);
    assert!(!holds(&ground.path(), MAIL.as_bytes()));
}

fn no_entry_names_whom_an_earlier_one_erased(ledger: &Ledger) {
    let mut erased = Vec::new();
    for index in 0..ledger.size() {
        let record = record(ledger, index);
        if at(&record, &["kind"]) == Some("erasure.executed") {
            let key = at(&record, &["body", "key_id"]).map(ToOwned::to_owned);
            let reference = at(&record, &["body", "subject_ref"]).unwrap().to_owned();
            erased.push((index, key.unwrap_or(reference)));
            continue;
        }
        let text = String::from_utf8(record.to_canonical()).unwrap();
        for (at, name) in &erased {
            assert!(!text.contains(name), "{index} names whom {at} erased");
        }
    }
    assert!(erased.len() >= 10, "{}", erased.len());
}
