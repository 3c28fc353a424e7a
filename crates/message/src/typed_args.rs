//! Queries and forms as types of serde.

use std::fmt;

use http::StatusCode;
use pauper_fields::Args;
use serde_core::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _,
    MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_core::forward_to_deserialize_any;

use crate::error::Error;
use crate::request::Request;

impl Request {
    /// The arguments of the query as a value of a type with serde's `Deserialize`.
    ///
    /// A field of a list takes all arguments of its name, any other the first. Numbers and the like
    /// are read from their text, `bool` from `true`, `1`, `on`, `yes` and `false`, `0`, `off`,
    /// `no`. An `Option` is none without such an argument and for a blank one. A list that may be
    /// absent needs `#[serde(default)]`.
    ///
    /// ```
    /// use pauper_message::{Error, Request};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Find {
    ///     q: String,
    ///     page: Option<u32>,
    ///     #[serde(default)]
    ///     tag: Vec<String>,
    /// }
    ///
    /// fn find(req: &mut Request) -> Result<String, Error> {
    ///     let Find { q, page, tag } = req.query_as()?;
    ///     Ok(format!("{q} on page {} with {} tags", page.unwrap_or(1), tag.len()))
    /// }
    ///
    /// let mut req = Request::builder().target("/?q=pot&page=2&tag=a&tag=b").build().unwrap();
    /// assert_eq!(find(&mut req).unwrap(), "pot on page 2 with 2 tags");
    /// ```
    ///
    /// # Errors
    /// 400 with the name of the argument, and as [`args`](Self::args).
    pub fn query_as<T: DeserializeOwned>(&self) -> Result<T, Error> {
        read(self.args()?)
    }

    /// The fields of a form as a value of a type with serde's `Deserialize`, by the rules of
    /// [`query_as`](Self::query_as).
    ///
    /// # Errors
    /// 400 with the name of the field, and as [`form`](Self::form).
    pub fn form_as<T: DeserializeOwned>(&self) -> Result<T, Error> {
        read(self.form()?)
    }
}

fn read<T: DeserializeOwned>(args: &Args) -> Result<T, Error> {
    T::deserialize(Fields(args))
        .map_err(|fault| Error::new(StatusCode::BAD_REQUEST, fault.to_string()))
}

/// Why fields are not of the wanted type.
#[derive(Debug)]
struct Fault {
    field: Option<String>,
    text: String,
}

impl Fault {
    fn of(mut self, field: &str) -> Self {
        self.field.get_or_insert_with(|| field.to_owned());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "field {field:?}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self { field: None, text: text.to_string() }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { field: Some(field.to_owned()), text: "is missing".to_owned() }
    }
}

struct Fields<'de>(&'de Args);

impl<'de> Deserializer<'de> for Fields<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let names: Vec<&str> = self.0.keys().collect();
        visitor.visit_map(Members { args: self.0, names: names.into_iter(), name: "" })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    /// Every pair, for `Vec<(String, String)>`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Pairs(self.0.iter()))
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit_struct tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Members<'de> {
    args: &'de Args,
    names: std::vec::IntoIter<&'de str>,
    name: &'de str,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some(name) = self.names.next() else { return Ok(None) };
        self.name = name;
        seed.deserialize(One(name)).map(Some).map_err(|fault| fault.of(name))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let values: Vec<&str> = self.args.get_all(self.name).collect();
        seed.deserialize(Values(values)).map_err(|fault| fault.of(self.name))
    }
}

struct Pairs<'de>(pauper_fields::Iter<'de>);

impl<'de> SeqAccess<'de> for Pairs<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some((name, value)) = self.0.next() else { return Ok(None) };
        let pair = de::value::SeqDeserializer::new([One(name), One(value)].into_iter());
        seed.deserialize(pair).map(Some).map_err(|fault: Fault| fault.of(name))
    }
}

/// All values of one name, at least one.
struct Values<'de>(Vec<&'de str>);

impl<'de> Values<'de> {
    fn first(&self) -> One<'de> {
        One(self.0.first().copied().unwrap_or_default())
    }
}

macro_rules! first {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.first().$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Values<'de> {
    type Error = Fault;

    first! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32
        deserialize_i64 deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char
        deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_unit deserialize_map deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.as_slice() {
            [""] => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(de::value::SeqDeserializer::new(self.0.into_iter().map(One)))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.first().deserialize_unit_struct(name, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.first().deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.first().deserialize_enum(name, variants, visitor)
    }
}

/// One text, read as whatever is wanted.
#[derive(Clone, Copy)]
struct One<'de>(&'de str);

impl<'de> de::IntoDeserializer<'de, Fault> for One<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl One<'_> {
    fn parse<T: std::str::FromStr<Err: fmt::Display>>(self) -> Result<T, Fault> {
        self.0.parse().map_err(|error| {
            let quoted: String = self.0.chars().take(40).collect();
            de::Error::custom(format_args!("{quoted:?} cannot be read: {error}"))
        })
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.$visit(self.parse()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for One<'de> {
    type Error = Fault;

    parsed! {
        deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32
        deserialize_i64 visit_i64 deserialize_i128 visit_i128 deserialize_u8 visit_u8
        deserialize_u16 visit_u16 deserialize_u32 visit_u32 deserialize_u64 visit_u64
        deserialize_u128 visit_u128 deserialize_f32 visit_f32 deserialize_f64 visit_f64
        deserialize_char visit_char
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            "true" | "1" | "on" | "yes" => visitor.visit_bool(true),
            "false" | "0" | "off" | "no" => visitor.visit_bool(false),
            _ => self.parse::<bool>().and_then(|value| visitor.visit_bool(value)),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_bytes(self.0.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.0.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for One<'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let value = seed.deserialize(self.0.into_deserializer())?;
        Ok((value, self))
    }
}

/// Only variants without values can be written as one text.
impl<'de> VariantAccess<'de> for One<'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Fault> {
        Err(de::Error::custom("a field cannot hold more than a name here"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Fault> {
        Err(de::Error::custom("a field cannot hold more than a name here"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Fault> {
        Err(de::Error::custom("a field cannot hold more than a name here"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Order {
        Up,
        Down,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Id(u64);

    #[derive(Debug, Deserialize, PartialEq)]
    struct Everything {
        text: String,
        number: i8,
        float: f64,
        flag: bool,
        letter: char,
        order: Order,
        id: Id,
        maybe: Option<u8>,
        #[serde(default)]
        list: Vec<u16>,
    }

    const GOOD: &str = "text=a+b&number=-7&float=1.5&flag=on&letter=%C3%A4&order=down&id=9";

    fn ask<T: DeserializeOwned>(query: &str) -> Result<T, String> {
        let req = Request::builder().target(&format!("/?{query}")).build().unwrap();
        req.query_as().map_err(|error| {
            assert_eq!(error.status().unwrap(), 400);
            error.message().unwrap().to_owned()
        })
    }

    #[test]
    fn fields_of_every_kind() {
        let expected = |maybe, list| Everything {
            text: "a b".into(),
            number: -7,
            float: 1.5,
            flag: true,
            letter: 'ä',
            order: Order::Down,
            id: Id(9),
            maybe,
            list,
        };
        assert_eq!(ask(GOOD), Ok(expected(None, vec![])));
        assert_eq!(ask(&format!("{GOOD}&maybe=&x=y")), Ok(expected(None, vec![])));
        assert_eq!(
            ask(&format!("{GOOD}&maybe=3&list=1&list=2")),
            Ok(expected(Some(3), vec![1, 2]))
        );
    }

    #[test]
    fn errors_name_the_field() {
        for (query, expected) in [
            ("", "field \"text\": is missing"),
            ("text=a&number=300", "field \"number\": \"300\" cannot be read: number too large"),
            ("text=a&number=1&float=x", "field \"float\": \"x\" cannot be read: invalid float"),
            ("flag=maybe", "field \"flag\": \"maybe\" cannot be read"),
            ("order=sideways", "field \"order\": unknown variant `sideways`"),
            ("letter=ab", "field \"letter\": \"ab\" cannot be read"),
            ("list=1&list=x", "field \"list\": \"x\" cannot be read"),
            ("text=a&maybe=x", "field \"maybe\": \"x\" cannot be read"),
        ] {
            let error = ask::<Everything>(query).unwrap_err();
            assert!(error.starts_with(expected), "{query}: {error}");
        }
        assert!(ask::<BTreeMap<String, BTreeMap<String, u8>>>("a=1").is_err());
    }

    #[test]
    fn maps_and_pairs() {
        let map: BTreeMap<String, Vec<u8>> = ask("a=1&b=2&a=3").unwrap();
        assert_eq!(map["a"], [1, 3]);
        let pairs: Vec<(String, u8)> = ask("a=1&b=2&a=3").unwrap();
        assert_eq!(pairs[2], ("a".to_owned(), 3));
        let map: BTreeMap<u8, String> = ask("1=a&2=b").unwrap();
        assert_eq!(map[&2], "b");
        assert!(ask::<Option<BTreeMap<String, u8>>>("").unwrap().is_some());
    }

    #[test]
    fn forms_are_read_alike() {
        let req = Request::builder()
            .method("POST")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(GOOD)
            .build()
            .unwrap();
        assert_eq!(req.form_as::<Everything>().unwrap().number, -7);
    }
}
