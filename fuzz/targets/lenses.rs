//! Lenses: any text is parsed or refused, and what a lens shows for a value that it parsed parses as
//! that value again.

use std::fmt::Debug;

use pauper_forms::lens::{
    BLANKABLE, Choices, Date, DateTime, Email, Enumerated, Flag, Lens, Money, Number, Parsed,
    Pattern, TYPICAL, Time, Url,
};

pub(crate) fn run(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        all(text);
    }
}

#[track_caller]
fn law<L: Lens<Native: PartialEq + Debug>>(lens: &L, text: &str) -> Option<L::Native> {
    let native = lens.parse(text).ok()?;
    let shown = lens.show(&native);
    assert_eq!(lens.parse(&shown).as_ref(), Ok(&native), "{text:?} was shown as {shown:?}");
    Some(native)
}

pub(crate) fn all(text: &str) {
    law(&TYPICAL, text);
    law(&BLANKABLE, text);
    law(&TYPICAL.multi_line().max_length(9), text);
    law(&TYPICAL.optional(), text);
    law(&BLANKABLE.test(|text| text.len() % 2 == 0, "odd"), text);
    law(&Pattern::new(BLANKABLE, "[a-f]+", "no"), text);
    law(&Number::<i8>::new(), text);
    law(&Number::<u128>::new(), text);
    law(&Number::<f32>::new(), text);
    law(&Number::<f64>::new().min(-1e10), text);
    law(&Money::new(), text);
    law(&Money::new().min(0).optional(), text);
    law(&Date::new(), text);
    law(&Time::new(), text);
    law(&DateTime::new(), text);
    law(&Email, text);
    law(&Url, text);
    law(&Flag, text);
    law(&Parsed::<std::net::IpAddr>::new("no"), text);
    law(&Choices::list(["a", "b", "<"]), text);
    law(&Choices::new([(1, "a"), (-1, "b")]), text);
    law(&Enumerated::new(["a", "b"]).base(-7), text);
}
