//! What refuses a disposal, a policy and a hold.

use super::*;

#[test]
fn without_a_policy_and_before_its_time_nothing_goes() {
    let bench = Bench::new();
    let ledger = bench.create();
    append(&ledger, 0..5);
    bench.pass_days(1_000);
    let error = ledger.dispose("default", "dpo").unwrap_err();
    assert_eq!(error.code(), "argument", "{error}");
    assert!(error.to_string().contains("no retention policy"), "{error}");
    // The newest policy counts, also for what was recorded before it.
    ledger.set_retention(&policy("default", 10, None)).unwrap();
    ledger
        .set_retention(&policy("default", 1_001, None))
        .unwrap();
    let disposed = ledger.dispose("default", "dpo").unwrap();
    assert_eq!((disposed.due.entries, disposed.due.young), (0, 5));
    assert_eq!(disposed.records, None);
    assert!(
        !bench.ground.path().join("log/DISPOSAL").exists(),
        "nothing was begun"
    );
    assert_eq!(bench.holds(&ledger), 0);
    let blank = ledger.dispose("default", " ").unwrap_err();
    assert_eq!(blank.code(), "argument");
    let refused = bench.reader().dispose("default", "dpo").unwrap_err();
    assert_eq!(refused.code(), "read_only");
}

#[test]
fn a_day_short_of_the_least_age_is_too_young() {
    for (milliseconds, entries) in [(DAY_MS - 1_000, 0), (DAY_MS, 1)] {
        let bench = Bench::new();
        let ledger = bench.create();
        ledger.set_retention(&policy("default", 1, None)).unwrap();
        append(&ledger, 0..1);
        bench.clock.advance(milliseconds);
        let disposed = ledger.dispose("default", "dpo").unwrap();
        assert_eq!(disposed.done.entries, entries, "{milliseconds}");
        assert_eq!(bench.holds(&ledger), entries);
    }
}

#[test]
fn a_policy_that_no_verifier_would_understand_is_refused() {
    let bench = Bench::new();
    let ledger = bench.create();
    for (min_days, max_days) in [
        (RETENTION_DAYS_MAX + 1, None),
        (1, Some(RETENTION_DAYS_MAX + 1)),
        (5, Some(4)),
    ] {
        let error = ledger
            .set_retention(&policy("c", min_days, max_days))
            .unwrap_err();
        assert_eq!(error.code(), "argument", "{error}");
    }
    let mut blank = policy("c", 1, None);
    blank.legal_basis = " ".into();
    assert_eq!(ledger.set_retention(&blank).unwrap_err().code(), "argument");
    let mut nobody = policy("c", 1, None);
    nobody.approved_by = "no body".into();
    assert!(ledger.set_retention(&nobody).is_err());
    let most = policy("c", RETENTION_DAYS_MAX, Some(RETENTION_DAYS_MAX));
    let (id, _) = ledger.set_retention(&most).unwrap();
    assert_eq!(id, "P001");
    assert_eq!(
        ledger.set_retention(&policy("d", 0, None)).unwrap().0,
        "P002"
    );
    let mut taken = policy("c", 1, None);
    taken.policy_id = Some("P001".into());
    assert_eq!(ledger.set_retention(&taken).unwrap_err().code(), "argument");
    let policies = ledger.retention_policies().unwrap();
    let seen: Vec<_> = policies
        .iter()
        .map(|p| (&*p.class, p.min_days, p.max_days))
        .collect();
    let most = RETENTION_DAYS_MAX;
    assert_eq!(seen, [("c", most, Some(most)), ("d", 0, None)]);
}

#[test]
fn a_hold_keeps_what_it_covers_until_it_ends() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    let receipts = append(&ledger, 0..9);
    let (from, to) = (receipts[3].index(), receipts[5].index());
    bench.pass_days(2);
    let (id, _) = ledger
        .place_hold(&hold(&format!("entries:{from}-{to}")))
        .unwrap();
    assert_eq!(id, "H001");
    let disposed = ledger.dispose("default", "dpo").unwrap();
    assert_eq!((disposed.done.entries, disposed.due.held), (6, 3));
    assert_eq!(
        disposed.due.runs.len(),
        2,
        "one on either side of what is held"
    );
    assert_eq!(bench.holds(&ledger), 6);
    assert!(ledger.entry(receipts[4].index()).is_ok());
    assert_eq!(
        ledger
            .release_hold("H002", "counsel", "over")
            .unwrap_err()
            .code(),
        "argument"
    );
    ledger.release_hold("H001", "counsel", "over").unwrap();
    assert_eq!(
        ledger
            .release_hold("H001", "counsel", "over")
            .unwrap_err()
            .code(),
        "argument"
    );
    assert_eq!(ledger.dispose("default", "dpo").unwrap().done.entries, 3);
    assert_eq!(bench.holds(&ledger), 9);
}

#[test]
fn each_scope_keeps_its_own_and_one_that_cannot_be_read_keeps_everything() {
    let scopes = [
        ("all", 4),
        ("tenant:b", 2),
        ("tenant:c", 0),
        ("class:default", 4),
        ("class:other", 0),
        ("stream:b/loans", 1),
        ("stream:default/credit", 1),
        ("subject:s-1", 1),
        ("subject:s-", 0),
        ("entries:0-1", 0),
    ];
    for (scope, kept) in scopes {
        let bench = Bench::new();
        let ledger = bench.create();
        ledger.set_retention(&policy("default", 1, None)).unwrap();
        let producer = ledger.producer().unwrap();
        for (n, (tenant, stream)) in [(None, None), (None, Some("x")), (Some("b"), Some("loans"))]
            .into_iter()
            .enumerate()
        {
            let mut draft = decision(&format!("d{n}"));
            draft.tenant_id = tenant.map(Into::into);
            draft.stream_id = stream.map(Into::into);
            producer.append(draft).unwrap();
        }
        let mut body = Object::new();
        body.insert("subject_ref", "s-1");
        let mut of_subject = Draft::new("org.example.note", body);
        of_subject.tenant_id = Some("b".into());
        producer.append(of_subject).unwrap();
        bench.pass_days(2);
        ledger.place_hold(&hold(scope)).unwrap();
        let disposed = ledger.dispose("default", "dpo").unwrap();
        assert_eq!(disposed.due.held, kept, "{scope}");
        assert_eq!(bench.holds(&ledger), 4 - kept, "{scope}");
    }
    // What a later version may write.
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    append(&ledger, 0..2);
    assert_eq!(
        ledger.place_hold(&hold("region:eu")).unwrap_err().code(),
        "argument"
    );
    let mut body = Object::new();
    for (name, text) in [
        ("hold_id", "h"),
        ("scope", "region:eu"),
        ("placed_by", "x"),
        ("reason", "y"),
    ] {
        body.insert(name, text);
    }
    body.insert("placed_at", "2026-01-01T00:00:00Z");
    let mut draft = Draft::new("legal.hold", body);
    draft.stream_id = Some("log".into());
    ledger.append_own(draft).unwrap();
    bench.pass_days(2);
    assert_eq!(ledger.dispose("default", "dpo").unwrap().due.held, 2);
    let holds = ledger.holds().unwrap();
    assert!(holds.blocks("any", "body").is_some());
}

#[test]
fn a_hold_may_have_an_end_and_says_which_subjects_it_blocks() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    append(&ledger, 0..2);
    let mut ends = hold("tenant:default");
    let now = bench.clock.now();
    ends.until = Some(now);
    assert_eq!(ledger.place_hold(&ends).unwrap_err().code(), "argument");
    ends.until = Some(now.plus_seconds(5 * 86_400));
    ends.hold_id = Some("case-7".into());
    ledger.place_hold(&ends).unwrap();
    ends.until = None;
    assert_eq!(
        ledger.place_hold(&ends).unwrap_err().code(),
        "argument",
        "the id is taken"
    );
    let holds = ledger.holds().unwrap();
    assert_eq!(
        holds.blocks("default", "s").map(|hold| &*hold.hold_id),
        Some("case-7")
    );
    assert_eq!(holds.blocks("other", "s"), None);
    bench.pass_days(3);
    assert_eq!(ledger.dispose("default", "dpo").unwrap().done.entries, 0);
    bench.pass_days(3);
    assert_eq!(ledger.holds().unwrap().active().count(), 0);
    assert_eq!(ledger.holds().unwrap().all().len(), 1);
    assert_eq!(ledger.dispose("default", "dpo").unwrap().done.entries, 2);
}

#[test]
fn more_runs_than_one_disposal_takes_are_left_to_the_next() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    let producer = ledger.producer().unwrap();
    let drafts = (0..2 * DISPOSAL_RUNS_MAX + 2).map(|n| {
        let mut draft = decision(&format!("d{n}"));
        draft.tenant_id = (n % 2 == 0).then(|| "held".into());
        draft
    });
    producer.append_many(drafts.collect()).unwrap();
    ledger.place_hold(&hold("tenant:held")).unwrap();
    bench.pass_days(2);
    let first = ledger.dispose("default", "dpo").unwrap();
    assert_eq!(first.due.runs.len(), DISPOSAL_RUNS_MAX);
    assert!(first.due.more);
    let second = ledger.dispose("default", "dpo").unwrap();
    assert_eq!((second.due.runs.len(), second.due.more), (1, false));
    let gone = u64::try_from(DISPOSAL_RUNS_MAX).unwrap() + 1;
    assert_eq!(bench.holds(&ledger), gone);
}
