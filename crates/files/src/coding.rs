//! Variants of files that were compressed beforehand, and which of them a client gets.

use pauper_message::Request;

/// A content coding (RFC 9110, section 8.4.1) that files may have a variant in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coding {
    /// `br`, files ending in `.br`.
    Brotli,
    /// `zstd`, files ending in `.zst`.
    Zstd,
    /// `gzip`, files ending in `.gz`.
    Gzip,
}

impl Coding {
    /// All of them, the one that makes files smallest first.
    pub const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// The name in Content-Encoding.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// What the name of a file in this coding has behind that of the plain one, with its dot.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }

    /// Those of the `offered` codings that a client accepts, the best first: what it likes most,
    /// and of what it likes equally the first that is offered. Only those that it likes at least as
    /// much as the plain file.
    pub(crate) fn accepted(req: &Request, offered: &[Self]) -> Vec<Self> {
        let mut left: Vec<Self> = offered.to_vec();
        let mut order = Vec::new();
        if left.is_empty() || req.header_bytes("accept-encoding").is_none() {
            return order;
        }
        loop {
            let names: Vec<&str> = left.iter().map(|coding| coding.name()).collect();
            let Some(best) = req.prefer_encoding(&names) else { return order };
            let Some(at) = left.iter().position(|coding| coding.name() == best) else {
                return order;
            };
            order.push(left.remove(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_chooses_and_the_order_breaks_ties() {
        let check = |header: Option<&str>, expected: &[&str]| {
            let builder = Request::builder();
            let req = match header {
                Some(value) => builder.header("Accept-Encoding", value),
                None => builder,
            };
            let order = Coding::accepted(&req.build().unwrap(), &Coding::ALL);
            let names: Vec<&str> = order.iter().map(|coding| coding.name()).collect();
            assert_eq!(names, expected, "{header:?}");
        };
        check(None, &[]);
        check(Some(""), &[]);
        check(Some("identity"), &[]);
        check(Some("gzip, br, zstd"), &["br", "zstd", "gzip"]);
        check(Some("gzip, br;q=0.5"), &["gzip", "br"]);
        check(Some("gzip, deflate"), &["gzip"]);
        check(Some("gzip;q=0, *"), &["br", "zstd"]);
        check(Some("identity, gzip;q=0.5"), &[]);
    }
}
