//! What holds of any bytes, and of any pickle around a payload.

use proptest::prelude::*;
use sealog_model::scan::Verdict;

use super::assemble::{Entry, four, harm, stack_global, text, zip};
use super::scan;

/// Pieces of a pickle that leave the stack as it was.
const NEUTRAL: &[&[u8]] = &[
    b"N0",
    b"K\x010",
    b"(K\x01K\x02t0",
    b"]\x94(K\x01e0",
    b"}(\x8c\x01aK\x01u0",
    b"(1",
    b"C\x02ab0",
    b"N200",
    b"\x8c\x0bcollections\x8c\x0bOrderedDict\x93)R0",
    b"Vtext\n0",
    b"G\0\0\0\0\0\0\0\x000",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let report = scan(&bytes);
        prop_assert_eq!(&report, &scan(&bytes));
        prop_assert!(report.findings().iter().all(|finding| finding.offset() <= 600));
    }

    #[test]
    fn harm_is_found_wherever_it_stands(
        before in proptest::collection::vec(0..NEUTRAL.len(), 0..12),
        after in proptest::collection::vec(0..NEUTRAL.len(), 0..12),
    ) {
        let piece = |at: &usize| NEUTRAL[*at];
        let head: Vec<u8> = before.iter().flat_map(|at| piece(at).to_vec()).collect();
        let tail: Vec<u8> = after.iter().flat_map(|at| piece(at).to_vec()).collect();
        let clean = four(&[&head, &tail, b"N"]);
        prop_assert_eq!(scan(&clean).verdict(), Verdict::Clean);
        let payload = [stack_global("os", "system"), text("id"), b"\x85R0".to_vec()].concat();
        let bad = four(&[&head, &payload, &tail, b"N"]);
        prop_assert_eq!(scan(&bad).verdict(), Verdict::Malicious);
    }

    #[test]
    fn harm_is_found_behind_other_members(others in proptest::collection::vec(any::<u8>(), 0..64)) {
        let file = zip(&[Entry::new("a", others), Entry::new("b", harm())], b"");
        prop_assert_eq!(scan(&file).verdict(), Verdict::Malicious);
    }
}
