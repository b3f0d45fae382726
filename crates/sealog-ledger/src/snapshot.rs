//! Going on from where a log was known to hold, without reading all of it again.

use sealog_core::state::LogState;
use sealog_store::Place;

use crate::ids::Ids;
use crate::writer::Writer;

/// Sets the writer to the newest state that can be trusted; without one, to the beginning of the log.
pub(crate) fn resume(writer: &mut Writer) {
    let origin = writer.state.origin().to_owned();
    writer.state = LogState::new(&origin);
    writer.place = Place::START;
    writer.ids = Ids::starting_at(0);
}
