//! The name for bytes that are HTML.

use crate::IoList;

/// Bytes that are HTML: who has them need not escape them, and must not escape them again.
///
/// Whoever writes `Html(…)` answers for the content. It stands in this crate because those who make
/// HTML and those who send it meet here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Html<T>(pub T);

impl<T: Into<Self>> From<Html<T>> for IoList {
    fn from(html: Html<T>) -> Self {
        html.0.into()
    }
}
