//! Attacks on what vouches: its files taken away, emptied, cut, put in the place of others.

use std::fs;

use super::world::{Answer, FORMS, Form, Signed, copy};

fn answer(status: i32, reason: &str) -> Answer {
    Answer {
        status,
        reason: reason.to_owned(),
        changes: Vec::new(),
    }
}

/// What both commands say.
fn both(signed: &Signed) -> Answer {
    let verified = signed.verify(&[]);
    assert_eq!(signed.gate(&[]), verified, "{:?}", signed.form);
    verified
}

fn remove(signed: &Signed, path: &str) {
    fs::remove_file(signed.at(path)).unwrap();
}

#[test]
fn an_envelope_that_is_gone_decides_nothing() {
    for form in FORMS {
        let signed = Signed::new(form);
        assert_eq!(both(&signed), answer(0, ""), "{form:?}");
        remove(&signed, "e/e");
        assert_eq!(both(&signed), answer(2, "model_io"), "{form:?}");
    }
    for form in [Form::Own, Form::HashTrace] {
        let signed = Signed::new(form);
        remove(&signed, "e/e.sig");
        assert_eq!(both(&signed), answer(2, "model_unsigned"), "{form:?}");
    }
    let signed = Signed::new(Form::Triple);
    remove(&signed, "e/model_metadata.json");
    assert_eq!(both(&signed), answer(2, "model_io"));
}

#[test]
fn an_envelope_that_is_emptied_or_cut_is_refused() {
    let rows = [
        (Form::Own, "e/e", 1, "model_signature"),
        (Form::Own, "e/e.sig", 2, "model_malformed"),
        (Form::Oms, "e/e", 2, "model_malformed"),
        (Form::HashTrace, "e/e", 2, "model_malformed"),
        (Form::HashTrace, "e/e.sig", 1, "model_signature"),
        (Form::Triple, "e/e", 2, "model_malformed"),
        (Form::Triple, "e/model_metadata.json", 2, "model_malformed"),
    ];
    for (form, path, status, reason) in rows {
        let signed = Signed::new(form);
        let old = fs::read(signed.at(path)).unwrap();
        let refused = answer(status, reason);
        fs::write(signed.at(path), "").unwrap();
        assert_eq!(both(&signed), refused, "emptied {form:?} {path}");
        fs::write(signed.at(path), &old[..old.len() - 1]).unwrap();
        assert_eq!(both(&signed), refused, "cut {form:?} {path}");
        fs::write(signed.at(path), old).unwrap();
        assert_eq!(both(&signed), answer(0, ""), "{form:?}");
    }
}

/// Every signed form by another key, and a signature of another model by the same key.
#[test]
fn what_another_key_signed_or_the_key_signed_of_another_model_is_refuted() {
    for form in [Form::Own, Form::Oms, Form::HashTrace] {
        let signed = Signed::new(form);
        let other = Signed::with(form, &[("more.txt", "more")]);
        assert_eq!(both(&other), answer(0, ""), "{form:?}");
        let key = fs::read(signed.at("k.pub")).unwrap();
        fs::copy(other.at("k.pub"), signed.at("k.pub")).unwrap();
        assert_eq!(both(&signed), answer(1, "model_signature"), "{form:?}");
        fs::write(signed.at("k.pub"), key).unwrap();
        // The whole envelope of the other model, which its key signed, over this one.
        for path in form.envelope() {
            fs::copy(other.at(path), signed.at(path)).unwrap();
        }
        fs::copy(other.at("k.pub"), signed.at("k.pub")).unwrap();
        let mut removed = answer(1, "model_differs");
        removed.changes = vec!["removed more.txt".to_owned()];
        assert_eq!(both(&signed), removed, "{form:?}");
        fs::remove_dir_all(signed.at("m")).unwrap();
        copy(&other.at("m"), &signed.at("m"));
        assert_eq!(both(&signed), answer(0, ""), "{form:?}");
    }
}
