//! What a package can be complete in: the whole log or one stream, whole or for a period. All else is a selection.

use std::collections::BTreeSet;

use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::{Number, Object, Value};
use sealog_core::map;

use crate::index::Query;

/// Records of a sample, at most.
pub const SAMPLE_RECORDS_MAX: u64 = 100_000;
/// Bytes of a sample's seed, at most.
pub const SAMPLE_SEED_BYTES_MAX: usize = 200;
/// What goes before everything else that is hashed for a draw.
const SAMPLE_DOMAIN: &[u8] = b"sealog/sample/v1\n";

/// What the entries of a package are all of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// Every entry of the log; an entry's rank is its index.
    Log,
    /// Every entry of a stream; an entry's rank is its number in the stream.
    Stream {
        /// The stream's tenant.
        tenant: String,
        /// The stream.
        stream: String,
    },
    /// What a query asks for. That nothing of it is left out cannot be shown.
    Selection,
}

impl Scope {
    /// The scope of a query: a period may be asked for in each, anything further makes it a selection.
    pub fn of(query: &Query) -> Self {
        let further = [
            &query.record_id,
            &query.kind,
            &query.system,
            &query.model,
            &query.label,
            &query.action,
            &query.trace,
            &query.session,
            &query.config,
            &query.producer,
            &query.run,
        ];
        if further.iter().any(|value| value.is_some()) {
            return Self::Selection;
        }
        match (&query.tenant, &query.stream) {
            (None, None) => Self::Log,
            (Some(tenant), Some(stream)) => Self::Stream {
                tenant: tenant.clone(),
                stream: stream.clone(),
            },
            _ => Self::Selection,
        }
    }

    /// Its name in a package.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Stream { .. } => "stream",
            Self::Selection => "selection",
        }
    }

    /// The rank of a leaf of this index, stream and number, if it is in the scope.
    pub(crate) fn rank(&self, index: u64, stream: &Hash, seq: u64) -> Option<u64> {
        match self {
            Self::Log => Some(index),
            Self::Stream { .. } => (self.key().as_ref() == Some(stream)).then_some(seq),
            Self::Selection => None,
        }
    }

    /// The state map's key of the stream.
    pub(crate) fn key(&self) -> Option<Hash> {
        match self {
            Self::Stream { tenant, stream } => Some(map::key("stream", &[tenant, stream])),
            Self::Log | Self::Selection => None,
        }
    }
}

/// A sample, drawn from the log's root and a seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Records that are asked for; all, if there are fewer.
    pub count: u64,
    /// What the auditor says, and nobody else can choose.
    pub seed: String,
    /// Whether the auditor chose the seed after the size was fixed; else the operator could have tried several.
    pub by_auditor: bool,
}

impl Sample {
    /// Whether its members keep to their limits.
    pub(crate) fn is_sound(&self) -> bool {
        (1..=SAMPLE_RECORDS_MAX).contains(&self.count)
            && self.seed.len() <= SAMPLE_SEED_BYTES_MAX
            && !self.seed.contains(|letter: char| letter.is_control())
    }

    /// The ranks that are drawn of those from `first` on and before `end`.
    pub(crate) fn draw(&self, root: &Hash, first: u64, end: u64) -> BTreeSet<u64> {
        let population = end.saturating_sub(first);
        if self.count >= population {
            return (first..end).collect();
        }
        // The largest multiple of the population that 64 bits hold: numbers from there on would favour some ranks.
        let fair = u64::MAX - u64::MAX % population;
        let mut drawn = BTreeSet::new();
        let mut turn: u64 = 0;
        while u64::try_from(drawn.len()).unwrap_or(u64::MAX) < self.count {
            let (turns, seed) = (turn.to_string(), self.seed.as_bytes());
            let parts = [
                SAMPLE_DOMAIN,
                root.as_bytes(),
                seed,
                b"\n",
                turns.as_bytes(),
            ];
            let hash = Hash::of(&parts);
            let number = hash
                .as_bytes()
                .iter()
                .take(8)
                .fold(0, |n, byte| n << 8 | u64::from(*byte));
            if number < fair {
                drawn.insert(first + number % population);
            }
            turn += 1;
        }
        drawn
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut json = Object::new();
        json.insert("count", count(self.count));
        json.insert(
            "drawn_by",
            if self.by_auditor {
                "auditor"
            } else {
                "operator"
            },
        );
        json.insert("seed", self.seed.as_str());
        Value::Object(json)
    }

    pub(crate) fn from_json(json: &Value) -> Option<Self> {
        let object = super::members(json, &["count", "drawn_by", "seed"])?;
        let sample = Self {
            count: object.get("count")?.as_u64()?,
            seed: object.get("seed")?.as_str()?.into(),
            by_auditor: match object.get("drawn_by")?.as_str()? {
                "auditor" => true,
                "operator" => false,
                _ => return None,
            },
        };
        sample.is_sound().then_some(sample)
    }
}

pub(super) fn count(number: u64) -> Value {
    Number::unsigned(number).map_or(Value::Null, Value::Number)
}

/// The ranks that a package holds, told one by one in their order.
#[derive(Debug)]
pub(crate) struct Ranks {
    wanted: Wanted,
}

#[derive(Debug)]
enum Wanted {
    /// All from the first on and before the second.
    All(u64, u64),
    Drawn(std::collections::btree_set::IntoIter<u64>),
}

impl Ranks {
    pub(crate) const fn all(first: u64, end: u64) -> Self {
        Self {
            wanted: Wanted::All(first, end),
        }
    }

    pub(crate) fn drawn(drawn: BTreeSet<u64>) -> Self {
        Self {
            wanted: Wanted::Drawn(drawn.into_iter()),
        }
    }

    fn next(&mut self) -> Option<u64> {
        match &mut self.wanted {
            Wanted::All(next, end) => (*next < *end).then(|| {
                *next += 1;
                *next - 1
            }),
            Wanted::Drawn(drawn) => drawn.next(),
        }
    }

    /// Takes the next rank that is there.
    ///
    /// # Errors
    /// [`Code::PackageIncomplete`] if another one had to come.
    pub(crate) fn take(&mut self, rank: u64) -> Result<(), Finding> {
        let expected = self.next();
        if expected == Some(rank) {
            return Ok(());
        }
        let expected = expected.map_or_else(|| "no more".into(), |rank| rank.to_string());
        Err(Finding::new(Code::PackageIncomplete).because(expected, rank.to_string()))
    }

    /// All were there.
    ///
    /// # Errors
    /// [`Code::PackageIncomplete`] with the first that was not.
    pub(crate) fn finish(mut self) -> Result<(), Finding> {
        match self.next() {
            None => Ok(()),
            Some(rank) => {
                Err(Finding::new(Code::PackageIncomplete).because(rank.to_string(), "no more"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(count: u64, seed: &str) -> Sample {
        Sample {
            count,
            seed: seed.into(),
            by_auditor: true,
        }
    }

    #[test]
    fn a_draw_is_that_of_its_root_and_seed() {
        let root = Hash::of(&[b"root"]);
        let drawn = sample(5, "auditor 7").draw(&root, 10, 1_000);
        assert_eq!(drawn.len(), 5);
        assert!(drawn.iter().all(|rank| (10..1_000).contains(rank)));
        assert_eq!(drawn, sample(5, "auditor 7").draw(&root, 10, 1_000));
        assert_ne!(drawn, sample(5, "auditor 8").draw(&root, 10, 1_000));
        assert_ne!(
            drawn,
            sample(5, "auditor 7").draw(&Hash::of(&[b"other"]), 10, 1_000)
        );
        // By hand, of the format page's words: the first turn.
        let hash = Hash::of(&[b"sealog/sample/v1\n", root.as_bytes(), b"auditor 7\n0"]);
        let number = u64::from_be_bytes(hash.as_bytes()[..8].try_into().unwrap());
        assert!(drawn.contains(&(10 + number % 990)));
    }

    #[test]
    fn a_sample_of_more_than_there_is_takes_all() {
        let root = Hash::of(&[b"root"]);
        let all: BTreeSet<u64> = (3..7).collect();
        assert_eq!(sample(4, "").draw(&root, 3, 7), all);
        assert_eq!(sample(9, "").draw(&root, 3, 7), all);
        assert!(sample(9, "").draw(&root, 3, 3).is_empty());
    }

    #[test]
    fn a_sample_keeps_to_its_limits() {
        assert!(sample(SAMPLE_RECORDS_MAX, "").is_sound());
        assert!(!sample(SAMPLE_RECORDS_MAX + 1, "").is_sound());
        assert!(!sample(0, "").is_sound());
        assert!(sample(1, &"s".repeat(SAMPLE_SEED_BYTES_MAX)).is_sound());
        assert!(!sample(1, &"s".repeat(SAMPLE_SEED_BYTES_MAX + 1)).is_sound());
        assert!(!sample(1, "a\nb").is_sound());
    }

    #[test]
    fn a_rank_too_few_too_many_or_out_of_order_is_found() {
        let take = |ranks: &[u64]| {
            let mut all = Ranks::all(2, 5);
            ranks.iter().try_for_each(|rank| all.take(*rank))?;
            all.finish()
        };
        assert!(take(&[2, 3, 4]).is_ok());
        for wrong in [
            &[2, 3][..],
            &[2, 4],
            &[3, 4],
            &[2, 3, 4, 5],
            &[2, 2, 3, 4],
            &[],
        ] {
            assert_eq!(take(wrong).unwrap_err().code, Code::PackageIncomplete);
        }
    }

    #[test]
    fn only_a_whole_log_or_stream_can_be_complete() {
        let of = |edit: fn(&mut Query)| {
            let mut query = Query::default();
            edit(&mut query);
            Scope::of(&query).word()
        };
        assert_eq!(of(|_| {}), "log");
        assert_eq!(of(|q| q.kind = Some("decision".into())), "selection");
        assert_eq!(of(|q| q.stream = Some("credit".into())), "selection");
        let both = |q: &mut Query| {
            q.stream = Some("credit".into());
            q.tenant = Some("default".into());
        };
        assert_eq!(of(both), "stream");
    }
}
