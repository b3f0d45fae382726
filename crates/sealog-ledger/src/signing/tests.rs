//! Signers that are slow, stuck, panic or refuse.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use sealog_core::tlog::sign::Ed25519Signer;
use sealog_core::tlog::vkey::KeyType;

use super::*;

const WAIT: Duration = Duration::from_secs(1);

/// Answers each question when it is let, with what it is told to say.
#[derive(Debug)]
struct Held {
    signer: Ed25519Signer,
    let_go: Mutex<Receiver<&'static str>>,
    asked: AtomicUsize,
}

impl Signer for Held {
    fn verifier_key(&self) -> &VerifierKey {
        self.signer.verifier_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match lock(&self.let_go).recv().unwrap_or("sign") {
            "panic" => panic!("as told"),
            "refuse" => Err(SignError::Refused {
                name: "log".into(),
                reason: "as told".into(),
            }),
            _ => self.signer.sign(message),
        }
    }
}

fn held() -> (Arc<Held>, Sender<&'static str>, Arc<dyn Signer>) {
    let (sender, let_go) = channel();
    let signer = Arc::new(Held {
        signer: Ed25519Signer::from_seed(KeyType::Ed25519, "log", &[7; 32]).unwrap(),
        let_go: Mutex::new(let_go),
        asked: AtomicUsize::new(0),
    });
    let own: Arc<dyn Signer> = Arc::<Held>::clone(&signer);
    (signer, sender, with_deadline(own, WAIT))
}

fn timed_out(answer: &Result<[u8; 64], SignError>) -> bool {
    matches!(
        answer,
        Err(SignError::TimedOut {
            milliseconds: 1_000,
            ..
        })
    )
}

#[test]
fn a_key_in_memory_is_asked_directly() {
    let signer = Ed25519Signer::from_seed(KeyType::Ed25519, "log", &[7; 32]).unwrap();
    let own: Arc<dyn Signer> = Arc::new(signer);
    let same = with_deadline(Arc::clone(&own), Duration::ZERO);
    assert!(Arc::ptr_eq(&own, &same));
}

#[test]
fn an_answer_in_time_is_the_signers() {
    let (held, let_go, timed) = held();
    let_go.send("sign").unwrap();
    assert_eq!(timed.sign(b"m"), held.signer.sign(b"m"));
    assert_eq!(timed.verifier_key(), held.verifier_key());
}

#[test]
fn a_late_answer_is_dropped_and_the_next_question_gets_its_own() {
    let (held, let_go, timed) = held();
    assert!(timed_out(&timed.sign(b"first")));
    let_go.send("sign").unwrap();
    let_go.send("sign").unwrap();
    assert_eq!(timed.sign(b"second"), held.signer.sign(b"second"));
    assert_eq!(held.asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_stuck_signer_is_asked_nothing_else() {
    let (held, let_go, timed) = held();
    for _ in 0..3 {
        assert!(timed_out(&timed.sign(b"m")));
    }
    assert_eq!(held.asked.load(Ordering::SeqCst), 1);
    drop(let_go);
    assert_eq!(timed.sign(b"m"), held.signer.sign(b"m"));
    assert_eq!(held.asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_refusal_and_a_panic_are_told_and_the_signer_is_asked_again() {
    let (held, let_go, timed) = held();
    for word in ["refuse", "panic", "sign"] {
        let_go.send(word).unwrap();
    }
    let refused = timed.sign(b"m").unwrap_err();
    assert_eq!(refused.to_string(), "the signer for log refused: as told");
    let panicked = timed.sign(b"m").unwrap_err();
    assert_eq!(
        panicked.to_string(),
        "the signer for log failed: it panicked"
    );
    assert_eq!(timed.sign(b"m"), held.signer.sign(b"m"));
}

#[test]
fn several_threads_each_get_the_answer_to_their_question() {
    let (held, let_go, timed) = held();
    drop(let_go);
    thread::scope(|scope| {
        for n in 0..8_u8 {
            let (held, timed) = (&held, &timed);
            scope.spawn(move || {
                for m in 0..20 {
                    assert_eq!(timed.sign(&[n, m]), held.signer.sign(&[n, m]));
                }
            });
        }
    });
}

#[test]
fn the_thread_ends_with_the_last_who_may_ask() {
    let (held, let_go, timed) = held();
    let_go.send("sign").unwrap();
    timed.sign(b"m").unwrap();
    drop(timed);
    let begun = Instant::now();
    while Arc::strong_count(&held) > 1 {
        assert!(begun.elapsed() < Duration::from_secs(10), "it still runs");
        thread::sleep(Duration::from_millis(1));
    }
}
