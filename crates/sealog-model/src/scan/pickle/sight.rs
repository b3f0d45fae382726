//! What the machine sees of a pickle's structure while it runs: instances, arrays, what comes out at `STOP`.
//!
//! For the inspector only; a scan keeps nothing of it. Pickles inside of strings are left out: what they hold is no
//! part of the value that a loader gets.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::calls::Imports;
use super::machine::{Machine, Storage};
use super::value::{Fields, Object, Value};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SightLimits {
    /// Instances whose attributes are kept; the last one is kept besides.
    pub(crate) instances: usize,
    /// Arrays and tensors.
    pub(crate) arrays: usize,
    /// Classes of which instances are counted.
    pub(crate) classes: usize,
}

/// What was seen.
#[derive(Debug)]
pub(crate) struct Sights {
    limits: SightLimits,
    /// What each pickle of the stream gives.
    pub(crate) roots: Vec<Root>,
    /// Instances with a state, in the order in which they are completed.
    pub(crate) instances: Vec<Instance>,
    /// Arrays and tensors, in the order in which they stand.
    pub(crate) arrays: Vec<Array>,
    /// How many instances with a state each class has.
    pub(crate) classes: BTreeMap<String, u64>,
    /// Whether there were more instances or classes than the limits keep.
    pub(crate) cut: bool,
    /// Whether there were more arrays.
    pub(crate) arrays_cut: bool,
    /// Whether it is a torch file of the form before version 1.6.
    pub(crate) legacy: bool,
    last: Option<(Rc<Object>, Instance)>,
}

/// The value of one pickle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root {
    /// Its class, as `module.name`.
    pub(crate) class: String,
    /// The integers and texts among its attributes or members.
    pub(crate) attributes: Vec<(String, Attribute)>,
}

/// An instance and the simple ones of its attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    /// Its class, as `module.name`.
    pub(crate) class: String,
    /// Its integers and texts.
    pub(crate) attributes: Vec<(String, Attribute)>,
}

/// A simple attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// An integer.
    Integer(i64),
    /// A text.
    Text(String),
}

/// An array or a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Array {
    /// The attribute or member that first held it.
    pub(crate) name: Option<String>,
    /// Its type, as its library spells it.
    pub(crate) dtype: String,
    /// Its shape, the slowest first.
    pub(crate) shape: Vec<u64>,
    /// Where the opcode stands that completes it.
    pub(crate) at: u64,
}

impl Sights {
    pub(crate) const fn new(limits: SightLimits) -> Self {
        Self {
            limits,
            roots: Vec::new(),
            instances: Vec::new(),
            arrays: Vec::new(),
            classes: BTreeMap::new(),
            cut: false,
            arrays_cut: false,
            legacy: false,
            last: None,
        }
    }

    fn array(&mut self, array: Array) -> Option<usize> {
        if self.arrays.len() >= self.limits.arrays {
            self.arrays_cut = true;
            return None;
        }
        self.arrays.push(array);
        Some(self.arrays.len() - 1)
    }

    fn instance(&mut self, object: &Rc<Object>, instance: Instance) {
        if let Some(count) = self.classes.get_mut(&instance.class) {
            *count += 1;
        } else if self.classes.len() < self.limits.classes {
            self.classes.insert(instance.class.clone(), 1);
        } else {
            self.cut = true;
        }
        if self.instances.len() < self.limits.instances {
            self.instances.push(instance.clone());
        } else {
            self.cut = true;
        }
        self.last = Some((Rc::clone(object), instance));
    }

    /// Names the array in an object that holds one, if it has no name yet.
    fn name(&mut self, name: &str, object: &Object) {
        let array = object.array.get().and_then(|at| self.arrays.get_mut(at));
        if let Some(array) = array
            && array.name.is_none()
        {
            array.name = Some(name.to_owned());
        }
    }
}

impl Machine<'_, '_, '_> {
    fn watches(&self) -> bool {
        self.depth == 0 && self.scan.sights.is_some()
    }

    /// Behind a call: some make an array of their arguments alone.
    pub(super) fn see_call(&mut self, made: &Value) {
        if !self.watches() {
            return;
        }
        let Value::Object(object) = made else { return };
        let Some(callee) = object.callee.and_then(|callee| self.imports.get(callee)) else {
            return;
        };
        let items = object.arguments.items().unwrap_or_default();
        let array = match (callee.name(), items) {
            ("_frombuffer", [_, kind, shape, ..]) => {
                dtype(kind, &self.imports).zip(lengths(Some(shape)))
            }
            ("_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3", items) => {
                self.tensor(items)
            }
            (
                "_rebuild_parameter" | "_rebuild_parameter_with_state",
                [Value::Object(inner), ..],
            ) => {
                return object.array.set(inner.array.get());
            }
            _ => None,
        };
        self.keep(object, array);
    }

    fn tensor(&self, items: &[Value]) -> Option<(String, Vec<u64>)> {
        let [Value::Persistent(storage), _, size, ..] = items else {
            return None;
        };
        let storage = storage.and_then(|storage| self.storages.get(storage));
        // The newest form says the type itself, since its storage has none.
        let stated = match items.get(6) {
            Some(Value::Import(number)) => self.imports.get(*number),
            _ => None,
        };
        let stated = stated.filter(|import| import.module() == "torch");
        let kind = stated.map_or_else(
            || storage.map_or("unknown", Storage::dtype),
            |import| import.name(),
        );
        Some((kind.to_owned(), lengths(Some(size))?))
    }

    fn keep(&mut self, object: &Object, array: Option<(String, Vec<u64>)>) {
        let (Some((dtype, shape)), at) = (array, self.at) else {
            return;
        };
        let array = Array {
            name: None,
            dtype,
            shape,
            at,
        };
        let sights = self.scan.sights.as_mut();
        object
            .array
            .set(sights.and_then(|sights| sights.array(array)));
    }

    /// Behind a state: instances get attributes, arrays type and shape.
    pub(super) fn see_state(&mut self, object: &Rc<Object>, state: &Value) {
        if !self.watches() {
            return;
        }
        let Some(callee) = object.callee.and_then(|callee| self.imports.get(callee)) else {
            return;
        };
        let array = match (callee.name(), state) {
            ("_reconstruct", Value::Tuple(tuple)) => {
                let kind = tuple
                    .items
                    .get(2)
                    .and_then(|kind| dtype(kind, &self.imports));
                kind.zip(lengths(tuple.items.get(1)))
            }
            ("NumpyArrayWrapper" | "NDArrayWrapper", Value::Dict(fields)) => {
                let kind = fields.get("dtype");
                let kind = kind.and_then(|kind| dtype(&kind, &self.imports));
                kind.zip(lengths(fields.get("shape").as_ref()))
            }
            (_, Value::Dict(fields)) => {
                let instance = Instance {
                    class: class(object, &self.imports),
                    attributes: attributes(fields),
                };
                if let Some(sights) = &mut self.scan.sights {
                    sights.instance(object, instance);
                }
                None
            }
            _ => None,
        };
        self.keep(object, array);
    }

    /// Keys and values that go into a dictionary, or into an object that is one.
    pub(super) fn see_items(&mut self, items: &[Value]) {
        if !self.watches() {
            return;
        }
        let Some(sights) = &mut self.scan.sights else {
            return;
        };
        for pair in items.chunks(2) {
            if let [Value::Text(name), Value::Object(object)] = pair {
                sights.name(name, object);
            }
        }
    }

    /// At `STOP`.
    pub(super) fn see_root(&mut self, value: &Value) {
        if !self.watches() {
            return;
        }
        let (class, mut attributes) = match value {
            Value::Object(object) => (class(object, &self.imports), Vec::new()),
            Value::Dict(fields) => ("builtins.dict".to_owned(), attributes(fields)),
            Value::List(_) => ("builtins.list".to_owned(), Vec::new()),
            Value::Tuple(_) => ("builtins.tuple".to_owned(), Vec::new()),
            Value::Integer(_) => ("builtins.int".to_owned(), Vec::new()),
            Value::Text(_) => ("builtins.str".to_owned(), Vec::new()),
            Value::Import(_) => ("builtins.type".to_owned(), Vec::new()),
            Value::Data | Value::Persistent(_) | Value::Opaque => (String::new(), Vec::new()),
        };
        let Some(sights) = &mut self.scan.sights else {
            return;
        };
        if let (Value::Object(object), Some((last, instance))) = (value, &sights.last)
            && Rc::ptr_eq(object, last)
        {
            attributes.clone_from(&instance.attributes);
        }
        if sights.roots.len() < sights.limits.instances {
            sights.roots.push(Root { class, attributes });
        } else {
            sights.cut = true;
        }
    }
}

impl Storage {
    /// The type of its numbers, as torch spells it.
    fn dtype(&self) -> &'static str {
        match self.class.as_str() {
            "FloatStorage" => "float32",
            "DoubleStorage" => "float64",
            "HalfStorage" => "float16",
            "BFloat16Storage" => "bfloat16",
            "ByteStorage" => "uint8",
            "CharStorage" => "int8",
            "ShortStorage" => "int16",
            "IntStorage" => "int32",
            "LongStorage" => "int64",
            "BoolStorage" => "bool",
            "ComplexFloatStorage" => "complex64",
            "ComplexDoubleStorage" => "complex128",
            "QInt8Storage" => "qint8",
            "QUInt8Storage" => "quint8",
            "QInt32Storage" => "qint32",
            _ => "unknown",
        }
    }
}

/// The class of an instance: of what is called where that makes objects of a class that it is told.
fn class(object: &Object, imports: &Imports) -> String {
    let import = object.callee.and_then(|callee| imports.get(callee));
    let Some(import) = import else {
        return String::new();
    };
    let first = object.arguments.items().and_then(|items| items.first());
    let told = match first {
        Some(Value::Import(number)) => imports.get(*number),
        _ => None,
    };
    match (import.name(), told) {
        ("_reconstruct" | "_reconstructor" | "__newobj__" | "_mareconstruct", Some(told)) => {
            format!("{}.{}", told.module(), told.name())
        }
        ("_frombuffer" | "NumpyArrayWrapper" | "NDArrayWrapper", _) => "numpy.ndarray".to_owned(),
        ("_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3", _) => {
            "torch.Tensor".to_owned()
        }
        _ => format!("{}.{}", import.module(), import.name()),
    }
}

fn attributes(fields: &Fields) -> Vec<(String, Attribute)> {
    let simple = |(name, value): (Rc<str>, Value)| {
        let value = match value {
            Value::Integer(integer) => Attribute::Integer(integer),
            Value::Text(text) => Attribute::Text(text.to_string()),
            _ => return None,
        };
        Some((name.to_string(), value))
    };
    fields.members().into_iter().filter_map(simple).collect()
}

fn lengths(shape: Option<&Value>) -> Option<Vec<u64>> {
    let lengths = shape?.items()?.iter();
    lengths
        .map(|length| {
            length
                .as_integer()
                .and_then(|length| length.try_into().ok())
        })
        .collect()
}

/// A type as numpy spells it: byte order, letter, bytes.
fn dtype(kind: &Value, imports: &Imports) -> Option<String> {
    let Value::Object(object) = kind else {
        return None;
    };
    let callee = object.callee.and_then(|callee| imports.get(callee))?;
    let name = object.arguments.items()?.first()?.as_text()?;
    if callee.name() != "dtype" {
        return None;
    }
    // Types whose order does not matter are written without one.
    let plain = name.trim_start_matches(['<', '>', '=', '|']);
    let letter = plain.chars().next()?;
    match letter {
        'O' => Some("|O".to_owned()),
        'b' | 'S' | 'a' | 'V' => Some(format!("|{plain}")),
        'i' | 'u' if plain.get(1..) == Some("1") => Some(format!("|{plain}")),
        _ => Some(format!("{}{plain}", object.order.get().unwrap_or('<'))),
    }
}
