//! What a walk lays aside for the rules and readers that follow it, so that no member is looked for twice.

use super::table::Slot;
use crate::json::Ref;

/// Members of one object that rules or readers need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'t, 'a> {
    object: Ref<'t, 'a>,
    /// The node of each; 0, which is the whole text's, for none.
    nodes: [u32; Slot::COUNT],
}

impl<'t, 'a> Found<'t, 'a> {
    /// Nothing found yet in any object of the text of `object`.
    pub(crate) const fn new(object: Ref<'t, 'a>) -> Self {
        Self {
            object,
            nodes: [0; Slot::COUNT],
        }
    }

    #[inline]
    pub(super) fn put(&mut self, slot: Slot, value: Ref<'t, 'a>) {
        if let Some(node) = self.nodes.get_mut(slot.place()) {
            *node = value.node_index();
        }
    }

    /// The value of a member, if the walk met it.
    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> Option<Ref<'t, 'a>> {
        match self.nodes.get(slot.place()) {
            None | Some(0) => None,
            Some(node) => Some(self.object.at_node(*node)),
        }
    }
}
