use super::*;
use crate::limits::SEALED_VALUE_BYTES_MAX;

const RECORD: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn key() -> (DataKey, KeyId) {
    (DataKey::new([5; 32]), KeyId::new([6; 16]))
}

fn place<'a>(field: &'a str, policy: Option<&'a Hash>) -> SealedPlace<'a> {
    SealedPlace {
        record_id: RECORD,
        field,
        policy,
    }
}

#[test]
fn it_opens_at_its_own_place_alone() {
    let (key, id) = key();
    let policy = Hash::of(&[b"a policy"]);
    let here = place("/rationale", Some(&policy));
    let sealed = Sealed::new(&key, id, &here, b"Ada Lovelace").unwrap();
    assert_eq!(&**sealed.open(&key, &here).unwrap(), b"Ada Lovelace");
    let other = Hash::of(&[b"another"]);
    for there in [
        place("/other", Some(&policy)),
        place("/rationale", Some(&other)),
        place("/rationale", None),
        SealedPlace {
            record_id: "01890a5d-ac96-774b-bcce-b302099a8058",
            ..here
        },
        SealedPlace::NONE,
    ] {
        let opened = sealed.open(&key, &there);
        assert!(matches!(opened, Err(Error::NotOpened)), "{there:?}");
    }
    assert!(sealed.open(&DataKey::new([9; 32]), &here).is_err());
}

#[test]
fn no_changed_byte_opens() {
    let (key, id) = key();
    let here = place("/x", None);
    let sealed = Sealed::new(&key, id, &here, b"41").unwrap();
    for at in 0..sealed.as_bytes().len() {
        for bit in 0..8 {
            let mut changed = sealed.as_bytes().to_vec();
            changed[at] ^= 1 << bit;
            let opened = Sealed::parse(changed).and_then(|sealed| sealed.open(&key, &here));
            assert!(opened.is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn the_same_at_the_same_place_is_the_same_and_nothing_else_looks_alike() {
    let (key, id) = key();
    let seal = |field: &str, value: &[u8]| {
        Sealed::new(&key, id, &place(field, None), value)
            .unwrap()
            .into_bytes()
    };
    assert_eq!(seal("/a", b"same"), seal("/a", b"same"));
    let nonce = |bytes: &[u8]| bytes[20..32].to_vec();
    assert_ne!(nonce(&seal("/a", b"same")), nonce(&seal("/b", b"same")));
    assert_ne!(nonce(&seal("/a", b"same")), nonce(&seal("/a", b"diff")));
    // The parts of a place do not run into one another.
    let left = SealedPlace {
        record_id: "ab",
        field: "c",
        policy: None,
    };
    let right = SealedPlace {
        record_id: "a",
        field: "bc",
        policy: None,
    };
    assert_ne!(left.bound(id), right.bound(id));
}

#[test]
fn what_no_sealing_made_is_refused() {
    let (key, id) = key();
    let empty = Sealed::new(&key, id, &SealedPlace::NONE, b"").unwrap();
    assert_eq!(empty.as_bytes().len(), HEAD_BYTES + TAG_BYTES);
    assert_eq!(empty.key_id(), id);
    let text = empty.to_text();
    assert_eq!(Sealed::from_text(&text).unwrap(), empty);
    let mut short = empty.as_bytes().to_vec();
    short.pop();
    assert!(matches!(Sealed::parse(short), Err(Error::NotSealed)));
    assert!(matches!(
        Sealed::parse(b"SLG2".repeat(20)),
        Err(Error::NotSealed)
    ));
    for wrong in [
        "",
        "sealed:v1:",
        "sealed:v2:AAAA",
        &text[1..],
        &text[..text.len() - 1],
        &format!("{text} "),
    ] {
        assert!(
            matches!(Sealed::from_text(wrong), Err(Error::NotSealed)),
            "{wrong}"
        );
    }
    assert!(!format!("{empty:?}").contains("SLG1"));
}

#[test]
fn a_value_of_the_most_bytes_is_sealed_and_one_more_is_not() {
    let (key, id) = key();
    let most = vec![b'x'; SEALED_VALUE_BYTES_MAX];
    let sealed = Sealed::new(&key, id, &SealedPlace::NONE, &most).unwrap();
    let bytes = sealed.into_bytes();
    let opened = Sealed::parse(bytes.clone())
        .unwrap()
        .open(&key, &SealedPlace::NONE);
    assert_eq!(opened.unwrap().len(), most.len());
    let more = [bytes.as_slice(), b"x"].concat();
    assert!(matches!(Sealed::parse(more), Err(Error::NotSealed)));
    let more = vec![b'x'; SEALED_VALUE_BYTES_MAX + 1];
    let refused = Sealed::new(&key, id, &SealedPlace::NONE, &more);
    assert!(matches!(refused, Err(Error::Limit { .. })));
}

/// The bytes of the worked example of `docs/formats/sealed.md`.
#[test]
fn it_is_what_the_page_of_the_format_says() {
    let page = include_str!("../../../../docs/formats/sealed.md");
    let example = page.split("```json sealed\n").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let value = sealog_core::json::Value::parse(example.trim().as_bytes()).unwrap();
    let object = value.as_object().unwrap();
    let text = |name: &str| object.get(name).unwrap().as_str().unwrap();
    let hex = |name: &str| Hash::from_hex(text(name)).unwrap();
    let key = DataKey::new(*hex("data_key").as_bytes());
    let id: KeyId = text("key_id").parse().unwrap();
    let policy = hex("policy");
    let place = SealedPlace {
        record_id: text("record_id"),
        field: text("field"),
        policy: Some(&policy),
    };
    let sealed = Sealed::new(&key, id, &place, text("value").as_bytes()).unwrap();
    assert_eq!(sealed.to_text(), text("sealed"));
    let read = Sealed::from_text(text("sealed")).unwrap();
    assert_eq!(
        &**read.open(&key, &place).unwrap(),
        text("value").as_bytes()
    );
}
