//! Pieces in order, for any number of workers, and what happens when one of the parts fails.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

/// Squares of 0 to `count`, with `threads` workers; the first error is the number from which on `take` refuses.
fn squares(threads: usize, count: u64, refuse_from: u64) -> (Vec<u64>, Result<(), u64>) {
    let mut numbers = 0..count;
    let mut taken = Vec::new();
    let ended = run(
        threads,
        || Ok(numbers.next()),
        || |number: u64| number * number,
        |square| {
            let number = u64::try_from(taken.len()).unwrap();
            if number >= refuse_from {
                return Err(number);
            }
            taken.push(square);
            Ok(())
        },
    );
    (taken, ended)
}

#[test]
fn what_the_workers_did_is_taken_in_order_whatever_their_number() {
    let expected: Vec<u64> = (0..1_000).map(|number| number * number).collect();
    for threads in [1, 2, 3, 8] {
        assert_eq!(
            squares(threads, 1_000, u64::MAX),
            (expected.clone(), Ok(()))
        );
        assert_eq!(squares(threads, 0, u64::MAX), (Vec::new(), Ok(())));
        let (taken, ended) = squares(threads, 1_000, 7);
        assert_eq!((taken.as_slice(), ended), (&expected[..7], Err(7)));
    }
}

#[test]
fn an_error_of_the_source_ends_it() {
    for threads in [1, 4] {
        let mut numbers = 0..;
        let next = || match numbers.next() {
            Some(9) => Err("the disk"),
            number => Ok(number),
        };
        let ended = run(threads, next, || |number: i32| number, |_| Ok(()));
        assert_eq!(ended, Err("the disk"));
    }
}

#[test]
fn what_taking_brings_forth_is_done_too() {
    for threads in [1, 4] {
        let waiting = RefCell::new(VecDeque::from([64_u64]));
        let mut taken = Vec::new();
        let ended: Result<(), ()> = run(
            threads,
            || Ok(waiting.borrow_mut().pop_front()),
            || |number: u64| number / 2,
            |half| {
                taken.push(half);
                waiting.borrow_mut().extend((half > 0).then_some(half));
                Ok(())
            },
        );
        assert_eq!((taken, ended), (vec![32, 16, 8, 4, 2, 1, 0], Ok(())));
    }
}

#[test]
fn a_worker_that_dies_or_a_taker_leaves_nobody_waiting() {
    for dies in ["worker", "taker"] {
        let died = catch_unwind(AssertUnwindSafe(|| {
            let mut numbers = 0..100;
            let work = |number: i32| {
                assert!(dies != "worker" || number != 20, "a fault of the program");
                number
            };
            let take = |number: i32| {
                assert!(dies != "taker" || number != 20, "a fault of the program");
                Ok::<(), ()>(())
            };
            run(3, || Ok(numbers.next()), || work, take)
        }));
        assert!(died.is_err(), "{dies}");
    }
}
