//! Signers that are not key files: slow ones, wrong ones, ones that fail. Nothing of theirs gets into the log.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use sealog_core::tlog::sign::{Ed25519Signer, SignError, Signer};
use sealog_core::tlog::vkey::{KeyType, VerifierKey};
use sealog_ledger::verify::{Request, verify_ledger};
use sealog_ledger::{Creation, Ledger, Options};

use crate::ground::{Ground, decision};

const ORIGIN: &str = "example.org/elsewhere";

/// A key service: it answers after some time, and as it is told.
#[derive(Debug)]
struct Service {
    signer: Ed25519Signer,
    /// The answers that follow; after them it signs.
    answers: Mutex<Vec<Answer>>,
    delay_ms: AtomicU64,
    asked: AtomicUsize,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Refuse,
    SignSomethingElse,
    Garbage,
    Panic,
}

impl Service {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            signer: Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[3; 32]).unwrap(),
            answers: Mutex::default(),
            delay_ms: AtomicU64::new(0),
            asked: AtomicUsize::new(0),
        })
    }
}

impl Signer for Service {
    fn verifier_key(&self) -> &VerifierKey {
        self.signer.verifier_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(self.delay_ms.load(Ordering::SeqCst)));
        let answer = self.answers.lock().unwrap().pop();
        match answer {
            None => self.signer.sign(message),
            Some(Answer::Refuse) => Err(SignError::Refused {
                name: ORIGIN.into(),
                reason: "closed on Sundays".into(),
            }),
            Some(Answer::SignSomethingElse) => self.signer.sign(b"something else"),
            Some(Answer::Garbage) => Ok([0xff; 64]),
            Some(Answer::Panic) => panic!("as told"),
        }
    }
}

fn options(ground: &Ground, service: &Arc<Service>) -> Options {
    let signer: Arc<dyn Signer> = Arc::<Service>::clone(service);
    Options {
        signer: Some(signer),
        ..ground.options()
    }
}

fn create(ground: &Ground, service: &Arc<Service>) -> Ledger {
    Ledger::create(
        &ground.path(),
        &Creation::default(),
        options(ground, service),
    )
    .unwrap()
}

fn holds(ground: &Ground, service: &Service, size: u64) {
    let request = Request {
        keys: vec![service.verifier_key().clone()],
        all_signatures: true,
        ..Request::default()
    };
    let report = verify_ledger(&ground.path(), &request, &mut |_| ());
    assert_eq!((report.reason(), report.size()), ("holds", size));
}

#[test]
fn a_ledger_is_named_by_its_signers_key_and_needs_no_key_file() {
    let (ground, service) = (Ground::new(), Service::new());
    let ledger = create(&ground, &service);
    assert_eq!(ledger.origin(), ORIGIN);
    assert!(!ledger.secrets().unwrap().join("log.key").exists());
    ledger.producer().unwrap().append(decision("d")).unwrap();
    drop(ledger);
    // Without the signer there is no key, with it there is.
    let refused = Ledger::open(&ground.path(), ground.options()).unwrap_err();
    assert_eq!(refused.code(), "key_missing");
    let ledger = Ledger::open(&ground.path(), options(&ground, &service)).unwrap();
    ledger.producer().unwrap().append(decision("e")).unwrap();
    holds(&ground, &service, 3);
}

#[test]
fn an_origin_that_is_not_the_keys_is_refused() {
    let (ground, service) = (Ground::new(), Service::new());
    let creation = Creation {
        origin: Some("example.org/other".into()),
        ..Creation::default()
    };
    let refused = Ledger::create(&ground.path(), &creation, options(&ground, &service));
    assert_eq!(refused.unwrap_err().code(), "argument");
    assert!(!ground.path().exists());
}

#[test]
fn whoever_signs_wrongly_or_not_at_all_writes_nothing_and_may_try_again() {
    let (ground, service) = (Ground::new(), Service::new());
    let ledger = create(&ground, &service);
    let producer = ledger.producer().unwrap();
    let segment = ground.path().join("log/0000000000.jsonl");
    for (answer, said) in [
        (Answer::Refuse, "closed on Sundays"),
        (Answer::SignSomethingElse, "does not verify under its key"),
        (Answer::Garbage, "does not verify under its key"),
        (Answer::Panic, "it panicked"),
    ] {
        let before = std::fs::read(&segment).unwrap();
        service.answers.lock().unwrap().push(answer);
        let refused = producer.append(decision("d")).unwrap_err();
        assert_eq!(
            (refused.code(), refused.kind()),
            ("signer", sealog_core::ErrorKind::Refused)
        );
        assert!(refused.to_string().contains(said), "{refused}");
        assert_eq!(std::fs::read(&segment).unwrap(), before);
    }
    assert_eq!(producer.append(decision("d")).unwrap().index(), 1);
    holds(&ground, &service, 2);
}

#[test]
fn a_signer_that_is_too_slow_refuses_all_who_wait_and_its_late_answer_is_dropped() {
    let (ground, service) = (Ground::new(), Service::new());
    let hasty = Options {
        signer_wait: Duration::from_millis(300),
        ..options(&ground, &service)
    };
    let ledger = Ledger::create(&ground.path(), &Creation::default(), hasty).unwrap();
    let producer = ledger.producer().unwrap();
    service.delay_ms.store(900, Ordering::SeqCst);
    let asked = service.asked.load(Ordering::SeqCst);
    let begun = Instant::now();
    let codes: Vec<&str> = thread::scope(|scope| {
        let calls: Vec<_> = (0..4)
            .map(|n| {
                let producer = &producer;
                scope.spawn(move || {
                    producer
                        .append(decision(&n.to_string()))
                        .unwrap_err()
                        .code()
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert_eq!(codes, ["signer"; 4]);
    assert!(begun.elapsed() < Duration::from_secs(20));
    // It is still at the first question: nobody else's was put to it.
    assert!(service.asked.load(Ordering::SeqCst) - asked <= 2);
    service.delay_ms.store(0, Ordering::SeqCst);
    let begun = Instant::now();
    let appended = loop {
        match producer.append(decision("again")) {
            Ok(appended) => break appended,
            Err(error) => assert_eq!(error.code(), "signer"),
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it never recovers"
        );
    };
    assert_eq!(
        appended.index(),
        1,
        "nothing of the refused calls is in the log"
    );
    holds(&ground, &service, 2);
}

#[test]
fn an_answer_that_is_slow_but_in_time_is_waited_for() {
    let (ground, service) = (Ground::new(), Service::new());
    let ledger = create(&ground, &service);
    service.delay_ms.store(50, Ordering::SeqCst);
    let producer = ledger.producer().unwrap();
    thread::scope(|scope| {
        for n in 0..8 {
            let producer = &producer;
            scope.spawn(move || {
                for m in 0..3 {
                    let draft = decision(&format!("{n}.{m}"));
                    producer.append(draft).unwrap().receipt().unwrap();
                }
            });
        }
    });
    holds(&ground, &service, 25);
}

#[test]
fn the_log_is_handed_over_to_a_signer_elsewhere_and_a_slow_one_is_refused() {
    let ground = Ground::new();
    let creation = Creation {
        origin: Some(ORIGIN.into()),
        ..Creation::default()
    };
    let own = Options {
        signer_wait: Duration::from_millis(300),
        ..ground.options()
    };
    let ledger = Ledger::create(&ground.path(), &creation, own).unwrap();
    let old = ledger.vkey();
    let service = Service::new();
    service.delay_ms.store(900, Ordering::SeqCst);
    let refused = ledger
        .rotate_key(Arc::<Service>::clone(&service))
        .unwrap_err();
    assert_eq!((refused.code(), ledger.vkey()), ("signer", old));
    ledger.producer().unwrap().append(decision("d")).unwrap();
    service.delay_ms.store(0, Ordering::SeqCst);
    ledger.rotate_key(Arc::<Service>::clone(&service)).unwrap();
    ledger.producer().unwrap().append(decision("e")).unwrap();
    holds(&ground, &service, 4);
}
