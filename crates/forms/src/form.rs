//! A form: named elements, and the struct that they make.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use pauper_fields::FieldStorage;
use pauper_message::FormToken;

use crate::element::{Element, Entered, Input};
use crate::error::Errors;
use crate::view::View;

/// Named elements that make a struct, and that a struct fills: see [`form!`](crate::form!).
pub struct Form<T> {
    pub(crate) id: &'static str,
    pub(crate) inputs: Vec<(&'static str, Arc<dyn Input>)>,
    show: Box<Show<T>>,
    parse: Box<Parse<T>>,
}

type Show<T> = dyn Fn(&T) -> Vec<Entered> + Send + Sync;
type Parse<T> = dyn Fn(&[Entered], &mut Errors) -> Option<T> + Send + Sync;

/// A form as it stands on a page: what is in each element, in order.
#[derive(Clone, Debug)]
pub struct Filled(pub(crate) Vec<Entered>);

impl<T> Form<T> {
    #[doc(hidden)]
    pub fn __new(
        inputs: Vec<(&'static str, Arc<dyn Input>)>,
        show: impl Fn(&T) -> Vec<Entered> + Send + Sync + 'static,
        parse: impl Fn(&[Entered], &mut Errors) -> Option<T> + Send + Sync + 'static,
    ) -> Self {
        Self { id: "f", inputs, show: Box::new(show), parse: Box::new(parse) }
    }

    /// What the ids of the controls begin with: `f` by default, which makes `f-title`. For pages with
    /// two forms.
    #[must_use]
    pub fn with_id(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    /// The names and elements, in order.
    pub fn inputs(&self) -> impl Iterator<Item = (&'static str, &dyn Input)> {
        self.inputs.iter().map(|(name, input)| (*name, &**input))
    }

    /// The form without a record.
    pub fn blank(&self) -> Filled {
        Filled(self.inputs.iter().map(|(_, input)| input.blank()).collect())
    }

    /// The form filled with a record.
    pub fn show(&self, record: &T) -> Filled {
        Filled((self.show)(record))
    }

    /// The form as it was sent. What it does not know is left out; what is missing is blank.
    pub fn receive(&self, form: &Rc<FieldStorage>) -> Filled {
        Filled(self.inputs.iter().map(|(name, input)| input.receive(name, form)).collect())
    }

    /// The record.
    ///
    /// # Errors
    /// What is wrong with each field that is.
    pub fn parse(&self, filled: &Filled) -> Result<T, Errors> {
        let mut errors = Errors::new();
        match (self.parse)(&filled.0, &mut errors) {
            Some(record) if errors.is_empty() => Ok(record),
            _ => Err(errors),
        }
    }

    /// The form for a page, with errors beside their fields and, where something protects forms, its
    /// token.
    pub fn view(&self, filled: &Filled, errors: &Errors, token: Option<&dyn FormToken>) -> View {
        View::new(self.id, &self.inputs, &filled.0, errors, token)
    }
}

impl<T> fmt::Debug for Form<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.inputs.iter().map(|(name, _)| name)).finish()
    }
}

/// Makes a [`Form`](crate::Form) of a struct, written as a literal of it with an
/// [`Element`](crate::element::Element) in the place of each value. The types of fields and elements have to agree.
///
/// ```
/// use pauper_forms::{Form, check_box, entry, form, number};
///
/// struct Guest { name: String, age: u8, vegetarian: bool }
///
/// fn guest() -> Form<Guest> {
///     form!(Guest {
///         name: entry("Name").max_length(80),
///         age: number("Age").map(|age| age.min(18)),
///         vegetarian: check_box("Vegetarian"),
///     })
/// }
/// # let form = guest();
/// # let record = Guest { name: "Ada".into(), age: 36, vegetarian: true };
/// # let Ok(back) = form.parse(&form.show(&record)) else { panic!() };
/// # assert!(back.name == "Ada" && back.age == 36 && back.vegetarian);
/// ```
///
/// Elements are made when the expression runs, so lists of choices can come from a database: make
/// the form for each request then.
#[macro_export]
macro_rules! form {
    ($record:ident { $($field:ident : $element:expr),* $(,)? }) => {{
        $(let $field = $crate::__private::Arc::new($element);)*
        let inputs: ::std::vec::Vec<(&'static str, $crate::__private::Arc<dyn $crate::element::Input>)> = ::std::vec![$((
            $crate::__private::field_name(::std::stringify!($field)),
            ::std::clone::Clone::clone(&$field)
                as $crate::__private::Arc<dyn $crate::element::Input>,
        )),*];
        let show = {
            $(let $field = ::std::clone::Clone::clone(&$field);)*
            #[allow(unused_variables, reason = "a record may have no fields")]
            move |record: &$record| ::std::vec![
                $($crate::element::Element::show(&*$field, &record.$field)),*
            ]
        };
        #[allow(unused_variables, unused_mut, reason = "a record may have no fields")]
        let parse = move |entered: &[$crate::element::Entered], errors: &mut $crate::Errors| {
            let mut entered = entered.iter();
            $(let $field = $crate::__private::note(
                &*$field,
                ::std::stringify!($field),
                entered.next(),
                errors,
            );)*
            ::std::option::Option::Some($record { $($field: $field?),* })
        };
        $crate::Form::__new(inputs, show, parse)
    }};
}

/// The name of a field as forms have it: `type` for `r#type`.
#[doc(hidden)]
pub fn field_name(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The value of an element, or what is wrong with it noted.
#[doc(hidden)]
pub fn note<E: Element>(
    element: &E,
    name: &'static str,
    entered: Option<&Entered>,
    errors: &mut Errors,
) -> Option<E::Native> {
    match element.parse(entered?) {
        Ok(native) => Some(native),
        Err(invalid) => {
            errors.add(field_name(name), invalid.message().to_owned());
            None
        }
    }
}
