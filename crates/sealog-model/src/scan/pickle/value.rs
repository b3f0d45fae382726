//! What the abstract machine keeps of a Python value: as much as the rules ask for, and no more.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Bytes of a text whose content is kept; names of modules are shorter.
pub(super) const TEXT_BYTES_MAX: usize = 256;
/// Nesting of tuples and objects that is kept; deeper ones are opaque, and no rule accepts those.
const DEPTH_MAX: u32 = 64;
/// Members of a dictionary that are kept.
const FIELDS_MAX: usize = 256;
/// Items of a tuple that are kept; longer ones are opaque.
pub(super) const TUPLE_ITEMS_MAX: usize = 4096;

/// A value on the stack or in the memo.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// A constant without a role, or a set.
    Data,
    /// An integer.
    Integer(i64),
    /// A text that is short enough to name something.
    Text(Rc<str>),
    /// A tuple.
    Tuple(Rc<Tuple>),
    /// A list or a set, and whether something imported is in it.
    List(Rc<Cell<bool>>),
    /// A dictionary.
    Dict(Rc<Fields>),
    /// Something imported, by its number.
    Import(usize),
    /// What a call or an instantiation gave.
    Object(Rc<Object>),
    /// What a persistent id stands for: the number of its storage, if it names one.
    Persistent(Option<usize>),
    /// Nested too deep to be followed.
    Opaque,
}

/// A tuple whose items are known.
#[derive(Debug)]
pub(super) struct Tuple {
    pub(super) items: Vec<Value>,
    depth: u32,
}

/// An instance.
#[derive(Debug)]
pub(super) struct Object {
    /// What was called or instantiated.
    pub(super) callee: Option<usize>,
    /// With which arguments.
    pub(super) arguments: Value,
    /// Item size and flags, where it is a structured numpy type.
    pub(super) record: Cell<Option<(i64, i64)>>,
    /// Byte order, where it is a numpy type that says one.
    pub(super) order: Cell<Option<char>>,
    /// The number of the array that it is, where structure is watched.
    pub(super) array: Cell<Option<usize>>,
}

/// A dictionary: the members whose key is a text and whose value is simple.
#[derive(Debug, Default)]
pub(super) struct Fields {
    members: RefCell<Vec<(Rc<str>, Value)>>,
    /// Whether something imported is in it.
    pub(super) imports: Cell<bool>,
}

impl Fields {
    pub(super) fn insert(&self, key: &Value, value: Value) {
        if value.holds_import() || key.holds_import() {
            self.imports.set(true);
        }
        let Value::Text(key) = key else { return };
        let mut members = self.members.borrow_mut();
        // Only simple values: no member can lead back to its own dictionary, so nothing leaks.
        if members.len() < FIELDS_MAX && value.is_simple() {
            members.push((Rc::clone(key), value));
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Value> {
        let members = self.members.borrow();
        let found = members.iter().rev().find(|(key, _)| &**key == name);
        found.map(|(_, value)| value.clone())
    }

    pub(super) fn members(&self) -> Vec<(Rc<str>, Value)> {
        self.members.borrow().clone()
    }
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        if text.len() <= TEXT_BYTES_MAX {
            Self::Text(text.into())
        } else {
            Self::Data
        }
    }

    pub(super) fn tuple(items: Vec<Self>) -> Self {
        let depth = items.iter().map(Self::depth).max().unwrap_or(0) + 1;
        if depth > DEPTH_MAX || items.len() > TUPLE_ITEMS_MAX {
            return if items.iter().any(Self::holds_import) || depth > DEPTH_MAX {
                Self::Opaque
            } else {
                Self::Data
            };
        }
        Self::Tuple(Rc::new(Tuple { items, depth }))
    }

    pub(super) fn list(holds_import: bool) -> Self {
        Self::List(Rc::new(Cell::new(holds_import)))
    }

    pub(super) fn object(callee: Option<usize>, arguments: Self) -> Self {
        // An object counts as one level more than its arguments.
        let arguments = if arguments.depth() + 1 > DEPTH_MAX {
            Self::Opaque
        } else {
            arguments
        };
        Self::Object(Rc::new(Object {
            callee,
            arguments,
            record: Cell::new(None),
            order: Cell::new(None),
            array: Cell::new(None),
        }))
    }

    fn depth(&self) -> u32 {
        match self {
            Self::Tuple(tuple) => tuple.depth,
            Self::Object(object) => object.arguments.depth() + 1,
            _ => 0,
        }
    }

    /// The class in `('module', class, file, source)`, by which the legacy form of torch writes modules: its loader
    /// gives the class back, and compares its source with the text.
    pub(super) fn module(&self) -> Option<Self> {
        let [kind, class @ Self::Import(_), rest @ ..] = self.items()? else {
            return None;
        };
        let plain = |value: &Self| matches!(value, Self::Text(_) | Self::Data);
        (kind.as_text() == Some("module") && rest.len() == 2 && rest.iter().all(plain))
            .then(|| class.clone())
    }

    /// Whether something imported can be reached through it. Instances are judged where they are made.
    pub(super) fn holds_import(&self) -> bool {
        match self {
            Self::Import(_) | Self::Opaque => true,
            Self::Tuple(tuple) => tuple.items.iter().any(Self::holds_import),
            Self::List(imports) => imports.get(),
            Self::Dict(fields) => fields.imports.get(),
            Self::Data
            | Self::Integer(_)
            | Self::Text(_)
            | Self::Object(_)
            | Self::Persistent(_) => false,
        }
    }

    fn is_simple(&self) -> bool {
        match self {
            Self::Data | Self::Integer(_) | Self::Text(_) | Self::Import(_) => true,
            Self::Tuple(tuple) => tuple.items.iter().all(Self::is_simple),
            Self::Object(object) => object.arguments.is_simple(),
            Self::List(_) | Self::Dict(_) | Self::Persistent(_) | Self::Opaque => false,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) const fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => Some(*integer),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> Option<&[Self]> {
        match self {
            Self::Tuple(tuple) => Some(&tuple.items),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: u32) -> Value {
        (1..levels).fold(Value::tuple(vec![]), |inner, _| Value::tuple(vec![inner]))
    }

    #[test]
    fn nesting_has_a_limit() {
        assert!(nested(DEPTH_MAX).items().is_some());
        assert!(nested(DEPTH_MAX + 1).items().is_none());
        assert!(
            nested(DEPTH_MAX + 1).holds_import(),
            "opaque is never accepted"
        );
    }

    #[test]
    fn a_long_tuple_is_not_kept_but_its_imports_are_remembered() {
        assert!(
            Value::tuple(vec![Value::Data; TUPLE_ITEMS_MAX])
                .items()
                .is_some()
        );
        let long = Value::tuple(vec![Value::Data; TUPLE_ITEMS_MAX + 1]);
        assert!(long.items().is_none() && !long.holds_import());
        let long = Value::tuple(vec![Value::Import(0); TUPLE_ITEMS_MAX + 1]);
        assert!(long.items().is_none() && long.holds_import());
    }

    #[test]
    fn a_text_that_is_too_long_names_nothing() {
        assert!(Value::text(&"a".repeat(TEXT_BYTES_MAX)).as_text().is_some());
        assert!(
            Value::text(&"a".repeat(TEXT_BYTES_MAX + 1))
                .as_text()
                .is_none()
        );
    }

    #[test]
    fn imports_are_seen_through_containers() {
        let fields = Rc::new(Fields::default());
        fields.insert(&Value::text("k"), Value::tuple(vec![Value::Import(3)]));
        assert!(Value::Dict(Rc::clone(&fields)).holds_import());
        assert!(Value::tuple(vec![Value::list(true)]).holds_import());
        assert!(!Value::tuple(vec![Value::list(false), Value::Data]).holds_import());
        assert!(fields.get("k").is_some() && fields.get("other").is_none());
    }
}
