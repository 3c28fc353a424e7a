//! What a client sends: `Authorization: Digest …` (RFC 7616, section 3.4).

use std::borrow::Cow;
use std::fmt;
use std::str;

use pauper_fields::percent;
use pauper_wire::grammar::{is_token, split_list, trim_ows};

use super::hash::{Algorithm, HexDigest};

/// Credentials of Digest, taken apart and complete. Nothing in them is verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DigestCredentials<'a> {
    /// Who it is.
    pub user: DigestUser<'a>,
    /// The realm.
    pub realm: Cow<'a, str>,
    /// The nonce, as it was sent.
    pub nonce: Cow<'a, str>,
    /// The target that the client asked for, as it was sent.
    pub uri: Cow<'a, str>,
    /// The response.
    pub response: HexDigest,
    /// The algorithm; MD5 where none was sent.
    pub algorithm: Algorithm,
    /// What comes with a quality of protection; none as of RFC 2069.
    pub protection: Option<SentProtection<'a>>,
    /// The opaque text of the server.
    pub opaque: Option<Cow<'a, str>>,
}

/// How a user is named.
#[derive(Clone, Debug)]
pub enum DigestUser<'a> {
    /// By name.
    Name(Cow<'a, str>),
    /// By the hash of name and realm.
    Hashed(HexDigest),
}

/// What comes with a quality of protection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SentProtection<'a> {
    /// Whether the body is protected, too: `auth-int`.
    pub with_body: bool,
    /// The nonce count, 8 hex digits as they were sent.
    pub count_text: Cow<'a, str>,
    /// The same as a number, at least 1.
    pub count: u32,
    /// The nonce of the client.
    pub client_nonce: Cow<'a, str>,
}

/// The longest value of a parameter, in bytes.
const LONGEST: usize = 4096;

const NAMES: [&str; 12] = [
    "username",
    "username*",
    "realm",
    "nonce",
    "uri",
    "response",
    "algorithm",
    "cnonce",
    "opaque",
    "qop",
    "nc",
    "userhash",
];

impl<'a> DigestCredentials<'a> {
    /// Reads the parameters behind the scheme `Digest`, in any order; unknown ones are skipped.
    /// Values may be quoted or not wherever both can be read in one way only, since clients do not
    /// agree on it.
    ///
    /// # Errors
    /// For what is no list of parameters; for one that came twice, is missing, or cannot be meant.
    pub fn parse(parameters: &'a [u8]) -> Result<Self, CredentialsError> {
        let mut values: [Option<Cow<'a, str>>; NAMES.len()] = [const { None }; NAMES.len()];
        let mut others = Vec::new();
        for element in split_list(parameters) {
            let (name, value) = parameter(element)?;
            let known = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
            let Some(known) = known else {
                // What nobody knows may not come twice either (RFC 9110, section 11.2).
                if others.len() >= 16
                    || others.iter().any(|it: &&str| it.eq_ignore_ascii_case(name))
                {
                    return Err(CredentialsError::Repeated("of no known name"));
                }
                others.push(name);
                continue;
            };
            if values[known].replace(value).is_some() {
                return Err(CredentialsError::Repeated(NAMES[known]));
            }
        }
        let [username, extended, realm, nonce, uri, response, ..] = values.each_mut();
        let (username, extended) = (username.take(), extended.take());
        let (realm, nonce, uri, response) =
            (realm.take(), nonce.take(), uri.take(), response.take());
        let [.., algorithm, cnonce, opaque, qop, nc, hashed] = values;
        let required = |name, value: Option<Cow<'a, str>>| match value {
            Some(value) if !value.is_empty() => Ok(value),
            Some(_) => Err(CredentialsError::Bad(name)),
            None => Err(CredentialsError::Missing(name)),
        };
        let algorithm = match algorithm {
            Some(name) => name.parse().map_err(|_| CredentialsError::Bad("algorithm"))?,
            None => Algorithm::MD5,
        };
        let hex = |name, text: &str| {
            HexDigest::parse(text)
                .filter(|digest| digest.as_bytes().len() == algorithm.hash().hex_len())
                .ok_or(CredentialsError::Bad(name))
        };
        let hashed = match hashed.as_deref() {
            None => false,
            Some(text) if text.eq_ignore_ascii_case("false") => false,
            Some(text) if text.eq_ignore_ascii_case("true") => true,
            Some(_) => return Err(CredentialsError::Bad("userhash")),
        };
        let user = match (username, extended, hashed) {
            (Some(_), Some(_), _) => return Err(CredentialsError::Repeated("username")),
            (None, Some(_), true) => return Err(CredentialsError::Bad("username*")),
            (None, Some(text), false) => DigestUser::Name(extended_value(&text)?),
            (Some(text), None, true) => DigestUser::Hashed(hex("username", &text)?),
            (name, None, _) => DigestUser::Name(required("username", name)?),
        };
        let protection = match qop {
            None if algorithm.is_session() => return Err(CredentialsError::Missing("qop")),
            None => None,
            Some(qop) => {
                let with_body = match &*qop.to_ascii_lowercase() {
                    "auth" => false,
                    "auth-int" => true,
                    _ => return Err(CredentialsError::Bad("qop")),
                };
                let count_text = required("nc", nc)?;
                let is_count =
                    count_text.len() == 8 && count_text.bytes().all(|b| b.is_ascii_hexdigit());
                let count = u32::from_str_radix(&count_text, 16).unwrap_or_default();
                if !is_count || count == 0 {
                    return Err(CredentialsError::Bad("nc"));
                }
                let client_nonce = required("cnonce", cnonce)?;
                Some(SentProtection { with_body, count_text, count, client_nonce })
            }
        };
        Ok(Self {
            user,
            realm: realm.ok_or(CredentialsError::Missing("realm"))?,
            nonce: required("nonce", nonce)?,
            uri: required("uri", uri)?,
            response: hex("response", &required("response", response)?)?,
            algorithm,
            protection,
            opaque,
        })
    }
}

/// `auth-param = token BWS "=" BWS ( token / quoted-string )` (RFC 9110, section 11.2).
fn parameter(element: &[u8]) -> Result<(&str, Cow<'_, str>), CredentialsError> {
    let syntax = CredentialsError::Syntax;
    let equals = element.iter().position(|byte| *byte == b'=').ok_or(syntax)?;
    let (name, value) = (trim_ows(&element[..equals]), trim_ows(&element[equals + 1..]));
    if !is_token(name) || value.len() > LONGEST {
        return Err(syntax);
    }
    let name = str::from_utf8(name).map_err(|_| syntax)?;
    let [b'"', rest @ ..] = value else {
        let text = str::from_utf8(value).map_err(|_| syntax)?;
        return if is_token(value) { Ok((name, text.into())) } else { Err(syntax) };
    };
    let mut escaped = false;
    let mut end = None;
    let mut escapes = 0;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            _ if *byte < b' ' && *byte != b'\t' || *byte == 0x7f => return Err(syntax),
            _ if escaped => escaped = false,
            b'\\' => (escaped, escapes) = (true, escapes + 1),
            b'"' => {
                end = Some(at);
                break;
            }
            _ => {}
        }
    }
    let inner = match end {
        Some(end) if end + 1 == rest.len() => &rest[..end],
        _ => return Err(syntax),
    };
    let text = str::from_utf8(inner).map_err(|_| CredentialsError::NotUtf8)?;
    if escapes == 0 {
        return Ok((name, text.into()));
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    Ok((name, plain.into()))
}

/// `UTF-8''Ond%C5%99ej` (RFC 8187, section 3.2): the one charset that there has to be.
fn extended_value(text: &str) -> Result<Cow<'static, str>, CredentialsError> {
    let bad = CredentialsError::Bad("username*");
    let mut parts = text.splitn(3, '\'');
    let (Some(charset), Some(_language), Some(value)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(bad);
    };
    let is_attr_char = |b: u8| b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~%".contains(&b);
    if !charset.eq_ignore_ascii_case("utf-8")
        || value.is_empty()
        || !value.bytes().all(is_attr_char)
    {
        return Err(bad);
    }
    percent::decode_utf8(value).map(|name| Cow::Owned(name.into_owned())).map_err(|_| bad)
}

/// Why credentials cannot be read. The client is to be answered 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialsError {
    /// Not a list of parameters.
    Syntax,
    /// A value that is not UTF-8.
    NotUtf8,
    /// A parameter that came twice.
    Repeated(&'static str),
    /// A parameter that is missing.
    Missing(&'static str),
    /// A parameter whose value cannot be meant.
    Bad(&'static str),
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str("the credentials are no list of parameters"),
            Self::NotUtf8 => f.write_str("the credentials are not UTF-8"),
            Self::Repeated(name) => write!(f, "the credentials have two parameters {name}"),
            Self::Missing(name) => write!(f, "the credentials have no {name}"),
            Self::Bad(name) => write!(f, "the {name} of the credentials cannot be meant"),
        }
    }
}

impl std::error::Error for CredentialsError {}
