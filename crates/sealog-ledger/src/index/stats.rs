//! Counts over the entries that match a query.

use std::collections::BTreeMap;

use sealog_core::json::{Number, Object, Value};

/// Bins of the histogram of scores.
const SCORE_BINS: u8 = 10;

/// Counts over the entries that match a query, by the index alone: nothing that claims completeness.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stats {
    pub(super) entries: u64,
    pub(super) by_kind: BTreeMap<String, u64>,
    pub(super) by_system: BTreeMap<String, u64>,
    pub(super) by_tenant: BTreeMap<String, u64>,
    pub(super) by_day: BTreeMap<String, u64>,
    pub(super) decisions: u64,
    pub(super) by_model: BTreeMap<String, u64>,
    pub(super) by_label: BTreeMap<String, u64>,
    pub(super) by_action: BTreeMap<String, u64>,
    pub(super) checks: BTreeMap<String, CheckStats>,
    pub(super) scores: ScoreStats,
    pub(super) gaps: GapStats,
    pub(super) indexed_to: u64,
    pub(super) size: u64,
}

/// How often a check ran and fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CheckStats {
    pub(super) ran: u64,
    pub(super) fired: u64,
}

/// The scores of decisions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScoreStats {
    pub(super) scored: u64,
    pub(super) range: Option<(f64, f64)>,
    pub(super) bins: Vec<ScoreBin>,
}

/// One bin of the histogram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreBin {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) count: u64,
}

/// Holes that producers declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GapStats {
    pub(super) declared: u64,
    pub(super) calls: u64,
    pub(super) uncounted: u64,
}

impl Stats {
    /// Entries that match.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// Entries of each kind.
    pub const fn by_kind(&self) -> &BTreeMap<String, u64> {
        &self.by_kind
    }

    /// Entries about each system; those about none are not counted here.
    pub const fn by_system(&self) -> &BTreeMap<String, u64> {
        &self.by_system
    }

    /// Entries of each tenant.
    pub const fn by_tenant(&self) -> &BTreeMap<String, u64> {
        &self.by_tenant
    }

    /// Entries that the log recorded on each day, in UTC, as `2026-11-21`.
    pub const fn by_day(&self) -> &BTreeMap<String, u64> {
        &self.by_day
    }

    /// Entries of the kind `decision`: what follows is about them.
    pub const fn decisions(&self) -> u64 {
        self.decisions
    }

    /// Decisions of each model, where one is named.
    pub const fn by_model(&self) -> &BTreeMap<String, u64> {
        &self.by_model
    }

    /// Decisions with each label, by its stable id.
    pub const fn by_label(&self) -> &BTreeMap<String, u64> {
        &self.by_label
    }

    /// Decisions with each action.
    pub const fn by_action(&self) -> &BTreeMap<String, u64> {
        &self.by_action
    }

    /// Share of the decisions with an action whose action is `reject`; none if no decision has one.
    pub fn reject_rate(&self) -> Option<f64> {
        self.action_rate("reject")
    }

    /// Share of the decisions with an action whose action is `allow`; none if no decision has one.
    pub fn allow_rate(&self) -> Option<f64> {
        self.action_rate("allow")
    }

    fn action_rate(&self, action: &str) -> Option<f64> {
        let all = self.by_action.values().sum();
        rate(self.by_action.get(action).copied().unwrap_or(0), all)
    }

    /// How often each check ran and fired.
    pub const fn checks(&self) -> &BTreeMap<String, CheckStats> {
        &self.checks
    }

    /// The scores of decisions.
    pub const fn scores(&self) -> &ScoreStats {
        &self.scores
    }

    /// Holes that producers declared.
    pub const fn gaps(&self) -> GapStats {
        self.gaps
    }

    /// Entries of the log that the index held.
    pub const fn indexed_to(&self) -> u64 {
        self.indexed_to
    }

    /// Entries of the log, as this handle last saw it.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The same for machines. Rates are null where nothing was counted.
    pub fn to_json(&self) -> Value {
        let mut json = Object::new();
        json.insert("allow_rate", fraction(self.allow_rate()));
        json.insert("by_action", counts(&self.by_action));
        json.insert("by_day", counts(&self.by_day));
        json.insert("by_kind", counts(&self.by_kind));
        json.insert("by_label", counts(&self.by_label));
        json.insert("by_model", counts(&self.by_model));
        json.insert("by_system", counts(&self.by_system));
        json.insert("by_tenant", counts(&self.by_tenant));
        let checks = self.checks.iter().map(|(name, check)| {
            let mut json = Object::new();
            json.insert("fire_rate", fraction(check.fire_rate()));
            json.insert("fired", count(check.fired));
            json.insert("ran", count(check.ran));
            (name.clone(), Value::Object(json))
        });
        json.insert("checks", Value::Object(checks.collect()));
        json.insert("decisions", count(self.decisions));
        json.insert("entries", count(self.entries));
        let mut gaps = Object::new();
        gaps.insert("calls", count(self.gaps.calls));
        gaps.insert("declared", count(self.gaps.declared));
        gaps.insert("uncounted", count(self.gaps.uncounted));
        json.insert("gaps", Value::Object(gaps));
        json.insert("indexed_to", count(self.indexed_to));
        json.insert("reject_rate", fraction(self.reject_rate()));
        json.insert("scores", self.scores.to_json());
        json.insert("size", count(self.size));
        Value::Object(json)
    }
}

impl CheckStats {
    /// How often it ran.
    pub const fn ran(self) -> u64 {
        self.ran
    }

    /// How often it fired.
    pub const fn fired(self) -> u64 {
        self.fired
    }

    /// Share of its runs in which it fired.
    pub fn fire_rate(self) -> Option<f64> {
        rate(self.fired, self.ran)
    }
}

impl ScoreStats {
    /// Decisions that have a score.
    pub const fn scored(&self) -> u64 {
        self.scored
    }

    /// The lowest and the highest.
    pub const fn range(&self) -> Option<(f64, f64)> {
        self.range
    }

    /// Ten bins of one width: from 0 to 1 if all scores lie there, else from the lowest to the highest. None without
    /// scores.
    pub fn bins(&self) -> &[ScoreBin] {
        &self.bins
    }

    /// Empty bins for scores of this range.
    pub(super) fn for_range(range: Option<(f64, f64)>) -> Self {
        let Some((lowest, highest)) = range else {
            return Self::default();
        };
        let (from, to) = if lowest >= 0.0 && highest <= 1.0 {
            (0.0, 1.0)
        } else {
            (lowest, highest)
        };
        // Each part by itself: the difference of two doubles may be more than a double holds.
        let edge = |n: u8| {
            let part = f64::from(n) / f64::from(SCORE_BINS);
            to.mul_add(part, from * (1.0 - part))
        };
        let bins = (0..SCORE_BINS).map(|n| ScoreBin {
            from: if n == 0 { from } else { edge(n) },
            to: if n + 1 == SCORE_BINS { to } else { edge(n + 1) },
            count: 0,
        });
        Self {
            scored: 0,
            range,
            bins: bins.collect(),
        }
    }

    pub(super) fn add(&mut self, score: f64) {
        self.scored += 1;
        let position = self.bins.partition_point(|bin| bin.from <= score);
        let last = self.bins.len().saturating_sub(1);
        if let Some(bin) = self.bins.get_mut(position.saturating_sub(1).min(last)) {
            bin.count += 1;
        }
    }

    fn to_json(&self) -> Value {
        let bins = self.bins.iter().map(|bin| {
            let mut json = Object::new();
            json.insert("count", count(bin.count));
            json.insert("from", fraction(Some(bin.from)));
            json.insert("to", fraction(Some(bin.to)));
            Value::Object(json)
        });
        let mut json = Object::new();
        json.insert("bins", Value::Array(bins.collect()));
        json.insert("highest", fraction(self.range.map(|range| range.1)));
        json.insert("lowest", fraction(self.range.map(|range| range.0)));
        json.insert("scored", count(self.scored));
        Value::Object(json)
    }
}

impl ScoreBin {
    /// The lowest score in it.
    pub const fn from(&self) -> f64 {
        self.from
    }

    /// Where the next begins; the last holds this score too.
    pub const fn to(&self) -> f64 {
        self.to
    }

    /// Scores in it.
    pub const fn count(&self) -> u64 {
        self.count
    }
}

impl GapStats {
    /// Records that declare one.
    pub const fn declared(self) -> u64 {
        self.declared
    }

    /// Calls missing, by those that state a number.
    pub const fn calls(self) -> u64 {
        self.calls
    }

    /// Records that do not know how many calls are missing.
    pub const fn uncounted(self) -> u64 {
        self.uncounted
    }
}

fn rate(part: u64, whole: u64) -> Option<f64> {
    if whole == 0 {
        return None;
    }
    Some(Number::unsigned(part)?.as_f64() / Number::unsigned(whole)?.as_f64())
}

fn count(value: u64) -> Value {
    Number::unsigned(value).map_or(Value::Null, Value::Number)
}

fn fraction(value: Option<f64>) -> Value {
    value
        .and_then(Number::finite)
        .map_or(Value::Null, Value::Number)
}

fn counts(of: &BTreeMap<String, u64>) -> Value {
    let members = of.iter().map(|(name, value)| (name.clone(), count(*value)));
    Value::Object(members.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(range: (f64, f64), scores: &[f64]) -> Vec<u64> {
        let mut stats = ScoreStats::for_range(Some(range));
        for score in scores {
            stats.add(*score);
        }
        assert_eq!(stats.bins.len(), usize::from(SCORE_BINS));
        stats.bins.iter().map(ScoreBin::count).collect()
    }

    #[test]
    fn scores_from_0_to_1_fall_into_tenths_and_1_into_the_last() {
        let scores = [0.0, 0.05, 0.1, 0.5, 0.95, 1.0];
        assert_eq!(bins((0.0, 1.0), &scores), [2, 1, 0, 0, 0, 1, 0, 0, 0, 2]);
        assert_eq!(bins((0.4, 0.5), &[0.45]), [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn other_scores_fall_between_the_lowest_and_the_highest() {
        let scores = [-10.0, -0.5, 9.9, 10.0];
        assert_eq!(bins((-10.0, 10.0), &scores), [1, 0, 0, 0, 1, 0, 0, 0, 0, 2]);
        let most = f64::MAX;
        let counted = bins((-most, most), &[-most, 0.0, most]);
        assert_eq!(counted.iter().sum::<u64>(), 3);
        assert_eq!((counted[0], counted[9]), (1, 1));
        assert_eq!(bins((7.0, 7.0), &[7.0]).iter().sum::<u64>(), 1);
    }

    #[test]
    fn a_rate_of_nothing_is_none() {
        assert_eq!(Stats::default().reject_rate(), None);
        assert_eq!(CheckStats::default().fire_rate(), None);
        assert_eq!(CheckStats { ran: 4, fired: 1 }.fire_rate(), Some(0.25));
    }
}
