//! Who approved an erasure: `approval` records about its scope.

use std::collections::BTreeMap;

use sealog_core::json::Ref;

/// What an `approval` of an erasure says that it is about.
pub(super) const SUBJECT_KIND: &str = "erasure";

/// The newest answer of each approver.
#[derive(Debug, Default)]
pub(super) struct Approvals {
    /// By approver: the approval's id, and who asked for it, where the answer is yes.
    given: BTreeMap<String, Option<(String, Option<String>)>>,
}

impl Approvals {
    /// Takes in the body of an `approval`; those about something else are passed over.
    pub(super) fn take(&mut self, body: Ref<'_, '_>, scope: &str) {
        let text = |name: &str| body.member(name).and_then(Ref::plain_str);
        if text("subject_kind") != Some(SUBJECT_KIND) || text("subject_id") != Some(scope) {
            return;
        }
        let (Some(approver), Some(id)) = (text("approver_id"), text("approval_id")) else {
            return;
        };
        // A later answer takes the place of an earlier one: a rejection or revocation is no approval any more.
        let answer = (text("decision") == Some("approved"))
            .then(|| (id.to_owned(), text("requester_id").map(ToOwned::to_owned)));
        self.given.insert(approver.to_owned(), answer);
    }

    /// Ids of the approvals that count, one for each person who is not the one that asked.
    pub(super) fn ids(&self) -> Vec<String> {
        let counts = |(approver, answer): (&String, &Option<(String, Option<String>)>)| {
            let (id, requester) = answer.as_ref()?;
            (requester.as_ref() != Some(approver)).then(|| id.clone())
        };
        self.given.iter().filter_map(counts).collect()
    }
}

#[cfg(test)]
mod tests {
    use sealog_core::json::Tape;

    use super::*;

    fn counted(bodies: &[&str]) -> Vec<String> {
        let mut approvals = Approvals::default();
        for body in bodies {
            let mut tape = Tape::new();
            approvals.take(tape.read(body.as_bytes()).unwrap(), "subject:ab");
        }
        approvals.ids()
    }

    fn body(id: &str, approver: &str, decision: &str, about: &str) -> String {
        format!(
            r#"{{"approval_id":"{id}","approver_id":"{approver}","decision":"{decision}","requester_id":"rita","subject_id":"{about}","subject_kind":"erasure"}}"#
        )
    }

    #[test]
    fn each_person_counts_once_and_by_the_newest_answer() {
        let yes = |id: &str, who: &str| body(id, who, "approved", "subject:ab");
        assert_eq!(
            counted(&[&yes("a1", "ann"), &yes("a2", "bob")]),
            ["a1", "a2"]
        );
        assert_eq!(counted(&[&yes("a1", "ann"), &yes("a2", "ann")]), ["a2"]);
        let no = body("a3", "ann", "revoked", "subject:ab");
        assert!(counted(&[&yes("a1", "ann"), &no]).is_empty());
        let no = body("a3", "ann", "rejected", "subject:ab");
        assert_eq!(counted(&[&no, &yes("a1", "ann")]), ["a1"]);
    }

    #[test]
    fn who_asked_does_not_approve_and_another_scope_does_not_count() {
        let own = body("a1", "rita", "approved", "subject:ab");
        assert!(counted(&[&own]).is_empty());
        let other = body("a1", "ann", "approved", "subject:cd");
        assert!(counted(&[&other]).is_empty());
        let kind = body("a1", "ann", "approved", "subject:ab").replace("\"erasure\"", "\"model\"");
        assert!(counted(&[&kind]).is_empty());
    }
}
