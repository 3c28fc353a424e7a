//! What every peer reads from its environment: the same three words for all.

use std::env;
use std::path::PathBuf;
use std::str::FromStr;
use std::thread::sleep;
use std::time::Duration;

/// Where to listen: 127.0.0.1, at `PORT` (8080).
pub fn address() -> (&'static str, u16) {
    ("127.0.0.1", number("PORT", 8080))
}

/// How many threads run handlers, for peers that have such a number: `HANDLERS` (1).
pub fn handlers() -> usize {
    number("HANDLERS", 1)
}

/// What `/file` serves: `FILE`.
pub fn file() -> PathBuf {
    env::var_os("FILE").unwrap_or_default().into()
}

/// The body of `/plaintext`.
pub const PLAINTEXT: &str = "Hello, World!";

/// The body of `/hello`.
pub const HELLO: &str = "Hello!\n";

/// The body of `/user/NAME/ID`.
pub fn user(name: &str, id: u64) -> String {
    format!("user {name} has number {id}\n")
}

/// The line of `/upload` for a part of this name with so many bytes.
pub fn part(name: &str, size: usize) -> String {
    format!("{name}={size}\n")
}

/// What the handler of `/sleep/MS` does: it holds its thread, as a call of a database would.
pub fn block(ms: u64) -> &'static str {
    sleep(Duration::from_millis(ms.min(60_000)));
    "ok"
}

fn number<T: FromStr>(name: &str, default: T) -> T {
    match env::var(name) {
        Err(_) => default,
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")),
    }
}
