use std::error::Error as _;
use std::net::IpAddr;

use pauper_fields::{Args, FieldError, Options};

fn args(query: &str) -> Args {
    Args::parse_query(query, &Options::new()).unwrap()
}

#[test]
fn lookups() {
    let args = args("b=1&a=2&b=3&c=");
    assert_eq!(args.get("b"), Some("1"));
    assert_eq!(args.getfirst("b"), Some("1"));
    assert_eq!(args.getlist("b"), ["1", "3"]);
    assert_eq!(args.get_all("b").next_back(), Some("3"));
    assert_eq!(args.get("c"), Some(""));
    assert_eq!(args.get("d"), None);
    assert_eq!(args.get("B"), None);
    assert!(args.getlist("d").is_empty());
    assert!(args.contains("c") && !args.contains("d"));
    assert_eq!(args.keys().collect::<Vec<_>>(), ["b", "a", "c"]);
    assert_eq!((args.len(), args.is_empty()), (4, false));
}

#[test]
fn values_outlive_the_name_they_were_asked_by() {
    let args = args("a=1&a=2");
    let (one, all) = {
        let name = String::from("a");
        (args.get(&name), args.getlist(&name))
    };
    assert_eq!((one, all), (Some("1"), vec!["1", "2"]));
}

#[test]
fn iteration_keeps_the_order() {
    let args = args("b=1&a=2&b=3");
    assert_eq!(args.iter().collect::<Vec<_>>(), [("b", "1"), ("a", "2"), ("b", "3")]);
    assert_eq!(args.iter().next_back(), Some(("b", "3")));
    assert_eq!(args.iter().len(), 3);
    let mut names = String::new();
    for (name, _) in &args {
        names.push_str(name);
    }
    assert_eq!(names, "bab");
    assert_eq!(args.into_iter().next_back(), Some(("b".to_owned(), "3".to_owned())));
}

#[test]
fn nothing() {
    let args = Args::new();
    assert_eq!(args, Args::default());
    assert!(args.is_empty());
    assert_eq!(args.get(""), None);
    assert_eq!(args.keys().count(), 0);
    assert_eq!(args.to_query(), "");
    assert_eq!(args.getvalue::<String>("a").unwrap(), None);
}

#[test]
fn built_by_hand() {
    let mut args: Args = [("a", "1 2")].into_iter().collect();
    args.push("ř", String::from("&="));
    args.extend([(String::from("c"), "")]);
    assert_eq!(args.to_string(), "a=1%202&%C5%99=%26%3D&c=");
}

#[test]
fn typed_values() {
    let args = args("n=-5&f=1.5&t=text&ip=::1&empty=&n=6&yes=true");
    assert_eq!(args.getvalue("n").unwrap(), Some(-5));
    assert_eq!(args.getvalues::<i32>("n").unwrap(), [-5, 6]);
    assert_eq!(args.getvalue("f").unwrap(), Some(1.5));
    assert_eq!(args.getvalue("yes").unwrap(), Some(true));
    assert_eq!(args.getvalue::<String>("t").unwrap().as_deref(), Some("text"));
    assert_eq!(args.required::<IpAddr>("ip").unwrap(), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]));
    assert_eq!(args.getvalue::<u8>("absent").unwrap(), None);
    assert!(args.getvalues::<u8>("absent").unwrap().is_empty());
}

#[test]
fn blank_text_is_absent_unless_the_type_accepts_it() {
    let args = args("n=&n=1&s=&space=+");
    assert_eq!(args.getvalue::<u8>("n").unwrap(), None);
    assert_eq!(args.getvalues::<u8>("n").unwrap(), [1]);
    assert!(args.required::<u8>("n").unwrap_err().is_missing());
    assert_eq!(args.getvalue::<String>("s").unwrap(), Some(String::new()));
    assert_eq!(args.required::<String>("s").unwrap(), "");
    assert_eq!(args.getvalue::<u8>("space").unwrap_err().text(), Some(" "));
}

#[test]
fn a_missing_field_is_named() {
    let error = args("a=1").required::<u8>("b").unwrap_err();
    assert_eq!(error.to_string(), r#"field "b" is missing"#);
    assert_eq!((error.name(), error.text(), error.status()), ("b", None, 400));
    assert!(error.is_missing() && error.source().is_none());
}

#[test]
fn a_wrong_field_is_named_and_quoted() {
    let args = args("age=x&age=1");
    for error in [
        args.getvalue::<u8>("age").unwrap_err(),
        args.required::<u8>("age").unwrap_err(),
        args.getvalues::<u8>("age").unwrap_err(),
    ] {
        let expected = r#"field "age" cannot be "x": invalid digit found in string"#;
        assert_eq!(error.to_string(), expected);
        assert_eq!((error.name(), error.text(), error.status()), ("age", Some("x"), 400));
        assert!(!error.is_missing());
        assert!(error.source().unwrap().is::<std::num::ParseIntError>());
    }
}

#[test]
fn messages_are_short_and_fit_for_a_log() {
    let text = format!("{}\r\n", "ř".repeat(59));
    let args: Args = [("n\n", text.as_str())].into_iter().collect();
    let error = args.getvalue::<u8>("n\n").unwrap_err();
    let quoted = "ř".repeat(59);
    assert_eq!(
        error.to_string(),
        format!(r#"field "n\n" cannot be "{quoted}\r"...: invalid digit found in string"#)
    );
    assert_eq!(error.text(), Some(text.as_str()));
}

#[test]
fn errors_travel() {
    fn check<E: std::error::Error + Send + Sync + 'static>() {}
    check::<FieldError>();
    check::<pauper_fields::Error>();
}

#[test]
fn types_whose_error_is_plain_text() {
    #[derive(Debug, PartialEq)]
    struct Even(u32);
    impl std::str::FromStr for Even {
        type Err = String;
        fn from_str(text: &str) -> Result<Self, String> {
            match text.parse() {
                Ok(n) if n % 2 == 0 => Ok(Self(n)),
                _ => Err("not an even number".to_owned()),
            }
        }
    }
    let args = args("a=2&b=3");
    assert_eq!(args.required::<Even>("a").unwrap(), Even(2));
    let error = args.required::<Even>("b").unwrap_err();
    assert_eq!(error.to_string(), r#"field "b" cannot be "3": not an even number"#);
}
