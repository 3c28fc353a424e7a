//! Forms of either kind as fields with values and files.

mod charset;
mod error;
mod field;
mod limits;
mod progress;
mod reader;
mod sink;
mod spool;
mod store;

pub use error::FormError;
pub use field::{Field, FieldReader};
pub use limits::FormLimits;
pub use progress::Progress;
pub use reader::FormReader;
pub use sink::{Sink, SinkError};
pub use store::{FieldStorage, Fields};
