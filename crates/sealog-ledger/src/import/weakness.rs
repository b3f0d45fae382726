//! What is found in an older log: stable codes, what each means, and whether it speaks against the log.

use std::collections::BTreeMap;

use sealog_core::finding::Weight;
use sealog_core::json::{Object, Value};

use crate::Error;
use crate::draft::integer;

/// Findings that are kept in full; beyond it they are only counted.
pub const FINDINGS_KEPT_MAX: usize = 200;
/// Bytes of what is said about one finding; the rest is cut.
pub const DETAIL_BYTES_MAX: usize = 1024;

macro_rules! weaknesses {
    ($($name:ident $id:literal $weight:ident $meaning:literal;)*) => {
        /// A weakness of an older log.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Weakness {
            $(#[doc = $meaning] $name,)*
        }

        impl Weakness {
            /// Every weakness.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its stable code.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What it says about the log.
            pub const fn weight(self) -> Weight {
                match self { $(Self::$name => Weight::$weight,)* }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

weaknesses! {
    AnchorMismatch "import.anchor_mismatch" Refutes "the event of the anchor's number has another hash than the anchor";
    AnchorMissing "import.anchor_missing" Refutes "the event of the anchor is not there: the tail was cut or written anew";
    BareNumber "import.bare_number" Note "a number that JSON does not have (NaN or infinite): other readers refuse the line";
    BrokenLink "import.broken_link" Refutes "a record follows none of the records before it";
    ChainHeadMissing "import.chain_head_missing" Undecided "the first record follows one that is not in the source";
    ChainRestarted "import.chain_restarted" Undecided "a chain begins anew in the middle of the source: a restart, or records are missing";
    ColumnMismatch "import.column_mismatch" Refutes "a column differs from the document that was hashed";
    ConfigHash "import.config_hash" Refutes "a configuration is not what its hash was made of";
    ConfigLink "import.config_link" Refutes "the history of configurations has a gap or a fork";
    ConfigOfOtherModel "import.config_of_other_model" Undecided "a record was made under the configuration of another model";
    ConfigUnknown "import.config_unknown" Refutes "a record names a configuration that is not there";
    DocumentMalformed "import.document_malformed" Refutes "the document has not the members or the form of its format";
    DuplicateMember "import.duplicate_member" Refutes "a member stands twice, and readers differ in which one they show";
    DuplicateRecord "import.duplicate_record" Refutes "a record stands twice";
    EmptySource "import.empty_source" Undecided "there are no records, so there is nothing that could hold";
    ForkedChain "import.forked_chain" Refutes "two records follow the same one";
    GenesisHash "import.genesis_hash" Refutes "a genesis record is not what its hash was made of";
    GenesisUnknown "import.genesis_unknown" Refutes "a record names a genesis that is not there";
    HeadMismatch "import.head_mismatch" Refutes "the records end elsewhere than the head says";
    HmacDowngraded "import.hmac_downgraded" Refutes "a record without the secret key stands where one with it has to be";
    KeyNotPinned "import.key_not_pinned" Undecided "no key was given: signatures are held to a key that comes with the source, or to none";
    KeyRequired "import.key_required" Undecided "a record is under a secret key that was not given";
    KeyedLater "import.keyed_later" Note "the first records had no secret key: only the first one that has it vouches for them";
    LabelChanged "import.label_changed" Refutes "a record shows another label than the register has for its id";
    MetadataMismatch "import.metadata_mismatch" Refutes "the description of the source differs from its records";
    ModelAbsent "import.model_absent" Undecided "the files of the model were not there: nothing was compared with the document";
    ModelDiffers "import.model_differs" Refutes "the files of the model are not exactly those that the document lists";
    ModelNotAsStated "import.model_not_as_stated" Refutes "the model is of another class, size or number of features than its metadata say";
    ModelNotDetermined "import.model_not_determined" Undecided "what the model is could not be read from its bytes, so that its metadata could not be compared";
    ModelNotNamed "import.model_not_named" Note "the document has no name and version that could stand in a register of models";
    ModelUncovered "import.model_uncovered" Note "files lie beside the model that were left out of the comparison";
    NameNotSigned "import.name_not_signed" Note "what the document says besides its files is not signed: anybody can have changed it";
    NotARecord "import.not_a_record" Refutes "a line has not the fields of a record";
    NotJson "import.not_json" Refutes "a line is not JSON";
    OrderByTime "import.order_by_time" Note "records stand in the order of their times, not of their chain";
    OutOfOrder "import.out_of_order" Refutes "a record stands elsewhere than its chain has it";
    PathEscapes "import.path_escapes" Refutes "a path leads out of the model, or is spelt as no path of it is";
    RecordHash "import.record_hash" Refutes "a record is not what its hash was made of";
    Rewritten "import.rewritten" Undecided "a line is spelt otherwise than its tool writes it: somebody wrote the file anew";
    ScoreNotKept "import.score_not_kept" Note "the scores were not kept: labels cannot be derived again";
    SequenceGap "import.sequence_gap" Refutes "a sequence number is not the next one";
    ShapeNotChecked "import.shape_not_checked" Note "the number of features in the metadata was not compared: the model does not state it";
    Signature "import.signature" Refutes "a signature is missing or not by the key";
    SignatureElsewhere "import.signature_elsewhere" Note "the signature has another name than the one that its own tool looks for";
    SignatureUndecided "import.signature_undecided" Undecided "the signature is of a form that is not decided here";
    SizeNotStated "import.size_not_stated" Note "neither sizes, nor a revision, nor what was left out are stated: only the digests bind";
    TailNotProvable "import.tail_not_provable" Note "nothing in the source shows that its last records are there";
    TimeMismatch "import.time_mismatch" Refutes "the time that is shown is not the time that was hashed";
    TornLine "import.torn_line" Refutes "the last line has no end: it was torn while it was written";
    Unkeyed "import.unkeyed" Note "no key is involved: whoever could write the source could have made it anew";
    UnknownAlgorithm "import.unknown_algorithm" Undecided "a record was hashed by an algorithm that is not known here";
    Unsigned "import.unsigned" Undecided "nobody signed the document";
    ZipDigest "import.zip_digest" Refutes "a member of the archive is not what the manifest lists";
    ZipManifest "import.zip_manifest" Refutes "the archive's manifest is missing or malformed";
    ZipMember "import.zip_member" Refutes "the archive's members are not exactly those that its manifest lists";
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFinding {
    /// What was found.
    pub weakness: Weakness,
    /// In which record, counted from 0; none: in the source as a whole.
    pub position: Option<u64>,
    /// What was found in particular, for example which file differs; at most [`DETAIL_BYTES_MAX`] bytes.
    pub detail: Option<String>,
}

/// All findings of a source: the first ones in full, all of them counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    kept: Vec<ImportFinding>,
    counts: BTreeMap<Weakness, u64>,
}

impl Findings {
    pub(super) fn add(&mut self, weakness: Weakness, position: Option<u64>) {
        self.add_finding(weakness, position, None);
    }

    /// A finding in the source as a whole, with what was found in particular.
    pub(super) fn add_detail(&mut self, weakness: Weakness, detail: Option<&str>) {
        self.add_finding(weakness, None, detail);
    }

    fn add_finding(&mut self, weakness: Weakness, position: Option<u64>, detail: Option<&str>) {
        *self.counts.entry(weakness).or_default() += 1;
        // One of each code is always kept, so that no flood of one hides another.
        let first = self.counts.get(&weakness) == Some(&1);
        if first || self.kept.len() < FINDINGS_KEPT_MAX {
            let cut = |text: &str| {
                let end = text.floor_char_boundary(DETAIL_BYTES_MAX);
                text.get(..end).unwrap_or_default().to_owned()
            };
            self.kept.push(ImportFinding {
                weakness,
                position,
                detail: detail.map(cut),
            });
        }
    }

    /// The first findings, at most [`FINDINGS_KEPT_MAX`] and one of each code.
    pub fn kept(&self) -> &[ImportFinding] {
        &self.kept
    }

    /// How often each weakness was found.
    pub fn counts(&self) -> impl Iterator<Item = (Weakness, u64)> + '_ {
        self.counts
            .iter()
            .map(|(weakness, count)| (*weakness, *count))
    }

    /// Whether this was found.
    pub fn has(&self, weakness: Weakness) -> bool {
        self.counts.contains_key(&weakness)
    }

    pub(super) fn weight(&self) -> Weight {
        let weights = self.counts.keys().map(|weakness| weakness.weight());
        weights.max().unwrap_or(Weight::Note)
    }

    /// The findings as the payload that `import.adopted` names by its digest.
    pub fn to_json(&self) -> Result<Value, Error> {
        let mut counts = Object::new();
        for (weakness, count) in &self.counts {
            counts.insert(weakness.id(), integer(*count)?);
        }
        let mut list = Vec::new();
        for finding in &self.kept {
            let mut member = Object::new();
            member.insert("code", finding.weakness.id());
            if let Some(detail) = &finding.detail {
                member.insert("detail", detail.as_str());
            }
            if let Some(position) = finding.position {
                member.insert("position", integer(position)?);
            }
            list.push(Value::Object(member));
        }
        let mut out = Object::new();
        out.insert("counts", Value::Object(counts));
        out.insert("findings", Value::Array(list));
        Ok(Value::Object(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_finding_is_counted_and_hides_no_other() {
        let mut findings = Findings::default();
        for position in 0..=FINDINGS_KEPT_MAX {
            findings.add(Weakness::NotJson, u64::try_from(position).ok());
        }
        assert_eq!(findings.kept().len(), FINDINGS_KEPT_MAX);
        findings.add(Weakness::Unkeyed, None);
        assert_eq!(findings.kept().len(), FINDINGS_KEPT_MAX + 1);
        let expected = u64::try_from(FINDINGS_KEPT_MAX).unwrap() + 1;
        assert_eq!(
            findings.counts().next(),
            Some((Weakness::NotJson, expected))
        );
        assert_eq!(findings.weight(), Weight::Refutes);
    }

    #[test]
    fn what_is_said_about_a_finding_is_cut_at_its_limit_between_characters() {
        let kept = |text: &str| {
            let mut findings = Findings::default();
            findings.add_detail(Weakness::ModelDiffers, Some(text));
            findings.kept()[0].detail.as_ref().unwrap().len()
        };
        assert_eq!(kept(&"x".repeat(DETAIL_BYTES_MAX)), DETAIL_BYTES_MAX);
        assert_eq!(kept(&"x".repeat(DETAIL_BYTES_MAX + 1)), DETAIL_BYTES_MAX);
        let wide = format!("{}\u{e9}", "x".repeat(DETAIL_BYTES_MAX - 1));
        assert_eq!(kept(&wide), DETAIL_BYTES_MAX - 1);
    }

    #[test]
    fn codes_are_sorted_and_stand_once() {
        let ids: Vec<_> = Weakness::ALL.iter().map(|weakness| weakness.id()).collect();
        assert!(ids.is_sorted());
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
