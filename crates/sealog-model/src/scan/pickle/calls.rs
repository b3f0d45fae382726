//! What a pickle imports and calls, judged by the allowlists.

use std::collections::HashMap;

use super::super::allow::{self, Condition, Entry};
use super::super::context::Scan;
use super::super::rule::{
    PICKLE_CALL_ARGUMENTS, PICKLE_CALL_OF_VALUE, PICKLE_CHANGED_GLOBAL, PICKLE_DANGEROUS_GLOBAL,
    PICKLE_DOTTED_NAME, PICKLE_STATE_DUNDER, PICKLE_UNKNOWN_GLOBAL,
};
use super::machine::Machine;
use super::value::{Fields, Object, Value};

/// Bytes of a name that are kept. No allowed one is longer, and a longer one is judged by its beginning.
const NAME_BYTES_MAX: usize = 1024;
/// A protocol whose names are not those of Python 2: the owner's was renamed when it was imported.
const NAMES_AS_THEY_ARE: u8 = 3;
/// Names of the array class and its subclasses.
const ARRAYS: &[(&str, &str)] = &[
    ("numpy", "ndarray"),
    ("numpy", "matrix"),
    ("numpy", "recarray"),
    ("numpy.matrixlib.defmatrix", "matrix"),
    ("numpy.rec", "recarray"),
    ("numpy", "chararray"),
    ("numpy.char", "chararray"),
    ("numpy.core.records", "recarray"),
    ("numpy.ma", "MaskedArray"),
    ("numpy.ma.core", "MaskedArray"),
];

/// Modules whose allowed classes a `defaultdict` may make what is missing of: they do nothing where nothing is given.
const FACTORIES: &[&str] = &["builtins", "collections"];

/// What the lists say of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Allowed(Entry),
    Dangerous,
    Dotted,
    Unknown,
}

/// Something imported.
#[derive(Debug)]
pub(super) struct Import {
    module: String,
    name: String,
    standing: Standing,
    at: u64,
    called: bool,
    misused: bool,
    /// How often it came onto the stack.
    mentions: usize,
    /// How often it was called and gave an allowed name.
    resolved: usize,
}

impl Import {
    /// `protocol` is the one that the pickle said it has: older ones use the names of Python 2.
    pub(super) fn new(module: &str, name: &str, protocol: u8, at: u64) -> Self {
        let (module, name) = (kept(module), kept(name));
        let (module, name) = if protocol < 3 {
            allow::renamed(module, name)
        } else {
            (module, name)
        };
        let standing = match allow::allowed(module, name) {
            Some(entry) => Standing::Allowed(entry),
            None if allow::dangerous(module, name) => Standing::Dangerous,
            None if name.contains('.') && allow::dangerous_path(module, name) => Standing::Dotted,
            None => Standing::Unknown,
        };
        Self {
            module: module.to_owned(),
            name: name.to_owned(),
            standing,
            at,
            called: false,
            misused: false,
            mentions: 0,
            resolved: 0,
        }
    }

    pub(super) fn module(&self) -> &str {
        &self.module
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn is(&self, module: &str, name: &str) -> bool {
        self.module == module && self.name == name
    }

    /// Whether it is `getattr` and did nothing but give names that are allowed: no mention of it is left over.
    fn only_resolved(&self) -> bool {
        self.resolved > 0 && self.resolved == self.mentions
    }

    /// Reports it unless it is allowed.
    pub(super) fn settle(&self, scan: &mut Scan<'_>) {
        if self.only_resolved() {
            return;
        }
        let rule = match self.standing {
            Standing::Allowed(_) => return,
            Standing::Dangerous => &PICKLE_DANGEROUS_GLOBAL,
            Standing::Dotted => &PICKLE_DOTTED_NAME,
            Standing::Unknown => &PICKLE_UNKNOWN_GLOBAL,
        };
        let done = if self.called {
            "imported and called"
        } else {
            "imported"
        };
        let detail = format!("{}.{} is {done}", self.module, self.name);
        scan.report_global(rule, self.at, (&self.module, &self.name), detail);
    }

    /// Whether a loader could find it: words of a text seldom look like that, and a module's name always does.
    fn is_plausible(&self) -> bool {
        let word = |word: &str| {
            let mut chars = word.chars();
            chars
                .next()
                .is_some_and(|char| char.is_alphabetic() || char == '_')
                && chars.all(|char| char.is_alphanumeric() || char == '_')
        };
        self.module.split('.').all(word) && self.name.split('.').all(word)
    }
}

fn kept(name: &str) -> &str {
    let end = name.floor_char_boundary(NAME_BYTES_MAX);
    name.get(..end).unwrap_or_default()
}

/// Everything that one pickle imports, each once.
#[derive(Debug, Default)]
pub(super) struct Imports {
    list: Vec<Import>,
    /// Whether there were more than are kept.
    pub(super) full: bool,
    numbers: HashMap<(String, String), usize>,
}

impl Imports {
    /// The number of an import, which is given back beyond the limit.
    pub(super) fn intern(&mut self, import: Import, max: usize) -> Result<usize, Import> {
        let key = (import.module.clone(), import.name.clone());
        if let Some(number) = self.numbers.get(&key) {
            return Ok(*number);
        }
        if self.list.len() >= max {
            return Err(import);
        }
        let number = self.list.len();
        self.list.push(import);
        self.numbers.insert(key, number);
        Ok(number)
    }

    pub(super) fn get(&self, number: usize) -> Option<&Import> {
        self.list.get(number)
    }

    /// It comes onto the stack.
    pub(super) fn mention(&mut self, number: usize) {
        if let Some(import) = self.list.get_mut(number) {
            import.mentions = import.mentions.saturating_add(1);
        }
    }

    fn standing(&self, number: usize) -> Standing {
        let import = self.list.get(number);
        import.map_or(Standing::Unknown, |import| import.standing)
    }

    fn is_allowed(&self, number: usize) -> bool {
        matches!(self.standing(number), Standing::Allowed(_))
    }

    /// Whether something was imported that a loader could find.
    pub(super) fn any_plausible(&self) -> bool {
        self.list.iter().any(Import::is_plausible)
    }

    /// Whether a loader could find it.
    fn mark_called(&mut self, number: usize) -> bool {
        self.list.get_mut(number).is_some_and(|import| {
            import.called = true;
            import.is_plausible()
        })
    }

    /// Reports each import that is not allowed, with what was done with it.
    pub(super) fn settle(&self, scan: &mut Scan<'_>) {
        for import in &self.list {
            import.settle(scan);
        }
    }
}

impl Machine<'_, '_, '_> {
    /// `REDUCE`.
    pub(super) fn call(&mut self, callee: &Value, arguments: Value) -> Value {
        let Value::Import(number) = *callee else {
            self.computed(callee, "it is called");
            return Value::object(None, arguments);
        };
        self.acted |= self.imports.mark_called(number);
        if let Some(found) = self.attribute(number, &arguments) {
            return found;
        }
        if let Standing::Allowed(entry) = self.imports.standing(number) {
            let fits = entry
                .call
                .is_some_and(|condition| self.fits(condition, &arguments));
            if !fits {
                self.misused(number, "called like this");
            }
        }
        Value::object(Some(number), arguments)
    }

    /// `getattr(class, "name")` gives what the dotted name gives, so it is that name where the lists have it. Python
    /// writes methods of builtin classes so.
    fn attribute(&mut self, number: usize, arguments: &Value) -> Option<Value> {
        let getattr = self.imports.get(number)?;
        let [Value::Import(owner), Value::Text(name)] = arguments.items()? else {
            return None;
        };
        let owner = self.imports.get(*owner)?;
        if !getattr.is("builtins", "getattr") {
            return None;
        }
        let dotted = format!("{}.{name}", owner.name);
        allow::allowed(&owner.module, &dotted)?;
        let import = Import::new(&owner.module, &dotted, NAMES_AS_THEY_ARE, self.at);
        let found = self.imports.intern(import, self.scan.limits.imports).ok()?;
        let getattr = self.imports.list.get_mut(number)?;
        getattr.resolved = getattr.resolved.saturating_add(1);
        Some(Value::Import(found))
    }

    /// `OBJ` and `INST`: a call if there are arguments, else an instance without one.
    pub(super) fn instantiate(&mut self, class: &Value, arguments: Vec<Value>) -> Value {
        if arguments.is_empty() {
            self.new_instance(class, Value::tuple(arguments))
        } else {
            self.call(class, Value::tuple(arguments))
        }
    }

    /// `NEWOBJ` and `NEWOBJ_EX`: the class's `__new__`.
    pub(super) fn new_instance(&mut self, class: &Value, arguments: Value) -> Value {
        let Value::Import(number) = *class else {
            self.computed(class, "it is instantiated");
            return Value::object(None, arguments);
        };
        self.acted |= self.imports.mark_called(number);
        if let Standing::Allowed(entry) = self.imports.standing(number)
            && !(entry.class && self.only_allowed(&arguments))
        {
            self.misused(number, "instantiated");
        }
        Value::object(Some(number), arguments)
    }

    /// `BUILD`: the state goes to `__setstate__`, or into the instance's attributes.
    pub(super) fn build(
        &mut self,
        instance: &Value,
        state: &Value,
    ) -> Result<(), super::machine::Halt> {
        match instance {
            Value::Import(number) => self.changed(*number, "its attributes are set"),
            Value::Opaque => self.computed(instance, "its attributes are set"),
            Value::Object(object) => {
                self.record_state(object, state);
                self.see_state(object, state);
                if let Value::Dict(fields) = state {
                    self.attributes(fields);
                    if self.is_array_wrapper(object) {
                        return self.raw_array(fields);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn attributes(&mut self, fields: &Fields) {
        for (name, _) in fields.members() {
            if name.len() > 4 && name.starts_with("__") && name.ends_with("__") {
                let detail = format!("the attribute {name} is set");
                self.scan.report(&PICKLE_STATE_DUNDER, self.at, detail);
                break;
            }
        }
    }

    /// A numpy type of records says in its state how large it is and whether it holds objects.
    fn record_state(&self, object: &Object, state: &Value) {
        let is_type = object
            .callee
            .and_then(|callee| self.imports.get(callee))
            .is_some_and(|import| import.is("numpy", "dtype"));
        let Some(items) = state.items().filter(|_| is_type) else {
            return;
        };
        if let Some(order @ ('<' | '>' | '=' | '|')) = items
            .get(1)
            .and_then(Value::as_text)
            .and_then(|order| order.chars().next())
        {
            object.order.set(Some(order));
        }
        let integer = |at: usize| items.get(at).and_then(Value::as_integer);
        if let (Some(size), Some(flags)) = (integer(5), integer(7)) {
            object.record.set(Some((size, flags)));
        }
    }

    pub(super) fn changed(&mut self, number: usize, how: &str) {
        let Some(import) = self.imports.get(number) else {
            return;
        };
        let detail = format!("{}.{}: {how}", import.module(), import.name());
        let pair = (import.module(), import.name());
        self.scan
            .report_global(&PICKLE_CHANGED_GLOBAL, self.at, pair, detail);
    }

    pub(super) fn computed(&mut self, value: &Value, how: &str) {
        self.acted |= matches!(value, Value::Opaque);
        let detail = format!("a value of the pickle's own making: {how}");
        self.scan.report(&PICKLE_CALL_OF_VALUE, self.at, detail);
    }

    fn misused(&mut self, number: usize, how: &str) {
        let at = self.at;
        let Some(import) = self.imports.list.get_mut(number) else {
            return;
        };
        if import.misused {
            return;
        }
        import.misused = true;
        let detail = format!("{}.{} may not be {how}", import.module, import.name);
        let pair = (import.module.as_str(), import.name.as_str());
        self.scan
            .report_global(&PICKLE_CALL_ARGUMENTS, at, pair, detail);
    }

    fn fits(&self, condition: Condition, arguments: &Value) -> bool {
        let Some(items) = arguments.items() else {
            // A call without a known tuple of arguments: harmless only if nothing imported is in it.
            return condition == Condition::Data && !arguments.holds_import();
        };
        let import = |at: usize| match items.get(at) {
            Some(Value::Import(number)) => self.imports.get(*number),
            _ => None,
        };
        let data_from = |at: usize| !items.iter().skip(at).any(Value::holds_import);
        match condition {
            Condition::Data => data_from(0),
            Condition::Allowed => self.only_allowed(arguments),
            Condition::Array => {
                let first = import(0);
                let is_array = |import: &Import| ARRAYS.iter().any(|(m, n)| import.is(m, n));
                first.is_some_and(is_array) && data_from(1) || self.masked(items)
            }
            Condition::Named => {
                // Not an instance: what is called of it would be the pickle's own choice.
                let named = match items.first() {
                    Some(Value::Import(number)) => self.imports.is_allowed(*number),
                    _ => false,
                };
                named && data_from(1)
            }
            Condition::Class => {
                let standing = |at: usize| match items.get(at) {
                    Some(Value::Import(number)) => self.imports.standing(*number),
                    _ => Standing::Unknown,
                };
                let class = matches!(standing(0), Standing::Allowed(entry) if entry.class);
                let base = import(1).is_some_and(|base| base.module() == "builtins")
                    && matches!(standing(1), Standing::Allowed(_));
                class && base && data_from(2)
            }
            Condition::Factory => {
                let factory = import(0).is_some_and(|first| {
                    FACTORIES.contains(&first.module())
                        && matches!(first.standing, Standing::Allowed(entry) if entry.class)
                });
                let none = matches!(items.first(), None | Some(Value::Data));
                (factory || none) && data_from(1)
            }
            Condition::Dtype => {
                let record = import(0).is_some_and(|first| first.is("numpy", "record"));
                data_from(usize::from(record))
            }
            Condition::Storage => {
                let storage = matches!(items.first(), Some(Value::Persistent(_)));
                storage && self.only_allowed(arguments)
            }
            Condition::Latin1 => {
                let encoding = items.get(1).and_then(Value::as_text);
                matches!(encoding, Some("latin1" | "latin-1" | "iso-8859-1")) && data_from(0)
            }
        }
    }

    /// `_mareconstruct(MaskedArray, ndarray, shape, type)`.
    fn masked(&self, items: &[Value]) -> bool {
        let array = |value: &Value| match value {
            Value::Import(number) => self
                .imports
                .get(*number)
                .is_some_and(|import| ARRAYS.iter().any(|(m, n)| import.is(m, n))),
            _ => false,
        };
        matches!(items, [one, two, rest @ ..]
            if array(one) && array(two) && !rest.iter().any(Value::holds_import))
    }

    /// Whether everything imported that can be reached is allowed.
    fn only_allowed(&self, value: &Value) -> bool {
        match value {
            Value::Import(number) => self.imports.is_allowed(*number),
            Value::Opaque => false,
            Value::Tuple(tuple) => tuple.items.iter().all(|item| self.only_allowed(item)),
            // What is in a list or a dictionary was judged when it was imported; here it only has to be no import.
            Value::List(imports) => !imports.get(),
            Value::Dict(fields) => !fields.imports.get(),
            Value::Data
            | Value::Integer(_)
            | Value::Text(_)
            | Value::Object(_)
            | Value::Persistent(_) => true,
        }
    }

    fn is_array_wrapper(&self, object: &Object) -> bool {
        let callee = object.callee.and_then(|callee| self.imports.get(callee));
        callee.is_some_and(|import| import.is("joblib.numpy_pickle", "NumpyArrayWrapper"))
    }
}
