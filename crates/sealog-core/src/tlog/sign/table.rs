//! Verification under a key that comes again and again: its multiples are laid out once, and no doubling is left.
//!
//! A log has one key and a policy a few, and each signs every checkpoint. The equation is the one of
//! [`verify_strict`](ed25519_dalek::VerifyingKey::verify_strict) and gives the same answer for every key, message and
//! signature; a debug build asks both.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::traits::Identity;
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519_dalek::VerifyingKey;
use once_cell::race::OnceBox;
use sha2::{Digest, Sha512};

use crate::limits::{KEY_TABLE_USES_MIN, KEY_TABLES_MAX};

/// Bits of a scalar that one window takes.
const WINDOW_BITS: u32 = 7;
/// Windows of a scalar: it is below 2^253, and the last window has room for what the one before carries into it.
const WINDOWS: usize = 37;
/// The multiples of a window, from once to 64 times: a digit is between -63 and 64.
const MULTIPLES: usize = 64;

/// Tables that exist in this process.
static TABLES: AtomicUsize = AtomicUsize::new(0);

/// How often a key was used, and its table once that is worth it. Shared by the copies of a key.
#[derive(Default)]
pub(super) struct Often {
    uses: AtomicU32,
    table: OnceBox<Table>,
}

impl Often {
    /// The table of this key, if it has been used often enough and there is room for one.
    pub(super) fn table(&self, key: &VerifyingKey) -> Option<&Table> {
        if let Some(table) = self.table.get() {
            return Some(table);
        }
        let uses = self.uses.fetch_add(1, Ordering::Relaxed);
        if uses < KEY_TABLE_USES_MIN {
            return None;
        }
        let room = Room::take()?;
        Some(self.table.get_or_init(|| Box::new(Table::new(key, room))))
    }
}

/// The right to one of the tables of this process.
struct Room;

impl Room {
    fn take() -> Option<Self> {
        let more = |tables| (tables < KEY_TABLES_MAX).then_some(tables + 1);
        TABLES
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()
            .map(|_| Self)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        TABLES.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The multiples of a negated key.
pub(super) struct Table {
    key: Multiples,
    _room: Room,
}

/// Of window n, from once to 64 times a point times 2^(7 n).
struct Multiples(Vec<[EdwardsPoint; MULTIPLES]>);

impl Multiples {
    fn of(point: EdwardsPoint) -> Self {
        let mut windows = Vec::with_capacity(WINDOWS);
        let mut once = point;
        for _ in 0..WINDOWS {
            let mut last = EdwardsPoint::identity();
            let window: [EdwardsPoint; MULTIPLES] = core::array::from_fn(|_| {
                last += once;
                last
            });
            windows.push(window);
            // 64 times, and twice that for the next window.
            once = last + last;
        }
        Self(windows)
    }

    /// Those of the base point, the same for every key.
    fn of_base() -> &'static Self {
        static BASE: OnceBox<Multiples> = OnceBox::new();
        BASE.get_or_init(|| Box::new(Self::of(ED25519_BASEPOINT_POINT)))
    }

    /// Adds the point times a scalar. The scalar is no secret: it takes as long as its digits want.
    fn add_times(&self, scalar: &Scalar, sum: &mut EdwardsPoint) {
        for (window, digit) in self.0.iter().zip(digits(scalar)) {
            let distance = usize::from(digit.unsigned_abs());
            let multiple = distance.checked_sub(1).and_then(|place| window.get(place));
            match multiple {
                Some(multiple) if digit > 0 => *sum += multiple,
                Some(multiple) => *sum -= multiple,
                None => {}
            }
        }
    }
}

impl Table {
    fn new(key: &VerifyingKey, room: Room) -> Self {
        Self {
            key: Multiples::of(-key.to_edwards()),
            _room: room,
        }
    }

    /// Whether `key`, whose table this is and which is not of small order, signed exactly these bytes.
    pub(super) fn verify(&self, key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
        let (Some(r), Some(s)) = (signature.first_chunk::<32>(), signature.last_chunk::<32>())
        else {
            return false;
        };
        let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(*s)) else {
            return false;
        };
        let mut hasher = Sha512::new();
        for part in [r, key.as_bytes(), message] {
            hasher.update(part);
        }
        let k = Scalar::from_bytes_mod_order_wide(&hasher.finalize().into());
        let mut expected = EdwardsPoint::identity();
        Multiples::of_base().add_times(&s, &mut expected);
        self.key.add_times(&k, &mut expected);
        // Equal bytes say that R is the canonical form of a point; so its order is that of the point at hand.
        expected.compress().as_bytes() == r && !expected.is_small_order()
    }
}

/// The digits of a scalar to the base of 128, the lowest first, each between -63 and 64.
fn digits(scalar: &Scalar) -> [i8; WINDOWS] {
    let mut bytes = scalar.as_bytes().iter();
    let (mut bits, mut held, mut carry) = (0_u32, 0_u32, 0_u32);
    core::array::from_fn(|_| {
        if held < WINDOW_BITS {
            bits |= u32::from(bytes.next().copied().unwrap_or(0)) << held;
            held += 8;
        }
        let digit = (bits & 0x7f) + carry;
        bits >>= WINDOW_BITS;
        held -= WINDOW_BITS;
        carry = u32::from(digit > 64);
        let digit = i32::try_from(digit).unwrap_or(0) - if carry == 1 { 128 } else { 0 };
        i8::try_from(digit).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests;
