use super::*;
use crate::scan::limits::Limits;

/// The rules that a file of such a body breaks, each time.
fn broken(body: &[u8]) -> Vec<&'static str> {
    let file = [
        b"\x89HDF\r\n\x1a\n\x02\x08\x08\0".as_slice(),
        body,
        &[0; 16],
    ]
    .concat();
    rules(file)
}

fn rules(file: Vec<u8>) -> Vec<&'static str> {
    let limits = Limits::default();
    let mut scan = Scan::new("file".into(), &limits);
    super::scan(&Source::memory(file), &mut scan);
    scan.into_findings()
        .iter()
        .map(|finding| finding.rule().id())
        .collect()
}

/// A list of external files: slots, and the address of a heap.
fn list(allocated: u16, used: u16, heap: u64) -> Vec<u8> {
    let slots = [allocated.to_le_bytes(), used.to_le_bytes()].concat();
    [LIST, &slots, &heap.to_le_bytes()].concat()
}

#[test]
fn so_many_configurations_are_read() {
    let documents = |count: usize| broken(&b"{\"name\": \"x\"} ".repeat(count));
    assert!(documents(DOCUMENTS_MAX).is_empty());
    assert_eq!(documents(DOCUMENTS_MAX + 1), ["hdf5.limit"]);
}

#[test]
fn so_many_heaps_and_lists_are_looked_at() {
    let heaps = |count: usize| broken(&b"HEAP....".repeat(count));
    assert!(heaps(PLACES_MAX).is_empty());
    assert_eq!(heaps(PLACES_MAX + 1), ["hdf5.limit"]);
    // None of them leads to a heap; one behind the limit might.
    let lists = |count: usize| broken(&list(1, 1, 1).repeat(count));
    assert!(lists(PLACES_MAX - 64).is_empty());
    assert_eq!(lists(PLACES_MAX + 1), ["hdf5.limit"]);
}

#[test]
fn a_list_is_found_however_many_slots_it_has() {
    // The list begins at byte 12, its heap 16 bytes behind it.
    let at = |allocated, used| broken(&[list(allocated, used, 28), b"HEAP".to_vec()].concat());
    for (allocated, used) in [(1, 1), (4_096, 1), (4_097, 1), (u16::MAX, u16::MAX)] {
        assert_eq!(at(allocated, used), ["hdf5.external"], "{allocated} {used}");
    }
    for (allocated, used) in [(0, 0), (1, 0), (1, 2)] {
        assert!(at(allocated, used).is_empty(), "{allocated} {used}");
    }
}

#[test]
fn a_file_whose_addresses_are_of_another_width_is_not_called_clean() {
    for (version, place) in [(0, 13), (1, 13), (2, 9), (3, 9)] {
        for width in [2, 4, 8, 16, 32] {
            let mut file = [b"\x89HDF\r\n\x1a\n".as_slice(), &[0; 88]].concat();
            file[8] = version;
            file[place] = width;
            let expected: &[&str] = if width == 8 { &[] } else { &["hdf5.limit"] };
            assert_eq!(rules(file), expected, "version {version}, {width} bytes");
        }
    }
}
