//! What goes wrong while a tree becomes a typed value: the error of the [`Reader`].
//!
//! [`Reader`]: super::deserialize::Reader

use std::fmt;

use serde::de;

use super::nearest;
use super::node::{self, Content, Node, Segment};
use super::origin::Origin;
use super::problem::{self, Problem};
use super::secret::{self, REDACTED};

/// One failure; serde stops at the first.
#[derive(Debug)]
pub(super) struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    reason: Reason,
    place: Option<Place>,
}

/// Why a value was refused.
#[derive(Debug)]
pub(super) enum Reason {
    /// In somebody else's words.
    Custom(String),
    /// The wrong type; says what it must be.
    Type(String),
    /// The wrong type as serde sees it, which may be that of a part of the node: what was found
    /// and what it must be.
    Kind(&'static str, String),
    /// The right type, out of bounds; says what it must be.
    Bounds(String),
    /// A whole sentence of our own.
    Sentence(String),
    /// A key that is needed and not there.
    Missing(&'static str),
    /// A key that is there and not known.
    Unknown(String, &'static [&'static str]),
    /// A name that is none of an enum's.
    Variant(String, &'static [&'static str]),
}

/// Where it was refused.
#[derive(Debug)]
struct Place {
    path: Vec<Segment>,
    origin: Origin,
    found: Option<String>,
    found_with_type: String,
    secret: bool,
}

impl Failure {
    pub(super) fn new(reason: Reason) -> Self {
        Self(Box::new(Inner {
            reason,
            place: None,
        }))
    }

    /// Pins the failure to a node, unless it is pinned deeper already.
    pub(super) fn at(mut self, node: &Node, path: impl FnOnce() -> Vec<Segment>) -> Self {
        if self.0.place.is_none() {
            let scalar = matches!(node.content, Content::Scalar(_));
            self.0.place = Some(Place {
                path: path(),
                origin: node.origin.clone(),
                found: scalar.then(|| node.found()),
                found_with_type: node.found_with_type(),
                secret: node.secret,
            });
        }
        self
    }

    /// Moves a pinned failure to another origin, such as that of the key.
    pub(super) fn moved_to(mut self, origin: &Origin) -> Self {
        if let Some(place) = &mut self.0.place {
            place.origin = origin.clone();
        }
        self
    }

    pub(super) fn is_missing_key(&self) -> bool {
        matches!(self.0.reason, Reason::Missing(_))
    }

    /// Returns the key path below the root that was read, and the sentence about it.
    pub(super) fn into_problem(self, root: &Node) -> (Vec<Segment>, Problem) {
        let unpinned = || Place {
            path: Vec::new(),
            origin: root.origin.clone(),
            found: None,
            found_with_type: root.found_with_type(),
            secret: root.secret,
        };
        let Inner { reason, place } = *self.0;
        let place = place.unwrap_or_else(unpinned);
        let path = node::join(&root.base, &place.path);
        let message = match reason {
            Reason::Missing(key) => {
                let within = if path.is_empty() {
                    String::new()
                } else if place.path.is_empty() {
                    format!(" in section `{path}`")
                } else {
                    format!(" in `{path}`")
                };
                let message = format!("missing key `{key}`{within}");
                return (place.path, Problem::key(Some(place.origin), path, message));
            }
            Reason::Unknown(key, known) => {
                let message = unknown_key(&key, &path, known);
                return (place.path, Problem::key(Some(place.origin), path, message));
            }
            Reason::Custom(_) if place.secret => format!("{REDACTED} is not allowed"),
            Reason::Custom(message) => {
                let mut secrets = Vec::new();
                root.secrets(&mut secrets);
                problem::refusal(place.found.as_deref(), &secret::scrub(&message, &secrets))
            }
            Reason::Type(must) => format!("found {}, must be {must}", place.found_with_type),
            Reason::Kind(_, must) if place.found.is_some() => {
                format!("found {}, must be {must}", place.found_with_type)
            }
            Reason::Kind(found, must) => format!("found {found} in it, must be {must}"),
            Reason::Bounds(must) => {
                let found = place.found.unwrap_or(place.found_with_type);
                format!("{found} is not allowed, must be {must}")
            }
            Reason::Sentence(message) => message,
            Reason::Variant(_, known) if place.secret => {
                format!("{REDACTED} is not allowed (allowed: {})", known.join(", "))
            }
            Reason::Variant(name, known) => {
                let tail = nearest::suggestion(&name, known);
                format!("unknown value `{}`{tail}", name.escape_debug())
            }
        };
        (
            place.path,
            Problem::value(Some(place.origin), path, message),
        )
    }
}

/// Names the kind of what serde found; its value may be a secret.
fn kind(found: &de::Unexpected<'_>) -> &'static str {
    match found {
        de::Unexpected::Bool(_) => "true or false",
        de::Unexpected::Unsigned(_) | de::Unexpected::Signed(_) => "a whole number",
        de::Unexpected::Float(_) => "a number",
        de::Unexpected::Char(_) | de::Unexpected::Str(_) | de::Unexpected::Bytes(_) => "text",
        de::Unexpected::Unit | de::Unexpected::Option => "nothing",
        de::Unexpected::Seq => "a list",
        de::Unexpected::Map => "a map",
        _ => "something else",
    }
}

/// Puts what serde's own types expect into the words of this module.
fn in_words(expected: String) -> String {
    let words = match expected.as_str() {
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a finite number",
        "a boolean" => "true or false",
        "a string" => "text",
        "a sequence" => "a list",
        "unit" => "left empty",
        _ => return expected,
    };
    words.to_owned()
}

/// Says that a key of the map at `path` is not known.
pub(super) fn unknown_key(key: &str, path: &str, known: &[&str]) -> String {
    let within = if path.is_empty() {
        String::new()
    } else {
        format!(" in `{path}`")
    };
    format!(
        "unknown key `{}`{within}{}",
        key.escape_debug(),
        nearest::suggestion(key, known)
    )
}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Reason::Custom(message.to_string()))
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(Reason::Kind(kind(&found), in_words(expected.to_string())))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(Reason::Bounds(expected.to_string()))
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        Self::new(Reason::Sentence(format!(
            "found {length} values, must be {expected}"
        )))
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(Reason::Variant(name.to_owned(), known))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(Reason::Unknown(name.to_owned(), known))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(Reason::Missing(name))
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::new(Reason::Sentence(format!(
            "`{name}` is given twice, under two of its names"
        )))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.reason)
    }
}

impl std::error::Error for Failure {}
