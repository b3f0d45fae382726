//! The simulated disk itself: it must lose what is not flushed, and nothing else.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use sealog_store::disk::sim::{Fault, FaultRates, Flushes, PER, SimDisk, SimOptions, SimProcess};
use sealog_store::disk::{Disk, DiskFile, Open, Reach};

const SEEDS: u64 = 200;

fn create(process: &SimProcess, path: &str) -> Box<dyn DiskFile> {
    let how = Open::CreateNew(Reach::Everyone);
    process.open(Path::new(path), how).unwrap()
}

fn content(disk: &SimDisk, path: &str) -> Option<Vec<u8>> {
    let process = disk.process();
    let file = process.open(Path::new(path), Open::Read).ok()?;
    let mut bytes = vec![0; file.len().unwrap() as usize];
    assert_eq!(file.read_at(0, &mut bytes).unwrap(), bytes.len());
    Some(bytes)
}

/// What `test` leaves at `/a` after a power loss, over many seeds.
fn after_power_loss(test: impl Fn(&SimProcess)) -> BTreeSet<Option<Vec<u8>>> {
    let run = |seed| {
        let disk = SimDisk::new(SimOptions::calm(seed));
        test(&disk.process());
        disk.restart();
        content(&disk, "/a")
    };
    (0..SEEDS).map(run).collect()
}

#[test]
fn what_was_flushed_survives_a_power_loss() {
    let outcomes = after_power_loss(|process| {
        let file = create(process, "/a");
        file.write_at(0, &[1; 5000]).unwrap();
        file.sync_data().unwrap();
        process.sync_dir(Path::new("/")).unwrap();
    });
    assert_eq!(outcomes, BTreeSet::from([Some(vec![1; 5000])]));
}

#[test]
fn an_unflushed_write_survives_whole_in_part_or_not_at_all() {
    let outcomes = after_power_loss(|process| {
        let file = create(process, "/a");
        file.write_at(0, &[1; 8192]).unwrap();
        file.sync_data().unwrap();
        process.sync_dir(Path::new("/")).unwrap();
        file.write_at(100, &[2; 8000]).unwrap();
    });
    let outcomes: Vec<Vec<u8>> = outcomes.into_iter().flatten().collect();
    for bytes in &outcomes {
        assert_eq!(bytes.len(), 8192);
        for sector in bytes[..8100].chunks(512) {
            let written = &sector[sector.iter().take_while(|byte| **byte == 1).count()..];
            assert!(written.iter().all(|byte| *byte == 2) || written.is_empty());
        }
    }
    let has = |test: &dyn Fn(&[u8]) -> bool| outcomes.iter().any(|bytes| test(bytes));
    assert!(has(&|bytes| bytes[100] == 1 && bytes[8099] == 1), "lost");
    assert!(has(&|bytes| bytes[100] == 2 && bytes[8099] == 2), "kept");
    assert!(
        has(&|bytes| bytes[100] == 1 && bytes[8099] == 2),
        "later page only"
    );
    assert!(
        has(&|bytes| bytes[100] == 2 && bytes[8099] == 1),
        "earlier page only"
    );
    assert!(has(&|bytes| bytes[511] != bytes[512]), "torn at a sector");
}

#[test]
fn a_length_that_was_not_flushed_may_be_the_old_one_or_show_zero_bytes() {
    let outcomes = after_power_loss(|process| {
        let file = create(process, "/a");
        file.sync_data().unwrap();
        process.sync_dir(Path::new("/")).unwrap();
        file.write_at(0, &[1; 4096]).unwrap();
    });
    assert!(outcomes.contains(&Some(vec![])));
    assert!(outcomes.contains(&Some(vec![0; 4096])));
    assert!(outcomes.contains(&Some(vec![1; 4096])));
}

#[test]
fn a_cut_that_was_not_flushed_may_be_undone() {
    let outcomes = after_power_loss(|process| {
        let file = create(process, "/a");
        file.write_at(0, &[1; 600]).unwrap();
        file.sync_data().unwrap();
        process.sync_dir(Path::new("/")).unwrap();
        file.set_len(10).unwrap();
    });
    let lengths: BTreeSet<usize> = outcomes.iter().flatten().map(Vec::len).collect();
    assert_eq!(lengths, BTreeSet::from([10, 600]));
}

#[test]
fn a_name_is_lost_unless_its_directory_was_flushed() {
    let unflushed = after_power_loss(|process| {
        create(process, "/a").sync_data().unwrap();
    });
    assert_eq!(unflushed, BTreeSet::from([None, Some(vec![])]));
    let removed = after_power_loss(|process| {
        create(process, "/a");
        process.sync_dir(Path::new("/")).unwrap();
        process.remove_file(Path::new("/a")).unwrap();
    });
    assert_eq!(removed, BTreeSet::from([None, Some(vec![])]));
    let renamed = after_power_loss(|process| {
        let file = create(process, "/b");
        file.write_at(0, b"b").unwrap();
        file.sync_data().unwrap();
        process.sync_dir(Path::new("/")).unwrap();
        process.rename(Path::new("/b"), Path::new("/a")).unwrap();
    });
    assert_eq!(renamed, BTreeSet::from([None, Some(b"b".to_vec())]));
    let below = after_power_loss(|process| {
        process
            .create_dir(Path::new("/d"), Reach::Everyone)
            .unwrap();
        create(process, "/d/x");
        process.sync_dir(Path::new("/d")).unwrap();
        if process.metadata(Path::new("/d/x")).is_ok() {
            create(process, "/a");
            process.sync_dir(Path::new("/")).unwrap();
        }
    });
    assert_eq!(below, BTreeSet::from([Some(vec![])]));
}

#[test]
fn a_name_whose_directory_was_lost_is_lost_with_it() {
    let mut lost = 0;
    for seed in 0..SEEDS {
        let disk = SimDisk::new(SimOptions::calm(seed));
        let process = disk.process();
        process
            .create_dir(Path::new("/d"), Reach::Everyone)
            .unwrap();
        create(&process, "/d/x");
        process.sync_dir(Path::new("/d")).unwrap();
        disk.restart();
        let process = disk.process();
        let directory = process.metadata(Path::new("/d")).is_ok();
        assert_eq!(process.metadata(Path::new("/d/x")).is_ok(), directory);
        lost += u64::from(!directory);
    }
    assert!(lost > 0);
}

#[test]
fn a_failed_flush_may_drop_bytes_that_reads_still_show() {
    let mut dropped = 0;
    for seed in 0..SEEDS {
        let disk = SimDisk::new(SimOptions::calm(seed));
        let process = disk.process();
        let file = create(&process, "/a");
        file.sync_data().unwrap();
        process.sync_dir(Path::new("/")).unwrap();
        file.write_at(0, &[1; 4096]).unwrap();
        disk.set_rates(FaultRates {
            flush_failed: PER as u32,
            ..FaultRates::CALM
        });
        assert!(file.sync_data().is_err());
        disk.set_rates(FaultRates::CALM);
        assert_eq!(content(&disk, "/a"), Some(vec![1; 4096]));
        // A second flush says yes, and may have written nothing.
        file.sync_data().unwrap();
        let promised = !disk
            .faults_struck()
            .contains_key(&Fault::FlushFailedAndDropped);
        disk.restart();
        let kept = content(&disk, "/a") == Some(vec![1; 4096]);
        assert!(kept || !promised);
        dropped += u64::from(!kept);
    }
    assert!(dropped > 0);
}

#[test]
fn a_flush_that_is_ignored_protects_nothing() {
    for (flushes, expected) in [
        (Flushes::FilesIgnored, Some(vec![])),
        (Flushes::DirectoriesIgnored, None),
    ] {
        let outcomes: BTreeSet<Option<Vec<u8>>> = (0..SEEDS)
            .map(|seed| {
                let options = SimOptions {
                    flushes,
                    ..SimOptions::calm(seed)
                };
                let disk = SimDisk::new(options);
                let process = disk.process();
                let file = create(&process, "/a");
                file.write_at(0, b"a").unwrap();
                file.sync_data().unwrap();
                process.sync_dir(Path::new("/")).unwrap();
                disk.restart();
                content(&disk, "/a")
            })
            .collect();
        assert!(outcomes.contains(&expected), "{flushes:?}");
        assert!(outcomes.contains(&Some(b"a".to_vec())), "{flushes:?}");
    }
}

#[test]
fn a_failed_write_was_applied_or_not_as_its_kind_says() {
    for (rates, expected) in [
        (
            FaultRates {
                write_failed: PER as u32,
                ..FaultRates::CALM
            },
            vec![],
        ),
        (
            FaultRates {
                write_failed_but_applied: PER as u32,
                ..FaultRates::CALM
            },
            b"a".to_vec(),
        ),
    ] {
        let disk = SimDisk::new(SimOptions::calm(1));
        let process = disk.process();
        let file = create(&process, "/a");
        disk.set_rates(rates);
        assert!(file.write_at(0, b"a").is_err());
        disk.set_rates(FaultRates::CALM);
        assert_eq!(content(&disk, "/a"), Some(expected));
    }
}

#[test]
fn a_full_disk_takes_what_needs_no_room() {
    let disk = SimDisk::new(SimOptions::calm(1));
    let process = disk.process();
    let file = create(&process, "/a");
    file.write_at(0, b"12345").unwrap();
    disk.fill_up();
    assert_eq!(file.write_at(0, b"abc").unwrap(), 3);
    assert_eq!(file.write_at(3, b"defg").unwrap(), 2);
    let error = file.write_at(5, b"fg").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    let how = Open::CreateNew(Reach::Everyone);
    assert!(process.open(Path::new("/b"), how).is_err());
    disk.free_up();
    assert_eq!(file.write_at(5, b"fg").unwrap(), 2);
    assert_eq!(content(&disk, "/a"), Some(b"abcdefg".to_vec()));
}

#[test]
fn locks_are_per_handle_and_end_with_their_process() {
    let disk = SimDisk::new(SimOptions::calm(1));
    let (one, two) = (disk.process(), disk.process());
    assert_ne!(one.process_id(), two.process_id());
    let first = create(&one, "/a");
    let second = two.open(Path::new("/a"), Open::Write).unwrap();
    assert!(first.try_lock().unwrap() && first.try_lock().unwrap());
    assert!(!second.try_lock().unwrap());
    second.unlock().unwrap();
    assert!(!second.try_lock().unwrap());
    disk.kill(&one);
    assert!(second.try_lock().unwrap());
    assert!(first.write_at(0, b"x").is_err() && one.list(Path::new("/")).is_err());
    drop(second);
    let third = disk.process().open(Path::new("/a"), Open::Write).unwrap();
    assert!(third.try_lock().unwrap());
}

#[test]
fn a_process_ends_in_the_middle_of_the_operation_it_was_told() {
    let lengths: BTreeSet<u64> = (0..SEEDS)
        .map(|seed| {
            let disk = SimDisk::new(SimOptions::calm(seed));
            let process = disk.process();
            let file = create(&process, "/a");
            disk.kill_after(&process, 2);
            file.write_at(0, b"a").unwrap();
            assert!(file.write_at(1, &[b'b'; 2_000]).is_err());
            assert!(file.write_at(1, b"b").is_err());
            content(&disk, "/a").unwrap().len() as u64
        })
        .collect();
    // Nothing, all of it, or what ends with a sector: systems take whole pages and blocks.
    assert!(
        lengths
            .iter()
            .all(|length| [1, 512, 1024, 1536, 2_001].contains(length))
    );
    assert!(lengths.contains(&1) && lengths.len() > 2);
}

#[test]
fn a_restored_directory_is_as_it_was_and_durable() {
    let disk = SimDisk::new(SimOptions::calm(1));
    let process = disk.process();
    process.create_dir(Path::new("/d"), Reach::Owner).unwrap();
    create(&process, "/d/a").write_at(0, b"old").unwrap();
    let backup = disk.snapshot(Path::new("/d"));
    let file = process.open(Path::new("/d/a"), Open::Write).unwrap();
    file.write_at(0, b"newer").unwrap();
    create(&process, "/d/b");
    disk.restore(&backup);
    disk.restart();
    assert_eq!(content(&disk, "/d/a"), Some(b"old".to_vec()));
    assert_eq!(disk.process().list(Path::new("/d")).unwrap(), ["a"]);
    assert_eq!(disk.faults_struck()[&Fault::BackupRestored], 1);
}

#[test]
fn rot_flips_one_bit_for_good() {
    let disk = SimDisk::new(SimOptions::calm(1));
    let process = disk.process();
    assert_eq!(disk.rot(Path::new("/")), None);
    let file = create(&process, "/a");
    file.write_at(0, &[0; 64]).unwrap();
    file.sync_data().unwrap();
    process.sync_dir(Path::new("/")).unwrap();
    let (path, position) = disk.rot(Path::new("/")).unwrap();
    assert_eq!(path, Path::new("/a"));
    disk.restart();
    let bytes = content(&disk, "/a").unwrap();
    assert_eq!(bytes.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
    assert_ne!(bytes[position as usize], 0);
}

#[test]
fn after_a_power_loss_nothing_works_until_the_restart() {
    let disk = SimDisk::new(SimOptions::calm(1));
    let process = disk.process();
    let boot = process.boot_id();
    let file = create(&process, "/a");
    disk.lose_power_at(disk.operations() + 1);
    assert!(file.sync_data().is_err() && disk.is_down());
    let operations = disk.operations();
    assert!(process.list(Path::new("/")).is_err());
    assert!(disk.process().list(Path::new("/")).is_err());
    assert_eq!(disk.operations(), operations);
    disk.restart();
    assert!(!disk.is_down() && process.list(Path::new("/")).is_err());
    let process = disk.process();
    assert!(process.list(Path::new("/")).is_ok());
    assert_ne!(process.boot_id(), boot);
}
