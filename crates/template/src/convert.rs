//! Functions that turn values into text: `{price:cents}`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::value::Value;

/// Why a converter refused a value. Any error and any text will do.
pub type ConvertError = Box<dyn std::error::Error + Send + Sync>;

/// A registered function.
pub(crate) type Converter =
    Arc<dyn Fn(Value<'_>, &mut String) -> Result<(), ConvertError> + Send + Sync>;

/// Those that are there from the beginning.
pub(crate) fn builtin() -> BTreeMap<Box<str>, Converter> {
    let mut converters: BTreeMap<Box<str>, Converter> = BTreeMap::new();
    converters.insert("num".into(), Arc::new(num));
    converters.insert("cents".into(), Arc::new(cents));
    converters.insert("query".into(), Arc::new(query));
    converters.insert("json".into(), Arc::new(|value, out| json(value, out, 0)));
    converters
}

/// `1234567.5` as `1,234,567.5`; nothing as nothing.
fn num(value: Value<'_>, out: &mut String) -> Result<(), ConvertError> {
    if !matches!(value, Value::None) {
        group(&decimal(value)?, out);
    }
    Ok(())
}

/// `1234.5` as `1,234.50`; nothing as nothing.
fn cents(value: Value<'_>, out: &mut String) -> Result<(), ConvertError> {
    let text = match value {
        Value::None => return Ok(()),
        Value::Int(_) | Value::Uint(_) => format!("{value}.00"),
        Value::Float(number) => format!("{number:.2}"),
        other => {
            let text = decimal(other)?;
            if text.contains('.') {
                let number: f64 = text.parse()?;
                format!("{number:.2}")
            } else {
                text + ".00"
            }
        }
    };
    group(&text, out);
    Ok(())
}

/// The value as decimal digits, if that is what it is: numbers of all kinds, and types that print
/// themselves as numbers.
fn decimal(value: Value<'_>) -> Result<String, ConvertError> {
    let text = value.to_string();
    let number = matches!(value, Value::Int(_) | Value::Uint(_) | Value::Float(_));
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let digits_only = !digits.is_empty()
        && digits.split('.').count() <= 2
        && digits
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let printed = matches!(value, Value::Display(_)) && digits_only;
    if number || printed { Ok(text) } else { Err(format!("{} is no number", value.kind()).into()) }
}

/// Commas between thousands. What is no digit in front (a sign, `inf`) stays as it is.
fn group(text: &str, out: &mut String) {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let whole = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    out.push_str(sign);
    for (place, digit) in rest[..whole].char_indices() {
        if place > 0 && (whole - place) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(&rest[whole..]);
}

/// Percent-encoded as a part of a query: all but letters, digits and `-._~` (RFC 3986, 2.3).
fn query(value: Value<'_>, out: &mut String) -> Result<(), ConvertError> {
    if matches!(value, Value::List(_) | Value::Record(_)) {
        return Err(format!("{} is no text", value.kind()).into());
    }
    for byte in value.to_string().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}")?;
        }
    }
    Ok(())
}

/// Lists within lists, in JSON and when they are printed.
pub(crate) const MAX_NESTED: usize = 64;

/// JSON (RFC 8259). HTML and anything that is formatted become strings; numbers that are not
/// finite are an error.
fn json(value: Value<'_>, out: &mut String, depth: usize) -> Result<(), ConvertError> {
    if depth > MAX_NESTED {
        return Err(format!("values are nested deeper than {MAX_NESTED} levels").into());
    }
    match value {
        Value::None => out.push_str("null"),
        Value::Bool(_) | Value::Int(_) | Value::Uint(_) => write!(out, "{value}")?,
        Value::Float(number) if number.is_finite() => write!(out, "{number}")?,
        Value::Float(number) => return Err(format!("JSON has no {number}").into()),
        Value::Text(text) | Value::Html(text) => string(text, out),
        Value::Char(_) | Value::Pieces(_) | Value::Display(_) => string(&value.to_string(), out),
        Value::List(list) => {
            out.push('[');
            for index in 0..list.len() {
                if index > 0 {
                    out.push(',');
                }
                json(list.item(index), out, depth + 1)?;
            }
            out.push(']');
        }
        Value::Record(record) => {
            out.push('{');
            let (mut result, mut first) = (Ok(()), true);
            record.each(&mut |name, value| {
                if result.is_ok() {
                    if !std::mem::take(&mut first) {
                        out.push(',');
                    }
                    string(name, out);
                    out.push(':');
                    result = json(value, out, depth + 1);
                }
            });
            result?;
            out.push('}');
        }
    }
    Ok(())
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // The last two end lines in JavaScript of old.
            control @ ('\0'..='\x1f' | '\x7f' | '\u{2028}' | '\u{2029}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ToValue;

    #[track_caller]
    fn check(converter: &str, value: impl ToValue, expected: Option<&str>) {
        let mut out = String::new();
        let result = builtin()[converter](value.to_value(), &mut out);
        assert_eq!(result.is_ok().then_some(&*out), expected, "{result:?}");
    }

    #[test]
    fn numbers_get_commas() {
        check("num", 0, Some("0"));
        check("num", 999, Some("999"));
        check("num", -1000, Some("-1,000"));
        check("num", 1_234_567.5, Some("1,234,567.5"));
        check("num", u128::MAX, Some("340,282,366,920,938,463,463,374,607,431,768,211,455"));
        check("num", 0.5_f32, Some("0.5"));
        check("num", f64::NAN, Some("NaN"));
        check("num", f64::NEG_INFINITY, Some("-inf"));
        check("num", None::<u8>, Some(""));
        check("num", "12", None);
        check("num", true, None);
        check("num", vec![1], None);
    }

    #[test]
    fn cents_are_two() {
        check("cents", 1_234_567.5, Some("1,234,567.50"));
        check("cents", 1234, Some("1,234.00"));
        check("cents", -0.125, Some("-0.12"));
        check("cents", 0.5_f32, Some("0.50"));
        check("cents", 7_i128, Some("7.00"));
        check("cents", (), Some(""));
        check("cents", "x", None);
    }

    #[test]
    fn query_parts_are_encoded() {
        check("query", "a b&c=é/~", Some("a%20b%26c%3D%C3%A9%2F~"));
        check("query", 7, Some("7"));
        check("query", vec!["a"], None);
    }

    #[test]
    fn json_is_json() {
        check("json", vec![Some(1), None], Some("[1,null]"));
        check("json", "a\"\\\n\u{1}\u{2028}é", Some("\"a\\\"\\\\\\n\\u0001\\u2028é\""));
        check(
            "json",
            crate::values! { a: 1.5, r#type: [true, false] },
            Some("{\"a\":1.5,\"type\":[true,false]}"),
        );
        check("json", f64::NAN, None);
    }
}
