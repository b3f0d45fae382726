//! What an interrupted making leaves is finished; anything else is left alone.

use std::fs;

use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::verify::{Request, verify_ledger};
use sealog_ledger::{Creation, Ledger, Options, SystemRandom, keys};

use crate::ground::{Ground, decision};

const ORIGIN: &str = "example.org/unfinished";

/// A key, and the directories that were made before the power went.
fn interrupted(ground: &Ground, with_lock: bool) -> String {
    let file = keys::secrets_of(&ground.path()).join(keys::LOG_KEY_FILE);
    keys::create_log_key(&file, ORIGIN, &SystemRandom).unwrap();
    fs::create_dir_all(ground.path().join("log")).unwrap();
    fs::create_dir(ground.path().join("payloads")).unwrap();
    if with_lock {
        fs::write(ground.path().join("log/TURNSTILE"), b"").unwrap();
        fs::write(ground.path().join("log/LOCK"), b"").unwrap();
    }
    fs::read_to_string(file).unwrap()
}

#[test]
fn an_interrupted_making_is_finished_with_the_key_that_is_there() {
    for with_lock in [false, true] {
        for segment in [None, Some(&b""[..]), Some(b"{\"log\":{\"cl")] {
            let ground = Ground::new();
            let key = interrupted(&ground, with_lock);
            if let Some(bytes) = segment {
                fs::write(ground.path().join("log/0000000000.jsonl"), bytes).unwrap();
            }
            let made =
                Ledger::open_or_create(&ground.path(), &Creation::default(), ground.options());
            let ledger = made.unwrap();
            assert_eq!(ledger.origin(), ORIGIN);
            ledger.producer().unwrap().append(decision("d0")).unwrap();
            let request = Request {
                keys: vec![VerifierKey::parse(&ledger.vkey()).unwrap()],
                ..Request::default()
            };
            drop(ledger);
            let report = verify_ledger(&ground.path(), &request, &mut |_| ());
            assert_eq!(report.exit(), 0, "{:?}", report.findings());
            let file = keys::secrets_of(&ground.path()).join(keys::LOG_KEY_FILE);
            assert_eq!(fs::read_to_string(file).unwrap(), key, "the same key");
        }
    }
}

#[test]
fn nothing_is_finished_over_an_entry_a_strange_file_or_a_ledger_that_was_known() {
    for strange in [
        "notes.txt",
        "log/0000000001.jsonl",
        "payloads/x",
        "log/POISONED",
    ] {
        let ground = Ground::new();
        interrupted(&ground, true);
        fs::write(ground.path().join(strange), b"mine").unwrap();
        let refused = Ledger::create(&ground.path(), &Creation::default(), ground.options());
        assert_eq!(refused.unwrap_err().code(), "exists", "{strange}");
        let kept = fs::read(ground.path().join(strange)).unwrap();
        assert_eq!(kept, b"mine", "{strange}");
    }
    let ground = Ground::new();
    drop(ground.create());
    let segment = ground.path().join("log/0000000000.jsonl");
    let whole = fs::read(&segment).unwrap();
    let refused = Ledger::create(&ground.path(), &Creation::default(), ground.options());
    assert_eq!(refused.unwrap_err().code(), "exists");
    assert_eq!(fs::read(&segment).unwrap(), whole);
    // Emptied, with all that is derived gone: this machine knows that there was a ledger.
    fs::write(&segment, b"").unwrap();
    let _ = fs::remove_dir_all(ground.path().join("derived"));
    let again = Ledger::open_or_create(&ground.path(), &Creation::default(), ground.options());
    assert_eq!(again.unwrap_err().code(), "vanished");
    // So does the user, where the machine's notes are gone.
    let elsewhere = Options {
        state_dir: Some(ground.path().with_file_name("elsewhere")),
        ..ground.options()
    };
    let again = Ledger::create(&ground.path(), &Creation::default(), elsewhere);
    assert_eq!(again.unwrap_err().code(), "origin_taken");
    assert_eq!(fs::read(&segment).unwrap(), b"");
}

/// What `init` was told is checked before the key and the directory are made: a key would bind the next try to the
/// origin of this one, and one that no entry could name could never be got rid of by trying again.
#[test]
fn what_the_first_entry_could_not_say_is_refused_before_anything_is_made() {
    let text = |text: &str| Some(text.to_owned());
    let wrong = [
        Creation {
            origin: text("example.org/\u{7f}"),
            ..Creation::default()
        },
        Creation {
            origin: Some("o".repeat(1025)),
            ..Creation::default()
        },
        Creation {
            operator: text(""),
            ..Creation::default()
        },
        Creation {
            operator: text("two\nlines"),
            ..Creation::default()
        },
        Creation {
            purpose: text(""),
            ..Creation::default()
        },
        Creation {
            reason: Some("r".repeat(70_000)),
            ..Creation::default()
        },
    ];
    let ground = Ground::new();
    for creation in wrong {
        let made = Ledger::create(&ground.path(), &creation, ground.options());
        let error = made.unwrap_err();
        assert_eq!(error.code(), "argument", "{creation:?}");
        let said = error.to_string();
        let names_it = said.contains("/body/") || said.contains("at most");
        assert!(names_it || said.contains("a key name"), "{said}");
        assert!(!ground.path().exists(), "{creation:?} left a directory");
        let secrets = keys::secrets_of(&ground.path());
        assert!(!secrets.exists(), "{creation:?} left a key");
    }
    for origin in ["example.org/\u{7f}", "", "a b", "a+b"] {
        let file = keys::secrets_of(&ground.path()).join(keys::LOG_KEY_FILE);
        let made = keys::create_log_key(&file, origin, &SystemRandom);
        assert_eq!(made.err().map(|error| error.code()), Some("argument"));
        assert!(!file.exists(), "{origin:?} left a key");
    }
    // So the next try, with another origin, has a clean place.
    let right = Creation {
        origin: text(ORIGIN),
        operator: Some("o".repeat(1022)),
        ..Creation::default()
    };
    let made = Ledger::create(&ground.path(), &right, ground.options()).unwrap();
    assert_eq!(made.origin(), ORIGIN);
}

/// A file that is no ledger's own makes a ledger unreadable, or goes wherever its copies go: a key above all.
#[test]
fn nothing_is_made_inside_a_ledger() {
    let ground = Ground::new();
    let ledger = ground.create();
    let inside = |name: &str| ground.path().join(name);
    for name in ["new.sealog", "payloads/new.sealog", "log/a/new.sealog"] {
        let made = Ledger::create(&inside(name), &Creation::default(), ground.options());
        let error = made.unwrap_err();
        assert_eq!(error.code(), "argument", "{name}");
        assert!(error.to_string().contains("lies in the ledger"), "{error}");
    }
    let beside = ground.path().with_file_name("beside.sealog");
    for secrets in [inside("payloads/secrets"), beside.clone(), beside.join("s")] {
        let options = Options {
            secrets: Some(secrets),
            ..ground.options()
        };
        let made = Ledger::create(&beside, &Creation::default(), options);
        assert_eq!(made.unwrap_err().code(), "argument");
        assert!(!beside.exists());
    }
    for name in ["", "public", "payloads"] {
        let published = ledger.publish_tiles(&inside(name), &mut |_, _| ());
        assert_eq!(published.unwrap_err().code(), "argument", "{name}");
    }
    #[cfg(unix)]
    {
        let link = ground.path().with_file_name("link");
        std::os::unix::fs::symlink(inside("payloads"), &link).unwrap();
        let made = Ledger::create(
            &link.join("new.sealog"),
            &Creation::default(),
            ground.options(),
        );
        assert_eq!(made.unwrap_err().code(), "argument");
    }
    assert_eq!(fs::read_dir(inside("payloads")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(inside("log")).unwrap().count(), 3);
}
