//! What a template can be given.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::{self, Write as _};
use std::rc::Rc;
use std::sync::Arc;
use std::{borrow::Cow, hash::BuildHasher};

use pauper_iolist::{Html, IoList};

/// A view of one value, made when a template asks for it.
///
/// Types give it with [`ToValue`]; only functions that convert values look into it.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Nothing; printed as nothing, and false.
    None,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that is not negative.
    Uint(u64),
    /// A number with a fraction, printed in the shortest way that reads back the same.
    Float(f64),
    /// A character.
    Char(char),
    /// Text, escaped when printed.
    Text(&'a str),
    /// HTML, printed as it is.
    Html(&'a str),
    /// HTML in pieces, printed as it is; pieces that are shared are not copied.
    Pieces(&'a IoList),
    /// Anything that can be formatted, escaped when printed.
    Display(&'a dyn fmt::Display),
    /// Several values; printed one after another.
    List(&'a dyn List),
    /// Named values; cannot be printed.
    Record(&'a dyn Record),
}

impl Value<'_> {
    /// Whether `{#if}` takes the first branch: everything does but none, `false`, zero, and text
    /// or a list without content.
    pub fn is_true(&self) -> bool {
        match *self {
            Self::None => false,
            Self::Bool(value) => value,
            Self::Int(value) => value != 0,
            Self::Uint(value) => value != 0,
            Self::Float(value) => value != 0.0,
            Self::Text(text) | Self::Html(text) => !text.is_empty(),
            Self::Pieces(pieces) => !pieces.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Char(_) | Self::Display(_) | Self::Record(_) => true,
        }
    }

    /// What kind of value it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::Uint(_) | Self::Float(_) => "a number",
            Self::Char(_) | Self::Text(_) | Self::Display(_) => "text",
            Self::Html(_) | Self::Pieces(_) => "HTML",
            Self::List(_) => "a list",
            Self::Record(_) => "a record",
        }
    }
}

/// The text of the value, not escaped. Of records only `{…}`, of lists the items one after another.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::None => Ok(()),
            Self::Bool(value) => fmt::Display::fmt(&value, f),
            Self::Int(value) => fmt::Display::fmt(&value, f),
            Self::Uint(value) => fmt::Display::fmt(&value, f),
            Self::Float(value) => fmt::Display::fmt(&value, f),
            Self::Char(value) => f.write_char(value),
            Self::Text(text) | Self::Html(text) => f.write_str(text),
            Self::Pieces(pieces) => f.write_str(&String::from_utf8_lossy(&pieces.to_vec())),
            Self::Display(value) => value.fmt(f),
            Self::List(list) => (0..list.len()).try_for_each(|index| list.item(index).fmt(f)),
            Self::Record(_) => f.write_str("{…}"),
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::List(list) => {
                f.debug_list().entries((0..list.len()).map(|index| list.item(index))).finish()
            }
            Self::Record(record) => {
                let mut map = f.debug_map();
                record.each(&mut |name, value| {
                    map.entry(&name, &value);
                });
                map.finish()
            }
            other => write!(f, "{}({:?})", other.kind(), other.to_string()),
        }
    }
}

/// Several values in order.
///
/// Vectors, arrays, slices and deques are lists of whatever is [`ToValue`].
pub trait List {
    /// How many there are. Asked once when a loop begins.
    fn len(&self) -> usize;

    /// The value at a place below [`len`](Self::len).
    ///
    /// # Panics
    ///
    /// Implementations may panic for other places; templates do not ask for them.
    fn item(&self, index: usize) -> Value<'_>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Values with names: what a template is rendered with, and what `{user.name}` looks into.
///
/// Write [`record!`](crate::record) for a struct and [`values!`](crate::values) in place; maps from
/// text to values are records, too. Who implements it by hand writes [`get`](Self::get), or, when
/// the names are always the same, [`fields`](Self::fields) and [`field`](Self::field), which is
/// faster: names are then looked up once, not once for each row.
pub trait Record {
    /// All names, if they are the same for every value of the type. The default has none.
    fn fields(&self) -> &'static [&'static str] {
        &[]
    }

    /// The value of the field with this number in [`fields`](Self::fields).
    fn field(&self, index: usize) -> Value<'_> {
        let _ = index;
        Value::None
    }

    /// The value under a name; `None` if there is no such name. (A name without a value is
    /// `Some(Value::None)`.)
    fn get(&self, name: &str) -> Option<Value<'_>> {
        let index = self.fields().iter().position(|field| *field == name)?;
        Some(self.field(index))
    }

    /// Calls `visit` for each name with its value, as the converter `json` needs it. The default
    /// visits [`fields`](Self::fields).
    fn each(&self, visit: &mut dyn FnMut(&str, Value<'_>)) {
        for (index, name) in self.fields().iter().enumerate() {
            visit(name, self.field(index));
        }
    }
}

/// What can stand for a value in a template.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value for a template",
    note = "text, numbers, `bool`, `char`, `Option`, `Html`, vectors and maps of such are; \
            `pauper_template::record!` makes one of a struct"
)]
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value<'_>;
}

impl ToValue for Value<'_> {
    fn to_value(&self) -> Value<'_> {
        *self
    }
}

impl<T: ToValue> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for &mut T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}

macro_rules! to_value {
    ($($type:ty => |$value:ident| $to:expr;)*) => {$(
        impl ToValue for $type {
            #[inline]
            fn to_value(&self) -> Value<'_> {
                let $value = self;
                $to
            }
        }
    )*};
}

to_value! {
    () => |_value| Value::None;
    bool => |value| Value::Bool(*value);
    char => |value| Value::Char(*value);
    i8 => |value| Value::Int((*value).into());
    i16 => |value| Value::Int((*value).into());
    i32 => |value| Value::Int((*value).into());
    i64 => |value| Value::Int(*value);
    isize => |value| i64::try_from(*value).map_or(Value::Display(value), Value::Int);
    u8 => |value| Value::Uint((*value).into());
    u16 => |value| Value::Uint((*value).into());
    u32 => |value| Value::Uint((*value).into());
    u64 => |value| Value::Uint(*value);
    usize => |value| u64::try_from(*value).map_or(Value::Display(value), Value::Uint);
    i128 => |value| Value::Display(value);
    u128 => |value| Value::Display(value);
    // As itself: as an `f64` a tenth would be 0.10000000149011612.
    f32 => |value| Value::Display(value);
    f64 => |value| Value::Float(*value);
    &str => |value| Value::Text(value);
    String => |value| Value::Text(value);
    Box<str> => |value| Value::Text(value);
    Rc<str> => |value| Value::Text(value);
    Arc<str> => |value| Value::Text(value);
    Cow<'_, str> => |value| Value::Text(value);
    fmt::Arguments<'_> => |value| Value::Display(value);
    &dyn fmt::Display => |value| Value::Display(value);
    Html<&str> => |value| Value::Html(value.0);
    Html<String> => |value| Value::Html(&value.0);
    Html<Box<str>> => |value| Value::Html(&value.0);
    Html<Arc<str>> => |value| Value::Html(&value.0);
    Html<Cow<'_, str>> => |value| Value::Html(&value.0);
    Html<IoList> => |value| Value::Pieces(&value.0);
    &dyn Record => |value| Value::Record(*value);
    Box<dyn Record> => |value| Value::Record(&**value);
    Box<dyn Record + Send + Sync> => |value| Value::Record(&**value);
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::None, T::to_value)
    }
}

macro_rules! pointer {
    ($($pointer:ident)*) => {$(
        impl<T: ToValue> ToValue for $pointer<T> {
            fn to_value(&self) -> Value<'_> {
                (**self).to_value()
            }
        }
    )*};
}
pointer!(Box Rc Arc);

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(&self) -> Value<'_> {
        Value::List(self)
    }
}

impl<T: ToValue> ToValue for VecDeque<T> {
    fn to_value(&self) -> Value<'_> {
        Value::List(self)
    }
}

impl<T: ToValue, const N: usize> ToValue for [T; N] {
    fn to_value(&self) -> Value<'_> {
        Value::List(self)
    }
}

impl<T: ToValue> ToValue for &[T] {
    fn to_value(&self) -> Value<'_> {
        Value::List(self)
    }
}

macro_rules! list {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> List for $type {
            fn len(&self) -> usize {
                <$type>::len(self)
            }

            #[inline]
            fn item(&self, index: usize) -> Value<'_> {
                self[index].to_value()
            }
        }
    )*};
}
list! {
    [T: ToValue] Vec<T>;
    [T: ToValue] VecDeque<T>;
}

impl<T: ToValue, const N: usize> List for [T; N] {
    fn len(&self) -> usize {
        N
    }

    #[inline]
    fn item(&self, index: usize) -> Value<'_> {
        self[index].to_value()
    }
}

impl<T: ToValue> List for &[T] {
    fn len(&self) -> usize {
        <[T]>::len(self)
    }

    #[inline]
    fn item(&self, index: usize) -> Value<'_> {
        self[index].to_value()
    }
}

/// No values at all.
impl Record for () {}

impl<R: Record + ?Sized> Record for &R {
    fn fields(&self) -> &'static [&'static str] {
        (**self).fields()
    }

    fn field(&self, index: usize) -> Value<'_> {
        (**self).field(index)
    }

    fn get(&self, name: &str) -> Option<Value<'_>> {
        (**self).get(name)
    }

    fn each(&self, visit: &mut dyn FnMut(&str, Value<'_>)) {
        (**self).each(visit);
    }
}

macro_rules! map {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> Record for $type {
            fn get(&self, name: &str) -> Option<Value<'_>> {
                <$type>::get(self, name).map(V::to_value)
            }

            fn each(&self, visit: &mut dyn FnMut(&str, Value<'_>)) {
                for (name, value) in self {
                    visit(name.borrow(), value.to_value());
                }
            }
        }

        impl<$($generics)*> ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                Value::Record(self)
            }
        }
    )*};
}
use std::borrow::Borrow;
map! {
    [K: Borrow<str> + Eq + std::hash::Hash, V: ToValue, S: BuildHasher] HashMap<K, V, S>;
    [K: Borrow<str> + Ord, V: ToValue] BTreeMap<K, V>;
}
