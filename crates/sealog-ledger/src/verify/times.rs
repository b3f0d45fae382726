//! Outside times: between which of them an entry was written (`docs/verdicts.md`, "Time").
//!
//! What the policy's witnesses state in cosignatures, and nothing else: never the log's own clock. RFC 3161 tokens are
//! not read.

use std::collections::BTreeMap;
use std::ops::Range;

use sealog_core::json::{Object, Value};
use sealog_core::time::Timestamp;
use sealog_core::tlog::policy::OutsideTime;

use crate::draft::integer;

/// Intervals that the JSON of a report lists, the newest ones.
pub const INTERVALS_LISTED: usize = 1_000;

/// Between which outside times an entry was written; `None` where no outside time bounds it on that side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interval {
    /// Not before: the latest outside time that stands in an earlier entry.
    pub not_before: Option<Timestamp>,
    /// Not after: the first outside time over a checkpoint that covers it.
    pub not_after: Option<Timestamp>,
}

impl Interval {
    /// Whether the two contradict each other: some clock outside is wrong, or a witness lies.
    pub fn is_empty(&self) -> bool {
        let both = self.not_before.zip(self.not_after);
        both.is_some_and(|(from, to)| from > to)
    }

    /// Its members in a JSON object.
    pub(super) fn write(&self, json: &mut Object) {
        let text = |time: Option<Timestamp>| {
            time.map_or(Value::Null, |time| Value::from(time.format_micros()))
        };
        json.insert("not_after", text(self.not_after));
        json.insert("not_before", text(self.not_before));
    }
}

/// The outside times over a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// Index of an entry in which a time stands, and that time; both ascend.
    stand: Vec<(u64, Timestamp)>,
    /// A size, and the earliest time over it.
    cover: BTreeMap<u64, Timestamp>,
}

impl Times {
    /// Takes in that the entry of this index names cosignatures, which were made before it was written.
    pub(super) fn stands(&mut self, index: u64, time: OutsideTime) {
        let Some(time) = timestamp(time.made_from) else {
            return;
        };
        if self.stand.last().is_none_or(|(_, last)| *last < time) {
            self.stand.push((index, time));
        }
    }

    /// Takes in that a checkpoint of this size was cosigned.
    pub(super) fn covers(&mut self, size: u64, time: OutsideTime) {
        let Some(time) = timestamp(time.existed_by) else {
            return;
        };
        let first = self.cover.entry(size).or_insert(time);
        *first = time.min(*first);
    }

    /// Takes in what another holds, whose entries all come later.
    pub(super) fn append(&mut self, later: Self) {
        for (index, time) in later.stand {
            if self.stand.last().is_none_or(|(_, last)| *last < time) {
                self.stand.push((index, time));
            }
        }
        for (size, time) in later.cover {
            let first = self.cover.entry(size).or_insert(time);
            *first = time.min(*first);
        }
    }

    /// Leaves out what a later and larger checkpoint says more strictly.
    pub(super) fn settle(&mut self) {
        let mut least: Option<Timestamp> = None;
        let mut kept = BTreeMap::new();
        while let Some((size, time)) = self.cover.pop_last() {
            if least.is_none_or(|least| time < least) {
                least = Some(time);
                kept.insert(size, time);
            }
        }
        self.cover = kept;
    }

    /// Whether there is no outside time at all.
    pub fn is_empty(&self) -> bool {
        self.stand.is_empty() && self.cover.is_empty()
    }

    /// Entries, from the first on, that existed by some outside time.
    pub fn bounded(&self) -> u64 {
        self.cover.last_key_value().map_or(0, |(size, _)| *size)
    }

    /// Between which outside times an entry was written.
    pub fn interval(&self, index: u64) -> Interval {
        let before = self.stand.partition_point(|(at, _)| *at < index);
        let stand = before.checked_sub(1).and_then(|last| self.stand.get(last));
        let from = index.saturating_add(1);
        Interval {
            not_before: stand.map(|(_, time)| *time),
            not_after: self.cover.range(from..).next().map(|(_, time)| *time),
        }
    }

    /// Ranges of entries with one interval each, in order, over a log of this size.
    pub fn intervals(&self, size: u64) -> Vec<(Range<u64>, Interval)> {
        let stand = self.stand.iter().map(|(index, _)| index.saturating_add(1));
        let mut borders: Vec<u64> = stand.chain(self.cover.keys().copied()).collect();
        borders.push(size);
        borders.retain(|border| *border <= size);
        borders.sort_unstable();
        let mut list: Vec<(Range<u64>, Interval)> = Vec::new();
        let mut first = 0;
        for border in borders {
            if border > first {
                list.push((first..border, self.interval(first)));
                first = border;
            }
        }
        list
    }

    /// The time verdict as JSON.
    pub(super) fn to_json(&self, size: u64, anchors: u64) -> Value {
        let count = |number: u64| integer(number).unwrap_or(Value::Null);
        let mut json = Object::new();
        json.insert("anchors", count(anchors));
        if self.is_empty() {
            json.insert("verdict", "no_outside_time");
            return Value::Object(json);
        }
        let all = self.intervals(size);
        let listed = all.iter().rev().take(INTERVALS_LISTED).rev();
        let listed = listed.map(|(range, interval)| {
            let mut item = Object::new();
            item.insert("first", count(range.start));
            item.insert("last", count(range.end.saturating_sub(1)));
            interval.write(&mut item);
            Value::Object(item)
        });
        json.insert("intervals", Value::Array(listed.collect()));
        json.insert(
            "intervals_in_all",
            count(u64::try_from(all.len()).unwrap_or(0)),
        );
        let verdict = if self.bounded() >= size {
            "bounded"
        } else {
            "partly_bounded"
        };
        json.insert("verdict", verdict);
        Value::Object(json)
    }
}

/// A time of a cosignature; none that no calendar has.
pub(in crate::verify) fn timestamp(seconds: u64) -> Option<Timestamp> {
    Timestamp::from_unix(i64::try_from(seconds).ok()?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(made_from: u64, existed_by: u64) -> OutsideTime {
        OutsideTime {
            existed_by,
            made_from,
        }
    }

    fn plain(times: &Times, index: u64) -> (Option<i64>, Option<i64>) {
        let interval = times.interval(index);
        let seconds = |time: Option<Timestamp>| time.map(Timestamp::seconds);
        (seconds(interval.not_before), seconds(interval.not_after))
    }

    /// Size 10 seen at 100, named in entry 12; size 20 seen at 200, named in entry 25.
    fn two() -> Times {
        let mut times = Times::default();
        times.covers(10, at(100, 100));
        times.stands(12, at(100, 100));
        times.covers(20, at(200, 200));
        times.stands(25, at(200, 200));
        times.settle();
        times
    }

    #[test]
    fn an_entry_lies_between_the_times_before_and_after_it() {
        let times = two();
        for (index, expected) in [
            (0, (None, Some(100))),
            (9, (None, Some(100))),
            (10, (None, Some(200))),
            (12, (None, Some(200))),
            (13, (Some(100), Some(200))),
            (19, (Some(100), Some(200))),
            (20, (Some(100), None)),
            (25, (Some(100), None)),
            (26, (Some(200), None)),
            (u64::MAX, (Some(200), None)),
        ] {
            assert_eq!(plain(&times, index), expected, "{index}");
        }
        assert_eq!(times.bounded(), 20);
    }

    #[test]
    fn intervals_part_the_log_and_agree_with_each_entry() {
        let times = two();
        for size in [0, 1, 10, 12, 13, 26, 40] {
            let list = times.intervals(size);
            let mut next = 0;
            for (range, interval) in list {
                assert_eq!(range.start, next);
                for index in range.clone() {
                    assert_eq!(times.interval(index), interval, "{index} of {size}");
                }
                next = range.end;
            }
            assert_eq!(next, size);
        }
    }

    #[test]
    fn a_later_checkpoint_that_was_seen_earlier_bounds_all_before_it() {
        let mut times = Times::default();
        times.covers(10, at(300, 300));
        times.covers(20, at(200, 200));
        times.covers(20, at(250, 250));
        times.settle();
        assert_eq!(plain(&times, 3), (None, Some(200)));
        assert_eq!(times.cover.len(), 1);
    }

    #[test]
    fn an_earlier_time_in_a_later_entry_takes_nothing_back() {
        let mut times = Times::default();
        times.stands(5, at(200, 200));
        times.stands(8, at(100, 100));
        assert_eq!(plain(&times, 9), (Some(200), None));
    }

    #[test]
    fn times_that_contradict_each_other_leave_an_empty_interval() {
        let mut times = Times::default();
        times.stands(2, at(500, 500));
        times.covers(10, at(400, 400));
        assert!(times.interval(5).is_empty());
        assert!(!times.interval(2).is_empty());
    }

    #[test]
    fn a_report_lists_so_many_intervals_and_counts_all() {
        let listed = |count: usize| {
            let mut times = Times::default();
            for n in 0..u64::try_from(count).unwrap() {
                times.covers(n + 1, at(n, n));
            }
            let json = times.to_json(u64::try_from(count).unwrap(), 0);
            let list = json.member("intervals").unwrap().as_array().unwrap().len();
            (list, json.member("intervals_in_all").unwrap().as_u64())
        };
        assert_eq!(listed(INTERVALS_LISTED), (1_000, Some(1_000)));
        assert_eq!(listed(INTERVALS_LISTED + 1), (1_000, Some(1_001)));
    }

    #[test]
    fn a_time_beyond_the_calendar_is_none() {
        let mut times = Times::default();
        times.covers(1, at(u64::MAX, u64::MAX));
        times.stands(0, at(1 << 62, 1 << 62));
        assert!(times.is_empty());
    }
}
