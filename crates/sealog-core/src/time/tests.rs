//! Known instants, the calendar walked day by day, and one refusing case for each rule of the form.

use alloc::format;

use proptest::prelude::*;

use super::*;
use crate::json::Value;
use crate::worked::{examples, text};

const PAGE: &str = include_str!("../../../../docs/formats/time.md");

#[test]
fn the_examples_of_the_page_hold() {
    for example in examples(PAGE, "times") {
        let time = Timestamp::parse(text(&example, "text").as_bytes()).unwrap();
        let number = |member| example.member(member).and_then(Value::as_i64).unwrap();
        assert_eq!(
            (time.seconds(), i64::from(time.nanos())),
            (number("seconds"), number("nanos"))
        );
        assert_eq!(time.format_micros(), text(&example, "micros"));
    }
    for refused in examples(PAGE, "refused") {
        let refused = refused.as_str().unwrap();
        assert!(Timestamp::parse(refused.as_bytes()).is_err(), "{refused}");
    }
}

#[test]
fn a_time_as_the_log_writes_it_has_six_digits_of_a_second() {
    let six = Timestamp::parse_micros(b"2026-11-21T03:11:41.000001Z").unwrap();
    assert_eq!(six.format_micros(), "2026-11-21T03:11:41.000001Z");
    for other in ["", ".00000", ".0000010", ".00000x"] {
        let text = format!("2026-11-21T03:11:41{other}Z");
        assert!(Timestamp::parse_micros(text.as_bytes()).is_err(), "{text}");
    }
}

fn read(text: &str) -> (i64, u32) {
    let time = Timestamp::parse(text.as_bytes()).expect(text);
    (time.seconds(), time.nanos())
}

#[test]
fn reads_known_instants() {
    assert_eq!(read("1970-01-01T00:00:00Z"), (0, 0));
    assert_eq!(read("1969-12-31T23:59:59.5Z"), (-1, 500_000_000));
    assert_eq!(read("2001-09-09T01:46:40Z"), (1_000_000_000, 0));
    assert_eq!(read("2026-11-21T03:11:41.000001Z"), (1_795_230_701, 1_000));
    assert_eq!(
        read("2000-02-29T12:00:00.123456789Z"),
        (951_825_600, 123_456_789)
    );
    assert_eq!(read("0001-01-01T00:00:00Z"), (Timestamp::MIN.seconds(), 0));
    assert_eq!(
        Timestamp::parse(b"9999-12-31T23:59:59.999999999Z"),
        Ok(Timestamp::MAX)
    );
}

#[test]
fn orders_by_instant_not_by_text() {
    let order = [
        "2026-01-01T00:00:00.09Z",
        "2026-01-01T00:00:00.1Z",
        "2026-01-01T00:00:01Z",
    ];
    let times = order.map(|text| Timestamp::parse(text.as_bytes()).unwrap());
    assert!(times.is_sorted());
    assert_eq!(
        read("2026-01-01T00:00:00.10Z"),
        read("2026-01-01T00:00:00.100000000Z")
    );
}

#[test]
fn writes_six_digits_always_and_cuts_off_what_is_finer() {
    let time = Timestamp::from_unix(0, 0).unwrap();
    assert_eq!(time.format_micros(), "1970-01-01T00:00:00.000000Z");
    assert_eq!(format!("{time}"), "1970-01-01T00:00:00Z");
    let time = Timestamp::from_unix(-1, 999_999_999).unwrap();
    assert_eq!(time.format_micros(), "1969-12-31T23:59:59.999999Z");
    assert_eq!(format!("{time}"), "1969-12-31T23:59:59.999999999Z");
    assert_eq!(
        Timestamp::MIN.format_micros(),
        "0001-01-01T00:00:00.000000Z"
    );
    assert_eq!(
        Timestamp::MAX.format_micros(),
        "9999-12-31T23:59:59.999999Z"
    );
}

#[test]
fn every_day_of_the_calendar_follows_the_one_before() {
    let mut seconds = Timestamp::MIN.seconds();
    for year in 1..=9999_u32 {
        for month in 1..=12 {
            let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            let days = match month {
                2 => 28 + u32::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            for day in 1..=days {
                assert_eq!(days_from_civil(year, month, day) * DAY, seconds);
                let date = (i64::from(year), i64::from(month), i64::from(day));
                assert_eq!(civil_from_days(seconds / DAY), date);
                seconds += DAY;
            }
            let after = format!("{year:04}-{month:02}-{:02}T00:00:00Z", days + 1);
            assert!(matches!(
                Timestamp::parse(after.as_bytes()),
                Err(TimeError::Range { field: "day", found, .. }) if found == days + 1
            ));
        }
    }
    assert_eq!(seconds, Timestamp::MAX.seconds() + 1);
}

#[test]
fn refuses_every_other_form() {
    for text in [
        "",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00Z",
        "2026-01-01t00:00:00Z",
        "2026-01-01T00:00:00z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00-00:00",
        "2026-01-01T00:00:00+01:00",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00,5Z",
        "2026-01-01T00:00:00.5 Z",
        "2026-01-01T00:00:00.+5Z",
        "2026-01-01T00:00:00.5",
        "2026-01-01T00:00:00ZZ",
        " 2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z\n",
        "2026-1-01T00:00:00Z",
        "02026-01-01T00:00:00Z",
        "+2026-01-01T00:00:00Z",
        "-001-01-01T00:00:00Z",
        "2026/01/01T00:00:00Z",
        "2026-01-01T00-00-00Z",
        "20260101T000000Z",
        "2026-W01-1T00:00:00Z",
        "2026-01-01T0a:00:00Z",
        "２026-01-01T00:00:00Z",
    ] {
        let error = Timestamp::parse(text.as_bytes()).expect_err(text);
        assert_eq!(
            (error, error.kind()),
            (TimeError::Form, ErrorKind::Malformed),
            "{text}"
        );
    }
}

#[test]
fn refuses_fields_that_no_time_has() {
    for (text, name) in [
        ("0000-01-01T00:00:00Z", "year"),
        ("2026-00-01T00:00:00Z", "month"),
        ("2026-13-01T00:00:00Z", "month"),
        ("2026-01-00T00:00:00Z", "day"),
        ("2026-04-31T00:00:00Z", "day"),
        ("2026-02-29T00:00:00Z", "day"),
        ("1900-02-29T00:00:00Z", "day"),
        ("2026-01-01T24:00:00Z", "hour"),
        ("2026-01-01T00:60:00Z", "minute"),
        ("2026-12-31T23:59:60Z", "second"),
    ] {
        let error = Timestamp::parse(text.as_bytes()).expect_err(text);
        assert!(
            matches!(error, TimeError::Range { field, .. } if field == name),
            "{text} {error}"
        );
        assert_eq!(error.kind(), ErrorKind::Malformed);
    }
}

#[test]
fn refuses_instants_outside_the_years_1_to_9999() {
    let (min, max) = (Timestamp::MIN.seconds(), Timestamp::MAX.seconds());
    assert_eq!(Timestamp::from_unix(min, 0), Ok(Timestamp::MIN));
    assert_eq!(Timestamp::from_unix(max, 999_999_999), Ok(Timestamp::MAX));
    for (seconds, nanos) in [
        (min - 1, 0),
        (max + 1, 0),
        (0, 1_000_000_000),
        (i64::MIN, 0),
    ] {
        let refused = Timestamp::from_unix(seconds, nanos);
        assert_eq!(refused, Err(TimeError::Unix { seconds, nanos }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(
        seconds in Timestamp::MIN.seconds()..=Timestamp::MAX.seconds(),
        nanos in 0..NANOS,
    ) {
        let time = Timestamp::from_unix(seconds, nanos).unwrap();
        prop_assert_eq!(Timestamp::parse(format!("{time}").as_bytes()), Ok(time));
        let micros = Timestamp::parse(time.format_micros().as_bytes()).unwrap();
        prop_assert_eq!((micros.seconds(), micros.nanos()), (seconds, nanos / 1000 * 1000));
        prop_assert_eq!(time.format_micros().len(), 27);
    }

    #[test]
    fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = Timestamp::parse(&text);
    }
}
