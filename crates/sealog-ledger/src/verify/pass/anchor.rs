//! Anchors as the pass meets them: whether they name a checkpoint of the log, and what their proofs say.

use sealog_core::entry::{Anchor, Effect, EntryError, Line};
use sealog_core::finding::{Code, Finding, Place};
use sealog_core::hash::Hash;
use sealog_store::Shelf;

use super::super::trust::Witnessed;
use super::super::{anchors, trust};
use super::Pass;

impl Pass<'_> {
    /// An anchor that is too old for the state is compared with the roots of all checkpoints.
    pub(super) fn look_further_back(
        &mut self,
        finding: Finding,
        line: Result<&Line, &EntryError>,
    ) -> Option<Finding> {
        let (Code::AnchorUnchecked, Ok(Line::Entry(entry))) = (finding.code, line) else {
            return Some(finding);
        };
        let Effect::Anchored(anchor) = &entry.record.effect else {
            return Some(finding);
        };
        match self.checkpoints.at(anchor.size) {
            Ok(Some(root)) if root == anchor.root => None,
            Ok(root) => {
                let expected = root.map_or("the size of a checkpoint".into(), |root| root.to_hex());
                let found = root.map_or(anchor.size.to_string(), |_| anchor.root.to_hex());
                let mut wrong = Finding::new(Code::AnchorWrong).because(expected, found);
                (wrong.index, wrong.record_id) = (finding.index, finding.record_id);
                Some(wrong)
            }
            Err(error) => {
                self.failure = Some(error);
                None
            }
        }
    }

    /// The proof that an anchor names is among the anchors; what the policy's witnesses say in it of the time.
    pub(super) fn take_anchor(&mut self, anchor: &Anchor, index: u64, place: Place) {
        self.group.anchors += 1;
        let name = anchor.token.map(|token| anchors::name(anchor.size, &token));
        let bytes = name.map(|name| (self.store.fetch(Shelf::Anchors, &name), name));
        let missing = match (bytes, anchor.token) {
            (Some((Ok(Some(bytes)), _)), Some(token)) if Hash::of(&[&bytes]) == token => {
                self.named.insert(token);
                return self.time_anchor(anchor, &bytes, index, place);
            }
            (Some((Ok(Some(_)), name)), _) => format!("other bytes in {name}"),
            (Some((Ok(None), name)), _) => format!("no {name}"),
            (Some((Err(error), _)), _) => error.to_string(),
            (None, _) => "a digest that is not SHA-256".into(),
        };
        self.find(
            Finding::new(Code::AnchorMissing).found(missing).at(index),
            place,
        );
    }

    fn time_anchor(&mut self, anchor: &Anchor, bytes: &[u8], index: u64, place: Place) {
        let policy = self.request.policy.as_ref();
        let Some(policy) = policy.filter(|policy| policy.asks_for_witnesses()) else {
            return;
        };
        let keys = trust::known_keys(&self.applier.state);
        let why = match policy.verify(bytes, &keys) {
            Ok(seen) if (seen.size(), *seen.root()) != (anchor.size, anchor.root) => {
                "another checkpoint than the record's".to_owned()
            }
            Ok(seen) => {
                let witnessed = Some(Witnessed::of(&seen));
                self.group.witnessed = self.group.witnessed.max(witnessed);
                if let Some(time) = policy.outside_time(seen.cosignatures()) {
                    self.group.times.covers(anchor.size, time);
                    self.group.times.stands(index, time);
                }
                return;
            }
            Err(error) => crate::error::chain(&error),
        };
        self.find(
            Finding::new(Code::AnchorUnproven).found(why).at(index),
            place,
        );
    }
}
