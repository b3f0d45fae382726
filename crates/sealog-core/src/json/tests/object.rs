use alloc::vec;
use alloc::vec::Vec;

use crate::json::{Number, Object, Value};

#[test]
fn members_stay_sorted_however_they_come() {
    let mut object = Object::new();
    assert!(object.is_empty());
    for key in ["b", "\u{FB33}", "a", "😀", "c", ""] {
        assert_eq!(object.insert(key, key), None);
    }
    let keys: Vec<_> = object.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["", "a", "b", "c", "😀", "\u{FB33}"]);
    assert_eq!(object.insert("a", 1), Some("a".into()));
    assert_eq!((object.len(), object.get("a")), (6, Some(&Value::from(1))));
    assert_eq!(object.remove("b"), Some("b".into()));
    assert_eq!(
        (
            object.remove("b"),
            object.get("b"),
            object.contains_key("b")
        ),
        (None, None, false)
    );
    *object.get_mut("c").unwrap() = Value::Null;
    assert!(object.get("c").unwrap().is_null());
    assert!(object.get_mut("d").is_none());
}

#[test]
fn of_equal_keys_the_last_stays() {
    let object: Object = [("b", 1), ("a", 2), ("b", 3), ("b", 4)]
        .into_iter()
        .collect();
    assert_eq!(Value::from(object).to_canonical(), br#"{"a":2,"b":4}"#);
}

#[test]
fn values_come_from_plain_types_and_go_back() {
    let number = Number::finite(0.5).unwrap();
    let object: Object = [
        ("array", Value::from(vec!["x", "y"])),
        ("bool", true.into()),
        ("none", Option::<i32>::None.into()),
        ("number", number.into()),
        ("some", Some(-7).into()),
        ("text", "t".into()),
        ("unsigned", 7u32.into()),
    ]
    .into_iter()
    .collect();
    let mut value = Value::from(object.clone());
    let text = br#"{"array":["x","y"],"bool":true,"none":null,"number":0.5,"some":-7,"text":"t","unsigned":7}"#;
    assert_eq!(value.to_canonical(), text);
    let member = |key| value.member(key).unwrap();
    assert_eq!(member("array").as_array().unwrap().len(), 2);
    assert_eq!(member("bool").as_bool(), Some(true));
    assert!(member("none").is_null());
    assert_eq!(
        (member("number").as_f64(), member("number").as_i64()),
        (Some(0.5), None)
    );
    assert_eq!(
        (member("some").as_i64(), member("some").as_u64()),
        (Some(-7), None)
    );
    assert_eq!(member("text").as_str(), Some("t"));
    assert_eq!(member("unsigned").as_u64(), Some(7));
    assert_eq!(value.as_object(), Some(&object));
    assert_eq!(
        (
            value.as_str(),
            value.as_bool(),
            value.as_f64(),
            value.as_array()
        ),
        (None, None, None, None)
    );
    assert!(member("text").member("t").is_none() && value.member("absent").is_none());
    value.as_object_mut().unwrap().insert("zero", 0);
    assert_eq!(value.member("zero").unwrap().as_u64(), Some(0));
}
