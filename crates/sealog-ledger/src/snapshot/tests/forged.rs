//! Snapshots that the log's own key signs, or a stranger's, and that do not say what the log says.

use super::*;

/// Edits the lines of a snapshot and signs it again with the log's own key: what the signature alone would let pass.
fn forged(place: &Place, edit: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let bytes = fs::read(place.newest()).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.pop();
    let mut edited = false;
    let mut out = String::new();
    for line in lines {
        let new = if edited { None } else { edit(line) };
        edited |= new.is_some();
        out.push_str(new.as_deref().unwrap_or(line));
        if new.as_deref() != Some("") {
            out.push('\n');
        }
    }
    assert!(edited, "the edit found its line");
    sign_snapshot(out.into_bytes(), ORIGIN, &place.signer()).unwrap()
}

/// Replaces the first run of digits after the `nth` comma of lines of this name by its successor.
fn bump(line: &str, name: &str, nth: usize) -> Option<String> {
    let rest = line.strip_prefix(&format!("{{\"{name}\":["))?;
    let mut fields: Vec<String> = rest
        .strip_suffix("]}")?
        .split(',')
        .map(Into::into)
        .collect();
    let field = fields.get_mut(nth)?;
    *field = match field.strip_prefix('"') {
        None => (field.parse::<u64>().ok()? + 1).to_string(),
        Some(text) => {
            let last = if text.ends_with("0\"") { '1' } else { '0' };
            format!("\"{}{last}\"", &text[..text.len() - 2])
        }
    };
    Some(format!("{{\"{name}\":[{}]}}", fields.join(",")))
}

#[test]
fn whatever_the_epoch_commits_to_is_compared_even_if_the_signature_verifies() {
    let place = Place::new();
    fill(&place.create());
    let store = place.read();
    let epoch = |snapshot: &Snapshot| {
        let at = snapshot.place();
        let line = snapshot.checkpoint_line();
        let from = sealog_store::Place::new(at.segment, at.offset);
        first_entry(store.store(), from, &line).unwrap().unwrap()
    };
    let fields = [
        ("stream", 0),
        ("stream", 1),
        ("stream", 2),
        ("stream", 3),
        ("stream", 4),
        ("run", 0),
        ("run", 1),
        ("run", 2),
        ("run", 4),
        ("label", 2),
        ("actor", 2),
        ("retention", 2),
        ("retention", 3),
    ];
    for (name, nth) in fields {
        let bytes = forged(&place, |line| bump(line, name, nth));
        let snapshot = Snapshot::read(&bytes, ORIGIN).expect("its signature is right");
        let epoch = epoch(&snapshot);
        let error = snapshot.resume(&epoch).unwrap_err();
        assert!(
            matches!(error, SnapshotError::Map { .. }),
            "{name} {nth}: {error}"
        );
    }
    // A line too few.
    for name in ["stream", "run", "label", "actor", "retention"] {
        let drop = |line: &str| line.starts_with(&format!("{{\"{name}\"")).then(String::new);
        let snapshot = Snapshot::read(&forged(&place, drop), ORIGIN).unwrap();
        let epoch = epoch(&snapshot);
        let error = snapshot.resume(&epoch).unwrap_err();
        assert!(
            matches!(error, SnapshotError::Map { .. }),
            "{name}: {error}"
        );
    }
    // Another epoch's place, and the epoch before.
    let head = |nth| forged(&place, move |line| bump_head(line, nth));
    let snapshot = Snapshot::read(&head(3), ORIGIN).unwrap();
    let entry = epoch(&Snapshot::read(&fs::read(place.newest()).unwrap(), ORIGIN).unwrap());
    assert_eq!(snapshot.resume(&entry).unwrap_err(), SnapshotError::NoEpoch);
}

/// The same for the first line, whose note holds no comma; counted from behind it.
fn bump_head(line: &str, behind_note: usize) -> Option<String> {
    let end = line.find("\\n\",")? + 4;
    let (front, back) = line.split_at(end);
    let mut fields: Vec<String> = back.split(',').map(Into::into).collect();
    let field = fields.get_mut(behind_note - 1)?;
    *field = (field.parse::<u64>().ok()? + 1).to_string();
    Some(format!("{front}{}", fields.join(",")))
}

#[test]
fn the_tree_has_to_be_the_one_that_the_log_s_key_signed() {
    let place = Place::new();
    fill(&place.create());
    let wrong = forged(&place, |line| {
        let start = line.strip_prefix("{\"snapshot\":[")?;
        let text = format!("{{\"snapshot\":[{start}");
        let begin = text.rfind(",\"")? + 2;
        let flipped = if &text[begin..=begin] == "0" {
            "1"
        } else {
            "0"
        };
        Some(format!("{}{flipped}{}", &text[..begin], &text[begin + 1..]))
    });
    assert!(matches!(
        Snapshot::read(&wrong, ORIGIN),
        Err(SnapshotError::Root { .. })
    ));
}

#[test]
fn configurations_have_to_be_chains() {
    let place = Place::new();
    fill(&place.create());
    let of = |id: &str| format!("{{\"config\":[\"{id}\"");
    let edits: [Box<dyn Fn(&str) -> Option<String>>; 3] = [
        // Another threshold in a version that is no longer active.
        Box::new(|line| {
            line.starts_with(&of("a"))
                .then(|| line.replace("0.5", "0.6"))
                .filter(|new| new != line)
        }),
        // A version that is gone.
        Box::new(|line| (line.starts_with(&of("a")) && line.contains("0.5")).then(String::new)),
        // Another index of a version that is no longer active: its successor names it, and not so.
        Box::new(|line| {
            line.starts_with(&of("a"))
                .then(|| bump(line, "config", 3))
                .flatten()
        }),
    ];
    for edit in edits {
        let error = Snapshot::read(&forged(&place, edit), ORIGIN).unwrap_err();
        assert_eq!(error, SnapshotError::ConfigChain);
    }
}

#[test]
fn a_stranger_s_signature_counts_for_nothing() {
    let place = Place::new();
    fill(&place.create());
    let stranger = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[3; 32]).unwrap();
    let text = fs::read_to_string(place.newest()).unwrap();
    let end = text.rfind("{\"signature\"").unwrap();
    let lines = text.as_bytes()[..end].to_vec();
    let wrong = sign_snapshot(lines, ORIGIN, &stranger).unwrap();
    assert_eq!(
        Snapshot::read(&wrong, ORIGIN).unwrap_err(),
        SnapshotError::Signature
    );
    // Its own key in place of the log's: the checkpoint is not signed by it.
    let (own, new) = (place.signer(), stranger.verifier_key().to_string());
    let lines = text[..end].replace(&own.verifier_key().to_string(), &new);
    let wrong = sign_snapshot(lines.into_bytes(), ORIGIN, &stranger).unwrap();
    assert!(matches!(
        Snapshot::read(&wrong, ORIGIN),
        Err(SnapshotError::Checkpoint { .. })
    ));
    let right = fs::read(place.newest()).unwrap();
    assert!(matches!(
        Snapshot::read(&right, "other"),
        Err(SnapshotError::OtherOrigin { .. })
    ));
    assert_eq!(
        Snapshot::read(&right[..end], ORIGIN).unwrap_err(),
        SnapshotError::Unsigned
    );
}

#[test]
fn lines_of_another_form_or_version_are_refused() {
    let place = Place::new();
    fill(&place.create());
    let edits: [fn(&str) -> Option<String>; 9] = [
        |line| {
            line.starts_with("{\"snapshot\":[2,")
                .then(|| line.replacen("[2,", "[3,", 1))
        },
        |line| {
            line.starts_with("{\"snapshot\":[2,")
                .then(|| line.replacen("[2,", "[1,", 1))
        },
        |line| {
            line.starts_with("{\"label\"")
                .then(|| line.replacen("label", "lable", 1))
        },
        |line| {
            line.starts_with("{\"label\"")
                .then(|| format!("{line}\n{line}"))
        },
        |line| {
            line.starts_with("{\"stream\"")
                .then(|| format!("{line}\n{line}"))
        },
        |line| {
            line.starts_with("{\"root\"")
                .then(|| format!("{line}\n{line}"))
        },
        |line| {
            line.starts_with("{\"snapshot\"")
                .then(|| format!("{line}\n{line}"))
        },
        |line| {
            line.starts_with("{\"actor\"")
                .then(|| line.replacen("]}", ",1]}", 1))
        },
        |line| line.starts_with("{\"root\"").then(|| format!(" {line}")),
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        let error = Snapshot::read(&forged(&place, edit), ORIGIN).unwrap_err();
        assert!(
            matches!(error, SnapshotError::Malformed { .. }),
            "{number}: {error}"
        );
    }
}
