//! What a walk lays aside for the rules that follow it.

use super::table::Slot;
use crate::json::Ref;

/// Members that rules read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found<'t, 'a> {
    pub(super) body: Option<Ref<'t, 'a>>,
    pub(super) kind: Option<Ref<'t, 'a>>,
    pub(super) model_reason: Option<Ref<'t, 'a>>,
    pub(super) model_state: Option<Ref<'t, 'a>>,
    pub(super) payloads: Option<Ref<'t, 'a>>,
    pub(super) personal_commitments: Option<Ref<'t, 'a>>,
    pub(super) schema_version: Option<Ref<'t, 'a>>,
    pub(super) system_id: Option<Ref<'t, 'a>>,
}

impl<'t, 'a> Found<'t, 'a> {
    pub(super) fn put(&mut self, slot: Slot, value: Ref<'t, 'a>) {
        let place = match slot {
            Slot::None => return,
            Slot::Body => &mut self.body,
            Slot::Kind => &mut self.kind,
            Slot::ModelReason => &mut self.model_reason,
            Slot::ModelState => &mut self.model_state,
            Slot::Payloads => &mut self.payloads,
            Slot::PersonalCommitments => &mut self.personal_commitments,
            Slot::SchemaVersion => &mut self.schema_version,
            Slot::SystemId => &mut self.system_id,
        };
        *place = Some(value);
    }
}
