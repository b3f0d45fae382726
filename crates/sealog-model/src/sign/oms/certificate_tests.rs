//! Chains that hold, and a refusing twin for each sentence that a chain has to fulfil.

mod given;
mod made;
mod paths;

use sealog_core::ErrorKind;

pub(super) use self::made::{Chain, Model, now};
use super::*;
