use std::fmt::Debug;

use pauper_forms::Attributes;
#[cfg(feature = "jiff")]
use pauper_forms::jiff::civil::{date, datetime, time};
#[cfg(feature = "regex")]
use pauper_forms::lens::Pattern;
use pauper_forms::lens::{
    BLANKABLE, Choice as _, Choices, Email, Enumerated, Flag, Lens, Money, Number, Parsed, TYPICAL,
    Url,
};
#[cfg(feature = "jiff")]
use pauper_forms::lens::{Date, DateTime, Time};

#[track_caller]
fn check<L: Lens<Native: PartialEq + Debug>>(
    lens: &L,
    text: &str,
    expected: Result<L::Native, &str>,
) {
    let parsed = lens.parse(text).map_err(|invalid| invalid.message().to_owned());
    assert_eq!(parsed, expected.map_err(str::to_owned), "{text:?}");
}

#[test]
fn text() {
    let blank = "may not be blank.";
    check(&TYPICAL, " a  b ", Ok("a  b".into()));
    check(&TYPICAL, " \t ", Err(blank));
    check(&BLANKABLE, "  ", Ok("".into()));
    check(&TYPICAL, "a\nb", Err("may be one line only."));
    check(&TYPICAL, "a\0b", Err("has a character that cannot be used: \\u{0}."));
    check(&TYPICAL, "a\u{85}b", Err("has a character that cannot be used: \\u{85}."));
    let lines = TYPICAL.multi_line();
    check(&lines, "\r\na\r\nb\rc\td\n", Ok("a\nb\nc\td".into()));
    check(&lines, "a\u{1b}", Err("has a character that cannot be used: \\u{1b}."));
    // Counted as browsers do: an emoji is two, a line end is one.
    let short = TYPICAL.multi_line().max_length(3);
    check(&short, "a\r\nb", Ok("a\nb".into()));
    check(&short, "a🦀", Ok("a🦀".into()));
    check(&short, "ab🦀", Err("may have at most 3 characters."));
}

#[test]
fn tests_and_optional() {
    let even = Number::<i32>::new().test(|number| number % 2 == 0, "must be even.");
    check(&even, "4", Ok(4));
    check(&even, "5", Err("must be even."));
    check(&even.clone().optional(), " ", Ok(None));
    check(&even.optional(), "x", Err("is not a whole number: “x”."));
    check(&TYPICAL.optional(), "", Ok(None));
    assert_eq!(TYPICAL.optional().show(&None), "");
    assert_eq!(TYPICAL.optional().attributes().get("required"), None);
    assert_eq!(TYPICAL.attributes().get("required"), Some(None));
}

#[test]
fn numbers() {
    let number = Number::<u8>::new().min(2).max(200);
    check(&number, " 12 ", Ok(12));
    check(&number, "+12", Ok(12));
    check(&number, "", Err("may not be blank."));
    check(&number, "1", Err("must be at least 2."));
    check(&number, "201", Err("must be at most 200."));
    check(&number, "256", Err("is out of range: “256”."));
    check(&number, "-3", Err("is out of range: “-3”."));
    check(&number, "1.5", Err("is not a whole number: “1.5”."));
    check(&number, "١٢", Err("is not a whole number: “١٢”."));
    let number = Number::<f64>::new();
    check(&number, "-1.5e3", Ok(-1500.0));
    for text in ["inf", "NaN", "infinity", "1e999", "0x10", "1,5", "--1"] {
        let message = format!("is not a number: “{text}”.");
        check(&number, text, Err(&message));
    }
    let step = Number::<i8>::new().min(-3).attributes();
    assert_eq!((step.get("min"), step.get("step")), (Some(Some("-3")), Some(Some("1"))));
}

#[test]
fn money() {
    let money = Money::new();
    for (text, cents) in [
        ("0", 0),
        ("12", 1200),
        ("12.5", 1250),
        ("12.05", 1205),
        ("-0.01", -1),
        ("−3", -300),
        ("+3", 300),
        ("1,234,567.89", 123_456_789),
        ("1234567.89", 123_456_789),
        ("92233720368547758.07", i64::MAX),
        ("-92,233,720,368,547,758.08", i64::MIN),
        ("000.10", 10),
    ] {
        check(&money, text, Ok(cents));
    }
    for text in [
        "1,5",
        "1.5,0",
        "1.",
        ".5",
        "1.234",
        "1,23",
        "1,2345",
        ",123",
        "12,34,567",
        "1.2.3",
        "--1",
        "- 1",
        "1 000",
        "$1",
        "1e3",
        "１",
        "92233720368547758.08",
    ] {
        let message = format!("is no amount such as 12.50: “{text}”.");
        check(&money, text, Err(&message));
    }
    check(&money.min(1), "0", Err("must be at least 0.01."));
    check(&money.max(123_450), "1,234.51", Err("must be at most 1,234.50."));
    assert_eq!(Money::format(i64::MIN), "-92,233,720,368,547,758.08");
    assert_eq!(Money::format(-5), "-0.05");
}

#[cfg(feature = "jiff")]
#[test]
fn dates_and_times() {
    let day = Date::new();
    check(&day, " 2024-02-29 ", Ok(date(2024, 2, 29)));
    check(&day, "2023-02-29", Err("day is out of range for month"));
    check(&day, "2023-04-31", Err("day is out of range for month"));
    check(&day, "2023-04-00", Err("day is out of range for month"));
    check(&day, "2023-13-01", Err("month must be in 1..12"));
    check(&day, "0000-01-01", Err("year is out of range"));
    for text in [
        "24-02-29",
        "2024/02/29",
        "2024-2-29",
        "20240229",
        "-024-02-29",
        "2024-02-29T",
        "２024-02-29",
    ] {
        let message = format!("is no date such as 2024-02-29: “{text}”.");
        check(&day, text, Err(&message));
    }
    let year = day.min(date(2024, 1, 1)).max(date(2024, 12, 31));
    check(&year, "2023-12-31", Err("must be at least 2024-01-01."));
    check(&year, "2025-01-01", Err("must be at most 2024-12-31."));
    assert_eq!(year.attributes().get("max"), Some(Some("2024-12-31")));
    check(&Time::new(), "23:59", Ok(time(23, 59, 0, 0)));
    check(&Time::new(), "23:59:58", Ok(time(23, 59, 58, 0)));
    check(&Time::new(), "24:00", Err("is no time of the day."));
    check(&Time::new(), "2:00", Err("is no time such as 23:59: “2:00”."));
    check(&DateTime::new(), "2024-02-29T23:59", Ok(datetime(2024, 2, 29, 23, 59, 0, 0)));
    check(&DateTime::new(), "2024-02-29 23:59:07", Ok(datetime(2024, 2, 29, 23, 59, 7, 0)));
    check(&DateTime::new(), "2024-02-30T23:59", Err("day is out of range for month"));
    assert_eq!(DateTime::new().show(&datetime(987, 2, 9, 3, 9, 7, 0)), "0987-02-09T03:09:07");
}

#[test]
fn choices() {
    let color = Choices::list(["red", "green"]);
    check(&color, "green", Ok("green".into()));
    check(&color, "", Err("may not be blank."));
    check(&color, "blue", Err("invalid selection"));
    assert_eq!(color.show(&"blue".into()), "");
    let row = Choices::new([(7_i64, "Seven"), (9, "Nine")]).or_say("choose!");
    check(&row, "9", Ok(9));
    check(&row, "1", Err("invalid selection"));
    check(&row, "", Err("choose!"));
    assert_eq!(row.options()[0], ("7".into(), "Seven".into()));
    check(&row.optional(), "", Ok(None));

    let grade = Enumerated::new(["High", "Medium", "Low"]).base(1);
    check(&grade, "0", Ok(1));
    check(&grade, "2", Ok(3));
    for text in ["3", "-1", "x", "99999999999999999999"] {
        check(&grade, text, Err("out of range (How did you do that?)"));
    }
    assert_eq!(
        (grade.show(&3), grade.show(&0), grade.show(&4)),
        ("2".into(), "".into(), "".into())
    );
    assert_eq!(grade.show(&i64::MIN), "");
    assert_eq!(grade.reversed().options()[0], ("2".into(), "Low".into()));
}

#[test]
fn addresses() {
    let refused = "does not look much like an e-mail address.";
    for text in ["a@b", "first.last+tag@example.org", "x_y@sub.example.co"] {
        check(&Email, text, Ok(text.into()));
    }
    for text in [
        "a", "@b", "a@", "a b@c", "a@-b.c", "a@b..c", "a@b.", "a@[::1]", "\"a\"@b", "á@b", "a@b\nc",
    ] {
        check(&Email, text, Err(refused));
    }
    check(&Email, &format!("{}@b", "x".repeat(65)), Err(refused));
    let refused = "is no address of a page such as https://example.org/.";
    for text in [
        "https://example.org",
        "HTTP://localhost:8080/a?b=c#d",
        "https://čeština.cz/á",
        "http://[::1]:80/",
    ] {
        check(&Url, text, Ok(text.into()));
    }
    for text in [
        "javascript:alert(1)",
        "javascript://example.org/%0aalert(1)",
        "//example.org",
        "ftp://example.org",
        "https://",
        "https:///path",
        "https://user@example.org",
        "https://a b.org",
        "https://a.org:99999",
        "https://a.org:x",
        "https://a.org/\"",
        "https://-a.org",
        "http://[::1",
        "https://a..org",
    ] {
        check(&Url, text, Err(refused));
    }
}

#[test]
fn others() {
    check(&Flag, "1", Ok(true));
    check(&Flag, "", Ok(false));
    check(&Flag, "on", Err("is neither on nor off."));
    let address = Parsed::<std::net::Ipv4Addr>::new("is no address.");
    check(&address, "127.0.0.1", Ok([127, 0, 0, 1].into()));
    check(&address, "127.1", Err("is no address."));
}

#[cfg(feature = "regex")]
#[test]
fn patterns() {
    let code = Pattern::new(BLANKABLE, "a|b+", "no match.");
    check(&code, "bbb", Ok("bbb".into()));
    check(&code, "", Ok("".into()));
    // The whole text, not a part of it.
    check(&code, "ac", Err("no match."));
    assert_eq!(code.attributes().get("pattern"), Some(Some("a|b+")));
}

#[test]
fn attributes_are_no_place_for_scripts() {
    for name in ["onclick", "OnLoad", "a b", "", "a=b", "-a", "a\"", "on"] {
        let set = std::panic::catch_unwind(|| Attributes::new().with(name, "x"));
        assert_eq!(set.is_ok(), name == "on-", "{name:?}");
    }
    let attributes = Attributes::new().with("a", "1").with_flag("b").with("a", "2");
    assert_eq!(attributes.iter().collect::<Vec<_>>(), [("a", Some("2")), ("b", None)]);
}
