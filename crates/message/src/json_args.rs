//! JSON in the body of a request.

use http::StatusCode;
use serde_core::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::request::Request;

impl Request {
    /// The body as a value, from JSON.
    ///
    /// # Errors
    /// 415 when Content-Type is not JSON (see [`is_json`](Self::is_json)) or names another charset
    /// than UTF-8; 400 with the place of the mistake when the body is not JSON or not of this
    /// type; 500 when a body that was kept in a file cannot be read.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if !self.is_json() {
            return Err(Error::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "JSON is expected, with Content-Type application/json",
            ));
        }
        self.utf8_only()?;
        self.parse_json()
    }

    fn parse_json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(self.bytes()?).map_err(|error| {
            let text = format!("the body is not the JSON that was expected: {error}");
            Error::with_source(StatusCode::BAD_REQUEST, Some(&text), error)
        })
    }

    fn utf8_only(&self) -> Result<(), Error> {
        match self.charset() {
            None => Ok(()),
            Some(charset) if charset.eq_ignore_ascii_case("utf-8") => Ok(()),
            Some(charset) => Err(Error::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("JSON is UTF-8 and not {charset:?}"),
            )),
        }
    }

    /// The body as JSON of any shape, with the lookups of a form. Nothing, if there is no body or
    /// it is not JSON by its Content-Type; a handler that takes JSON alone asks for
    /// [`json`](Self::json).
    ///
    /// ```
    /// use pauper_message::Request;
    ///
    /// let req = Request::builder()
    ///     .method("POST")
    ///     .header("Content-Type", "application/json")
    ///     .body(r#"{"name": "pot", "sizes": [1, 2]}"#)
    ///     .build()
    ///     .unwrap();
    /// let json = req.json_args().unwrap();
    /// assert_eq!(json.getvalue::<String>("name").unwrap().as_deref(), Some("pot"));
    /// assert_eq!(json.getvalue::<u32>("price").unwrap().unwrap_or(7), 7);
    /// assert_eq!(json.getvalues::<u32>("sizes").unwrap(), [1, 2]);
    /// ```
    ///
    /// # Errors
    /// As [`json`](Self::json), but for other media types.
    pub fn json_args(&self) -> Result<JsonArgs, Error> {
        if !self.reads_json() || self.body.is_empty() || !self.is_json() {
            return Ok(JsonArgs { value: None });
        }
        self.utf8_only()?;
        Ok(JsonArgs { value: Some(self.parse_json()?) })
    }
}

/// JSON with the lookups of a form; see [`Request::json_args`].
///
/// Of an object they look up its members. An array has no names, so there they look at its items,
/// whatever the name. Other values have nothing to be looked up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonArgs {
    value: Option<Value>,
}

impl JsonArgs {
    /// The lookups of this value.
    pub fn new(value: Value) -> Self {
        Self { value: Some(value) }
    }

    /// The whole value; none if no JSON was sent.
    pub fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// The whole value; none if no JSON was sent.
    pub fn into_value(self) -> Option<Value> {
        self.value
    }

    /// The member `name`, whatever it is; of an array the first item.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self.value.as_ref()? {
            Value::Object(members) => members.get(name),
            Value::Array(items) => items.first(),
            _ => None,
        }
    }

    /// The member `name`, or the first item if that is an array.
    pub fn getfirst(&self, name: &str) -> Option<&Value> {
        match (&self.value, self.get(name)?) {
            (Some(Value::Object(_)), Value::Array(items)) => items.first(),
            (_, value) => Some(value),
        }
    }

    /// The items of the member `name`, or that member alone if it is no array; empty if there is
    /// none.
    pub fn getlist(&self, name: &str) -> &[Value] {
        let found = match &self.value {
            Some(Value::Object(members)) => members.get(name),
            whole @ Some(Value::Array(_)) => whole.as_ref(),
            _ => None,
        };
        match found {
            Some(Value::Array(items)) => items,
            Some(one) => std::slice::from_ref(one),
            None => &[],
        }
    }

    /// The member `name` as a `T`; none if there is no such member, or `null`.
    ///
    /// # Errors
    /// 400 when it is no `T`, with its name and what was found.
    pub fn getvalue<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => convert(name, value).map(Some),
        }
    }

    /// The items of the member `name` as `T`s, as [`getlist`](Self::getlist) finds them.
    ///
    /// # Errors
    /// 400 for the first that is no `T`, with the member's name and what was found.
    pub fn getvalues<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, Error> {
        self.getlist(name).iter().map(|value| convert(name, value)).collect()
    }

    /// The member `name` as a `T`, which has to be there.
    ///
    /// # Errors
    /// 400 when it is not there, `null`, or no `T`, with its name.
    pub fn required<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        self.getvalue(name)?.ok_or_else(|| {
            Error::new(StatusCode::BAD_REQUEST, format!("field {name:?} is missing"))
        })
    }
}

fn convert<T: DeserializeOwned>(name: &str, value: &Value) -> Result<T, Error> {
    T::deserialize(value).map_err(|error| {
        Error::new(StatusCode::BAD_REQUEST, format!("field {name:?} cannot be used: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(kind: &str, body: &str) -> Request {
        Request::builder().method("POST").header("Content-Type", kind).body(body).build().unwrap()
    }

    #[test]
    fn lookups_in_an_object() {
        let args = JsonArgs::new(json!({"a": 1, "b": [2, 3], "c": null, "d": []}));
        assert_eq!(args.getfirst("a"), Some(&json!(1)));
        assert_eq!(args.getfirst("b"), Some(&json!(2)));
        assert_eq!(args.getfirst("d"), None);
        assert_eq!(args.getfirst("x"), None);
        assert_eq!(args.get("b"), Some(&json!([2, 3])));
        assert_eq!(args.getlist("a"), [json!(1)]);
        assert_eq!(args.getlist("b"), [json!(2), json!(3)]);
        assert!(args.getlist("x").is_empty());
        assert_eq!(args.getvalue::<u8>("a").unwrap(), Some(1));
        assert_eq!(args.getvalue::<u8>("c").unwrap(), None);
        assert_eq!(args.getvalues::<u8>("b").unwrap(), [2, 3]);
        assert_eq!(args.required::<u8>("a").unwrap(), 1);
        for error in [
            args.getvalue::<u8>("b").unwrap_err(),
            args.getvalues::<bool>("b").unwrap_err(),
            args.required::<u8>("b").unwrap_err(),
        ] {
            assert_eq!(error.status().unwrap(), 400);
            assert!(error.message().unwrap().contains("\"b\""), "{error:?}");
        }
        assert_eq!(args.required::<u8>("x").unwrap_err().status().unwrap(), 400);
    }

    #[test]
    fn lookups_elsewhere() {
        let list = JsonArgs::new(json!([1, 2]));
        assert_eq!(list.getfirst("whatever"), Some(&json!(1)));
        assert_eq!(list.getvalue::<u8>("x").unwrap(), Some(1));
        assert_eq!(list.getlist("x"), [json!(1), json!(2)]);
        for other in [JsonArgs::new(json!("text")), JsonArgs::default()] {
            assert_eq!(other.getfirst("a"), None);
            assert!(other.getlist("a").is_empty());
        }
    }

    #[test]
    fn only_json_is_json() {
        assert!(request("text/plain", "{}").json_args().unwrap().value().is_none());
        assert!(request("application/json", "").json_args().unwrap().value().is_none());
        let status = |kind: &str, body: &str| {
            request(kind, body).json_args().unwrap_err().status().unwrap().as_u16()
        };
        assert_eq!(status("application/json", "{"), 400);
        assert_eq!(status("application/json", "\u{feff}{}"), 400);
        assert_eq!(status("application/json; charset=latin-1", "{}"), 415);
        assert!(request("application/json; charset=\"UTF-8\"", "{}").json_args().is_ok());
        let error = request("text/plain", "{}").json::<Value>().unwrap_err();
        assert_eq!(error.status().unwrap(), 415);
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_overflow() {
        let deep = "[".repeat(100_000);
        assert_eq!(
            request("application/json", &deep).json_args().unwrap_err().status().unwrap(),
            400
        );
    }
}
