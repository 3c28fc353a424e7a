//! The macros that make records.

/// Makes a struct a [`Record`](crate::Record), and so a [value](crate::ToValue).
///
/// The fields that templates may see are listed; the others stay hidden. Lifetimes are written out
/// as in the definition.
///
/// ```
/// use pauper_template::{Template, record};
///
/// struct User<'a> {
///     name: &'a str,
///     age: u8,
///     password: String,
/// }
/// record!(User<'a> { name, age });
///
/// let line = Template::parse("{name}, {age}")?;
/// let ada = User { name: "Ada", age: 36, password: "x".into() };
/// assert_eq!(line.render(&ada)?.0, "Ada, 36");
/// assert!(Template::parse("{password}")?.render(&ada).is_err());
/// # let _ = ada.password;
/// # Ok::<(), pauper_template::Error>(())
/// ```
#[macro_export]
macro_rules! record {
    ($type:ident $(<$($life:lifetime),+ $(,)?>)? { $($field:ident),* $(,)? }) => {
        impl $(<$($life),+>)? $crate::Record for $type $(<$($life),+>)? {
            $crate::__record_body!($($field),*);
        }

        impl $(<$($life),+>)? $crate::ToValue for $type $(<$($life),+>)? {
            #[inline]
            fn to_value(&self) -> $crate::Value<'_> {
                $crate::Value::Record(self)
            }
        }
    };
}

/// Makes a [`Record`](crate::Record) of names and expressions, in place.
///
/// Values are moved in; give references to keep them. A name alone stands for a variable of that
/// name.
///
/// ```
/// use pauper_template::{Template, values};
///
/// let rows = vec!["a", "b"];
/// let page = Template::parse("{title}: {#for row in rows}{row}{/for} ({count})")?;
/// let html = page.render(&values! { title: "Rows", count: rows.len(), rows: &rows })?;
/// assert_eq!(html.0, "Rows: ab (2)");
/// # Ok::<(), pauper_template::Error>(())
/// ```
#[macro_export]
macro_rules! values {
    ($($name:ident $(: $value:expr)?),* $(,)?) => {{
        // Each field has a type of its own, named like itself.
        #[allow(non_camel_case_types, non_snake_case, reason = "named like the fields")]
        struct Values<$($name),*> { $($name: $name),* }

        #[allow(non_camel_case_types, non_snake_case, reason = "named like the fields")]
        impl<$($name: $crate::ToValue),*> $crate::Record for Values<$($name),*> {
            $crate::__record_body!($($name),*);
        }

        #[allow(non_camel_case_types, non_snake_case, reason = "named like the fields")]
        impl<$($name: $crate::ToValue),*> $crate::ToValue for Values<$($name),*> {
            #[inline]
            fn to_value(&self) -> $crate::Value<'_> {
                $crate::Value::Record(self)
            }
        }

        Values { $($name $(: $value)?),* }
    }};
}

/// The methods of [`Record`](crate::Record) for a type with these fields.
#[doc(hidden)]
#[macro_export]
macro_rules! __record_body {
    ($($field:ident),*) => {
        #[inline]
        fn fields(&self) -> &'static [&'static str] {
            static FIELDS: &[&str] = &[$($crate::__field_name(stringify!($field))),*];
            FIELDS
        }

        #[inline]
        #[allow(
            unused_variables,
            unused_mut,
            unused_assignments,
            reason = "a record may have no fields, and the last place is not used"
        )]
        fn field(&self, index: usize) -> $crate::Value<'_> {
            let mut place = 0;
            $(
                if index == place {
                    return $crate::ToValue::to_value(&self.$field);
                }
                place += 1;
            )*
            $crate::Value::None
        }
    };
}

/// The name of a field as templates see it: `type` for `r#type`.
#[doc(hidden)]
pub const fn __field_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}
