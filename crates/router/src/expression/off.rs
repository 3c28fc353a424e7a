use crate::error::{InsertErrorKind, Problem};

/// There are no expressions without the feature, so there is no value of this type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {}

impl Expression {
    pub(crate) fn new(source: &str) -> Result<Self, Problem> {
        Err(Problem::new(
            InsertErrorKind::ExpressionsOff,
            format!(
                "the expression \"{source}\" needs the feature \"regex\" of the crate \
                 pauper-router, which is off"
            ),
        ))
    }

    pub(crate) fn fits(&self, _text: &str) -> bool {
        match *self {}
    }
}
