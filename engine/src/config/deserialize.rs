//! The serde side: a [`Reader`] walks a [`Node`] tree and knows the key path it is on.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Visitor};

use super::access::{List, Map, Variant};
use super::failure::{self, Failure, Reason};
use super::node::{self, Content, Entry, Node, Segment};
use super::problem::Problem;
use super::scalar::Scalar;

/// What one pass over a tree should put off, and what it noticed on its way.
#[derive(Default)]
pub(super) struct Probe {
    /// Key paths known to fail: of a map they are visited last, of a list left out.
    pub(super) deferred: BTreeSet<Vec<Segment>>,
    /// Keys no struct knows. They stop nothing, so they are all found in one pass.
    pub(super) unknown: RefCell<Vec<Problem>>,
}

/// The way from the root to a node.
#[derive(Clone, Copy)]
pub(super) enum Trail<'a> {
    Root(&'a Node),
    Key(&'a Trail<'a>, &'a str),
    Index(&'a Trail<'a>, usize),
}

impl Trail<'_> {
    fn segments(&self) -> Vec<Segment> {
        match self {
            Self::Root(_) => Vec::new(),
            Self::Key(up, key) => {
                let mut path = up.segments();
                path.push(Segment::Key((*key).to_owned()));
                path
            }
            Self::Index(up, index) => {
                let mut path = up.segments();
                path.push(Segment::Index(*index));
                path
            }
        }
    }

    fn base(&self) -> &str {
        match self {
            Self::Root(node) => &node.base,
            Self::Key(up, _) | Self::Index(up, _) => up.base(),
        }
    }
}

/// Deserializes from a node.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) node: &'a Node,
    pub(super) trail: &'a Trail<'a>,
    pub(super) probe: &'a Probe,
}

impl<'a> Reader<'a> {
    pub(super) fn seed<'de, S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        seed.deserialize(self).map_err(|failure| self.pin(failure))
    }

    pub(super) fn pin(&self, failure: Failure) -> Failure {
        failure.at(self.node, || self.trail.segments())
    }

    pub(super) fn fail(&self, reason: Reason) -> Failure {
        self.pin(Failure::new(reason))
    }

    pub(super) fn must_be<T>(&self, what: &str) -> Result<T, Failure> {
        Err(self.fail(Reason::Type(what.to_owned())))
    }

    pub(super) fn is_deferred(&self, trail: &Trail<'_>) -> bool {
        !self.probe.deferred.is_empty() && self.probe.deferred.contains(&trail.segments())
    }

    /// Reads a scalar, or `None` for a list or map.
    fn scalar(&self) -> Result<Option<Scalar>, Failure> {
        if let Content::Scalar(text) = &self.node.content
            && let Some(unset) = &text.unset
            && !unset.optional
        {
            return Err(self.fail(Reason::Sentence(unset.reason.clone())));
        }
        Ok(self.node.resolve())
    }

    fn text(&self) -> &'a str {
        match &self.node.content {
            Content::Scalar(text) => &text.text,
            _ => "",
        }
    }

    fn whole<T>(&self, min: T, max: T) -> Result<T, Failure>
    where
        T: Copy + TryFrom<i128> + std::fmt::Display,
    {
        let bounds = || self.fail(Reason::Bounds(format!("{min} to {max}")));
        match self.scalar()? {
            Some(Scalar::Whole(number)) => T::try_from(number).map_err(|_| bounds()),
            // Digits beyond every integer type: a whole number all the same.
            Some(Scalar::Real(_)) if is_whole(self.text()) => Err(bounds()),
            _ => self.must_be("a whole number"),
        }
    }

    fn real(&self) -> Result<f64, Failure> {
        match self.scalar()? {
            #[expect(clippy::cast_precision_loss, reason = "a float was asked for")]
            Some(Scalar::Whole(number)) => Ok(number as f64),
            Some(Scalar::Real(number)) if number.is_finite() => Ok(number),
            _ => self.must_be("a finite number"),
        }
    }

    fn list(&self, length: Option<usize>) -> Result<List<'a>, Failure> {
        let Content::Sequence(nodes) = &self.node.content else {
            return match length {
                Some(length) => self.must_be(&format!("a list of {length} values")),
                None => self.must_be("a list"),
            };
        };
        match length {
            Some(length) if length != nodes.len() => {
                let found = nodes.len();
                let message =
                    format!("found a list of {found} values, must be a list of {length} values");
                Err(self.fail(Reason::Sentence(message)))
            }
            _ => Ok(List::new(*self, nodes, length.is_some())),
        }
    }

    fn map(&self, entries: impl Iterator<Item = &'a Entry>) -> Map<'a> {
        let (mut first, last): (Vec<_>, Vec<_>) =
            entries.partition(|entry| !self.is_deferred(&Trail::Key(self.trail, &entry.key)));
        first.extend(last);
        Map::new(*self, first)
    }

    /// The map of a struct, without the keys it does not know: those are noted.
    pub(super) fn fields(&self, known: &'static [&'static str]) -> Result<Map<'a>, Failure> {
        let entries = match &self.node.content {
            Content::Map(entries) => entries.as_slice(),
            // A section without a line in it: what it lacks is then named.
            _ if self.node.is_null() => &[],
            _ => return self.must_be(&format!("a map with {}", known.join(", "))),
        };
        let is_known = |entry: &&Entry| known.contains(&entry.key.as_str());
        for entry in entries.iter().filter(|entry| !is_known(entry)) {
            let path = node::join(self.trail.base(), &self.trail.segments());
            let message = failure::unknown_key(&entry.key, &path, known);
            let mut key_path = path;
            node::push_key(&mut key_path, &entry.key);
            let problem = Problem::key(Some(entry.key_origin.clone()), key_path, message);
            self.probe.unknown.borrow_mut().push(problem);
        }
        Ok(self.map(entries.iter().filter(is_known)))
    }
}

fn is_whole(text: &str) -> bool {
    text.trim_start_matches(['-', '+'])
        .bytes()
        .all(|b| b.is_ascii_digit())
}

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $number:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            visitor.$visit(self.whole(<$number>::MIN, <$number>::MAX)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match (self.scalar()?, &self.node.content) {
            (Some(Scalar::Null), _) => visitor.visit_unit(),
            (Some(Scalar::Bool(value)), _) => visitor.visit_bool(value),
            (Some(Scalar::Whole(number)), _) => {
                match (u64::try_from(number), i64::try_from(number)) {
                    (Ok(number), _) => visitor.visit_u64(number),
                    (_, Ok(number)) => visitor.visit_i64(number),
                    _ => visitor.visit_i128(number),
                }
            }
            (Some(Scalar::Real(_)), _) => visitor.visit_f64(self.real()?),
            (Some(Scalar::Text), _) => visitor.visit_str(self.text()),
            (None, Content::Map(entries)) => visitor.visit_map(self.map(entries.iter())),
            (None, _) => visitor.visit_seq(self.list(None)?),
        }
    }

    whole_numbers! {
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_u128 visit_u128 u128;
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_i128 visit_i128 i128;
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.scalar()? {
            Some(Scalar::Bool(value)) => visitor.visit_bool(value),
            _ => self.must_be("true or false"),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let number = self.real()?;
        if number.abs() > f64::from(f32::MAX) {
            return Err(self.fail(Reason::Bounds(format!("{} to {}", f32::MIN, f32::MAX))));
        }
        visitor.visit_f64(number)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_f64(self.real()?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.scalar()? {
            None | Some(Scalar::Null) => self.must_be("text"),
            Some(_) => visitor.visit_str(self.text()),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.node.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.node.is_null() {
            visitor.visit_unit()
        } else {
            self.must_be("left empty")
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_seq(self.list(None)?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_seq(self.list(Some(length))?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.node.content {
            Content::Map(entries) => visitor.visit_map(self.map(entries.iter())),
            _ => self.must_be("a map"),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_map(self.fields(fields)?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let is_known = |name: &str| variants.contains(&name);
        let unknown = |name: &str| self.fail(Reason::Variant(name.to_owned(), variants));
        match (self.scalar()?, self.node.entries()) {
            (Some(Scalar::Null), _) | (None, []) => {
                self.must_be(&format!("one of {}", variants.join(", ")))
            }
            (Some(_), _) if is_known(self.text()) => visitor.visit_enum(Variant {
                reader: self,
                name: self.text(),
                content: None,
            }),
            (Some(_), _) => Err(unknown(self.text())),
            (None, [entry]) if is_known(&entry.key) => {
                let content = Some(&entry.value);
                visitor.visit_enum(Variant {
                    reader: self,
                    name: &entry.key,
                    content,
                })
            }
            (None, [entry]) => Err(unknown(&entry.key).moved_to(&entry.key_origin)),
            (None, entries) => {
                let names: Vec<&str> = entries.iter().map(|e| e.key.as_str()).collect();
                Err(self.fail(Reason::Sentence(format!(
                    "found a map with {}, must be one of {}",
                    names.join(", "),
                    variants.join(", ")
                ))))
            }
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }
}
