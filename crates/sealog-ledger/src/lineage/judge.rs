//! What was gathered, step by step: what is there, what is missing, and what speaks against it.

use std::collections::BTreeSet;

use super::gather::{Gathered, Row};
use super::{Link, Step};

/// Every step, in their order.
pub(super) fn links(all: &Gathered) -> Vec<Link> {
    vec![
        data_sets(all),
        training(all),
        signature(all),
        registration(all),
        approval(all),
        deployment(all),
        gate(all),
        decisions(all),
    ]
}

fn shown(row: &Row, names: &[&str]) -> String {
    let part = |name: &&str| row.text(name).map(|text| format!("{name} {text}"));
    names.iter().filter_map(part).collect::<Vec<_>>().join(", ")
}

/// The runs that wrote the model, by their ids.
fn run_ids(all: &Gathered) -> BTreeSet<&str> {
    let wrote = all
        .runs
        .iter()
        .filter(|row| row.text("model_digest") == Some(all.digest.as_str()));
    wrote.filter_map(|row| row.text("run_id")).collect()
}

fn data_sets(all: &Gathered) -> Link {
    let mut link = Link::new(Step::DataSet);
    let runs = run_ids(all);
    let of_ours = |row: &&Row| row.text("run_id").is_some_and(|id| runs.contains(id));
    let wanted: BTreeSet<&str> = all
        .runs
        .iter()
        .filter(of_ours)
        .flat_map(|row| row.texts("dataset_ids"))
        .collect();
    if wanted.is_empty() {
        let why = "no training run of this model names a data set";
        link.missing.push(why.to_owned());
    }
    let mut digests = BTreeSet::new();
    for id in wanted {
        let mut found = false;
        for row in &all.data_sets {
            if row.text("dataset_id") == Some(id) {
                found = true;
                digests.extend(row.text("content_digest"));
                link.fact(
                    row.index,
                    shown(
                        row,
                        &["dataset_id", "version", "content_digest", "digest_source"],
                    ),
                );
            }
        }
        if !found {
            link.missing
                .push(format!("the data set {id} is not registered"));
        }
    }
    prepared(all, digests, &mut link);
    link
}

/// Back through every preparation, from what came out to what went in. Each digest is visited once, so a circle ends.
fn prepared<'a>(all: &'a Gathered, digests: BTreeSet<&'a str>, link: &mut Link) {
    let mut waiting: Vec<&str> = digests.iter().copied().collect();
    let mut seen = digests;
    while let Some(digest) = waiting.pop() {
        for row in &all.prepared {
            if row.text("output_digest") != Some(digest) {
                continue;
            }
            let names = ["operation", "input_digest", "output_digest"];
            link.fact(row.index, shown(row, &names));
            let Some(input) = row
                .text("input_digest")
                .filter(|input| !seen.contains(input))
            else {
                continue;
            };
            let is_it = |set: &&Row| set.text("content_digest") == Some(input);
            match all.data_sets.iter().find(is_it) {
                Some(set) => link.fact(set.index, shown(set, &["dataset_id", "content_digest"])),
                None => link.missing.push(format!(
                    "the data set {input}, which went into a preparation, is not registered"
                )),
            }
            seen.insert(input);
            waiting.push(input);
        }
    }
}

fn training(all: &Gathered) -> Link {
    let mut link = Link::new(Step::Training);
    let runs = run_ids(all);
    for row in &all.runs {
        if row.text("run_id").is_some_and(|id| runs.contains(id)) {
            link.fact(
                row.index,
                shown(row, &["run_id", "phase", "code_digest", "params_digest"]),
            );
            if row.text("phase") == Some("failed") {
                let id = row.text("run_id").unwrap_or_default();
                link.against
                    .push(format!("the run {id} failed (entry {})", row.index));
            }
        }
    }
    if runs.is_empty() {
        let why = "no training run wrote a model of this digest";
        link.missing.push(why.to_owned());
    }
    link
}

fn signature(all: &Gathered) -> Link {
    let mut link = Link::new(Step::Signature);
    let admitted = all.gates.iter().filter(|row| admits(row, all));
    for row in all.registered.iter().chain(admitted) {
        if row.text("signer").is_some() || row.text("envelope_digest").is_some() {
            link.fact(row.index, shown(row, &["signer", "envelope_digest"]));
        }
    }
    if link.facts.is_empty() {
        let why = "no registration and no admission says who signed it";
        link.missing.push(why.to_owned());
    }
    link.facts.sort_by_key(|fact| fact.index);
    link
}

fn registration(all: &Gathered) -> Link {
    let mut link = Link::new(Step::Registration);
    for row in &all.registered {
        link.fact(
            row.index,
            shown(row, &["model_id", "model_version", "source", "revision"]),
        );
    }
    if all.registered.is_empty() {
        link.missing.push("it is not registered".to_owned());
    }
    link
}

/// Approvals of the model, or those that its deployments name; oldest first.
fn approvals(all: &Gathered) -> Vec<&Row> {
    let named: BTreeSet<&str> = all
        .deployments
        .iter()
        .filter_map(|row| row.text("approval_id"))
        .collect();
    let ours = |row: &&Row| {
        row.text("subject_digest") == Some(all.digest.as_str())
            || row.text("approval_id").is_some_and(|id| named.contains(id))
    };
    all.approvals.iter().filter(ours).collect()
}

fn approval(all: &Gathered) -> Link {
    let mut link = Link::new(Step::Approval);
    let approvals = approvals(all);
    for row in &approvals {
        let names = [
            "approval_id",
            "decision",
            "approver_id",
            "subject_kind",
            "subject_id",
        ];
        link.fact(row.index, shown(row, &names));
        let subject = row.text("subject_digest");
        if subject.is_some_and(|subject| subject != all.digest) {
            let why = format!("the approval at entry {} is of other bytes", row.index);
            link.against.push(why);
        }
    }
    match approvals.last() {
        None => link.missing.push("nobody approved it".to_owned()),
        Some(last) if last.text("decision") != Some("approved") => {
            let answer = last.text("decision").unwrap_or("no answer");
            let why = format!("the newest answer is {answer} (entry {})", last.index);
            link.against.push(why);
        }
        Some(_) => {}
    }
    for id in all
        .deployments
        .iter()
        .filter_map(|row| row.text("approval_id"))
    {
        let there = |row: &&Row| row.text("approval_id") == Some(id);
        if !approvals.iter().copied().any(|row| there(&row)) {
            link.missing.push(format!(
                "the approval {id}, which a deployment names, is not there"
            ));
        }
    }
    link
}

fn deployment(all: &Gathered) -> Link {
    let mut link = Link::new(Step::Deployment);
    let approvals = approvals(all);
    for row in &all.deployments {
        let names = [
            "deployment_id",
            "deployed_at",
            "approval_id",
            "config_digest",
        ];
        link.fact(row.index, shown(row, &names));
        let before = approvals
            .iter()
            .rev()
            .find(|approval| approval.index < row.index);
        let answer = before.and_then(|approval| approval.text("decision"));
        if !approvals.is_empty() && answer != Some("approved") {
            let why = format!(
                "entry {}: it went live without a standing approval",
                row.index
            );
            link.against.push(why);
        }
    }
    if all.deployments.is_empty() {
        link.missing.push("it was not deployed".to_owned());
    }
    link
}

fn admits(row: &Row, all: &Gathered) -> bool {
    row.text("result") == Some("match") && row.text("model_digest") == Some(all.digest.as_str())
}

fn gate(all: &Gathered) -> Link {
    let mut link = Link::new(Step::Gate);
    for row in &all.gates {
        let names = ["result", "protection", "model_digest", "policy_digest"];
        link.fact(row.index, shown(row, &names));
    }
    // Other bytes that were refused in its place say nothing against it.
    let ours = |row: &&Row| row.text("model_digest") == Some(all.digest.as_str());
    match all.gates.iter().rfind(ours) {
        None => link.missing.push("no gate looked at it".to_owned()),
        Some(last) if !admits(last, all) => {
            let result = last.text("result").unwrap_or("no result");
            let why = format!("the newest result is {result} (entry {})", last.index);
            link.against.push(why);
        }
        Some(_) => {}
    }
    link
}

fn decisions(all: &Gathered) -> Link {
    let mut link = Link::new(Step::Decisions);
    let decisions = &all.decisions;
    let (Some(first), Some(last)) = (decisions.first, decisions.last) else {
        link.missing.push("no decision names it".to_owned());
        return link;
    };
    let (count, verified) = (decisions.count, decisions.verified);
    let text = format!("the first of {count}, of which {verified} say that a gate admitted it");
    link.fact(first, text);
    if last != first {
        link.fact(last, "the last of them".to_owned());
    }
    let admitted = all.gates.iter().find(|row| admits(row, all));
    if let Some(used) = decisions.first_verified
        && admitted.is_none_or(|row| row.index > used)
    {
        let why = format!("entry {used} says that a gate admitted it, and none had");
        link.against.push(why);
    }
    link
}
