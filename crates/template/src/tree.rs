//! Data from whatever `serde` can serialize.

use std::collections::BTreeMap;
use std::fmt;

use serde_core::ser::{self, Serialize};

use crate::value::{Record, ToValue, Value};

/// Values copied out of something that `serde` can serialize.
///
/// Maps and structs become records, sequences lists, unit variants their name, other variants a
/// record with that name. It costs an allocation for each text; [`record!`](crate::record) does
/// without.
///
/// ```
/// use pauper_template::{Template, Tree};
///
/// let data = serde_json::json!({ "user": { "name": "Ada", "langs": ["en", "fr"] } });
/// let page = Template::parse("{user.name}:{#for lang in user.langs} {lang}{/for}")?;
/// assert_eq!(page.render(&Tree::of(&data).unwrap())?.0, "Ada: en fr");
/// # Ok::<(), pauper_template::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Tree(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    None,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(Box<str>),
    List(Vec<Tree>),
    Map(BTreeMap<Box<str>, Tree>),
}

/// What goes wrong when something is serialized into a [`Tree`].
#[derive(Debug)]
pub struct TreeError(String);

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TreeError {}

impl ser::Error for TreeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Levels of lists and maps; what is nested deeper would overflow the stack somewhere.
const DEEPEST: usize = 128;

impl Tree {
    /// The values of `data`.
    ///
    /// # Errors
    ///
    /// When `data` reports one, has a map with keys that are no text, number, truth value or
    /// character, or is nested deeper than 128 levels.
    pub fn of<T: Serialize + ?Sized>(data: &T) -> Result<Self, TreeError> {
        data.serialize(Maker { depth: 0 })
    }
}

impl ToValue for Tree {
    fn to_value(&self) -> Value<'_> {
        match &self.0 {
            Node::None => Value::None,
            Node::Bool(value) => Value::Bool(*value),
            Node::Int(value) => Value::Int(*value),
            Node::Uint(value) => Value::Uint(*value),
            Node::Float(value) => Value::Float(*value),
            Node::Text(text) => Value::Text(text),
            Node::List(list) => Value::List(list),
            Node::Map(map) => Value::Record(map),
        }
    }
}

/// The names of the outermost map; nothing else has any.
impl Record for Tree {
    fn get(&self, name: &str) -> Option<Value<'_>> {
        match &self.0 {
            Node::Map(map) => Record::get(map, name),
            _ => None,
        }
    }

    fn each(&self, visit: &mut dyn FnMut(&str, Value<'_>)) {
        if let Node::Map(map) = &self.0 {
            map.each(visit);
        }
    }
}

#[derive(Clone, Copy)]
struct Maker {
    depth: usize,
}

impl Maker {
    fn deeper(self) -> Result<Self, TreeError> {
        if self.depth >= DEEPEST {
            return Err(TreeError(format!("values are nested deeper than {DEEPEST} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }

    fn list(self) -> Result<Items, TreeError> {
        Ok(Items { variant: None, items: Vec::new(), maker: self.deeper()? })
    }

    fn map(self) -> Result<Fields, TreeError> {
        let maker = self.deeper()?;
        Ok(Fields { variant: None, fields: BTreeMap::new(), key: None, maker })
    }
}

/// Of a variant with content.
fn variant(name: Option<&'static str>, content: Node) -> Tree {
    match name {
        None => Tree(content),
        Some(name) => Tree(Node::Map(BTreeMap::from([(name.into(), Tree(content))]))),
    }
}

struct Items {
    variant: Option<&'static str>,
    items: Vec<Tree>,
    maker: Maker,
}

struct Fields {
    variant: Option<&'static str>,
    fields: BTreeMap<Box<str>, Tree>,
    key: Option<Box<str>>,
    maker: Maker,
}

macro_rules! numbers {
    ($($method:ident($type:ty) => $node:ident;)*) => {$(
        fn $method(self, value: $type) -> Result<Tree, TreeError> {
            Ok(Tree(Node::$node(value.into())))
        }
    )*};
}

impl ser::Serializer for Maker {
    type Ok = Tree;
    type Error = TreeError;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    numbers! {
        serialize_bool(bool) => Bool;
        serialize_i8(i8) => Int;
        serialize_i16(i16) => Int;
        serialize_i32(i32) => Int;
        serialize_i64(i64) => Int;
        serialize_u8(u8) => Uint;
        serialize_u16(u16) => Uint;
        serialize_u32(u32) => Uint;
        serialize_u64(u64) => Uint;
        serialize_f64(f64) => Float;
        serialize_str(&str) => Text;
    }

    fn serialize_i128(self, value: i128) -> Result<Tree, TreeError> {
        Ok(Tree(Node::Text(value.to_string().into())))
    }

    fn serialize_u128(self, value: u128) -> Result<Tree, TreeError> {
        Ok(Tree(Node::Text(value.to_string().into())))
    }

    /// Through its text, so that a tenth stays one.
    fn serialize_f32(self, value: f32) -> Result<Tree, TreeError> {
        Ok(Tree(Node::Float(value.to_string().parse().unwrap_or_else(|_| value.into()))))
    }

    fn serialize_char(self, value: char) -> Result<Tree, TreeError> {
        Ok(Tree(Node::Text(value.to_string().into())))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Tree, TreeError> {
        let items = bytes.iter().map(|byte| Tree(Node::Uint((*byte).into())));
        Ok(Tree(Node::List(items.collect())))
    }

    fn serialize_none(self) -> Result<Tree, TreeError> {
        Ok(Tree(Node::None))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, TreeError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Tree, TreeError> {
        Ok(Tree(Node::None))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Tree, TreeError> {
        Ok(Tree(Node::None))
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Tree, TreeError> {
        Ok(Tree(Node::Text(variant.into())))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Tree, TreeError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<Tree, TreeError> {
        let Tree(node) = value.serialize(self.deeper()?)?;
        Ok(variant(Some(name), node))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, TreeError> {
        self.list()
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, TreeError> {
        self.list()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, TreeError> {
        self.list()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items, TreeError> {
        Ok(Items { variant: Some(variant), ..self.list()? })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, TreeError> {
        self.map()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, TreeError> {
        self.map()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields, TreeError> {
        Ok(Fields { variant: Some(variant), ..self.map()? })
    }
}

impl Items {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
        self.items.push(value.serialize(self.maker)?);
        Ok(())
    }

    fn done(self) -> Tree {
        variant(self.variant, Node::List(self.items))
    }
}

impl Fields {
    fn add<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), TreeError> {
        self.fields.insert(name.into(), value.serialize(self.maker)?);
        Ok(())
    }

    fn done(self) -> Tree {
        variant(self.variant, Node::Map(self.fields))
    }
}

macro_rules! items {
    ($($trait:ident $method:ident;)*) => {$(
        impl ser::$trait for Items {
            type Ok = Tree;
            type Error = TreeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
                self.add(value)
            }

            fn end(self) -> Result<Tree, TreeError> {
                Ok(self.done())
            }
        }
    )*};
}
items! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! fields {
    ($($trait:ident)*) => {$(
        impl ser::$trait for Fields {
            type Ok = Tree;
            type Error = TreeError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), TreeError> {
                self.add(name, value)
            }

            fn end(self) -> Result<Tree, TreeError> {
                Ok(self.done())
            }
        }
    )*};
}
fields!(SerializeStruct SerializeStructVariant);

impl ser::SerializeMap for Fields {
    type Ok = Tree;
    type Error = TreeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), TreeError> {
        let key = key.serialize(Maker { depth: DEEPEST })?;
        self.key = Some(match key.0 {
            Node::Text(text) => text,
            Node::Bool(_) | Node::Int(_) | Node::Uint(_) => key.to_value().to_string().into(),
            _ => return Err(TreeError("a key of a map is no text".into())),
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), TreeError> {
        let key = self.key.take().ok_or_else(|| TreeError("a value has no key".into()))?;
        self.add(&key, value)
    }

    fn end(self) -> Result<Tree, TreeError> {
        Ok(self.done())
    }
}
