//! What a [`Reader`] hands to serde for lists, maps and enums.

use serde::Deserializer;
use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor, value};

use super::deserialize::{Reader, Trail};
use super::failure::{Failure, Reason};
use super::node::{Entry, Node};

/// The elements of a list.
pub(super) struct List<'a> {
    reader: Reader<'a>,
    nodes: &'a [Node],
    next: usize,
    /// A tuple: no element may be left out.
    whole: bool,
}

impl<'a> List<'a> {
    pub(super) fn new(reader: Reader<'a>, nodes: &'a [Node], whole: bool) -> Self {
        Self {
            reader,
            nodes,
            next: 0,
            whole,
        }
    }
}

impl<'de> SeqAccess<'de> for List<'_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Failure> {
        let Reader { trail, probe, .. } = self.reader;
        while let Some(node) = self.nodes.get(self.next) {
            let trail = Trail::Index(trail, self.next);
            self.next += 1;
            if self.whole || !self.reader.is_deferred(&trail) {
                return Reader {
                    node,
                    trail: &trail,
                    probe,
                }
                .seed(seed)
                .map(Some);
            }
        }
        Ok(None)
    }

    fn size_hint(&self) -> Option<usize> {
        // Only a tuple is sure to hand out all that are left.
        self.whole.then(|| self.nodes.len() - self.next)
    }
}

/// The entries of a map, in the order of the pass.
pub(super) struct Map<'a> {
    reader: Reader<'a>,
    entries: std::vec::IntoIter<&'a Entry>,
    value: Option<&'a Entry>,
}

impl<'a> Map<'a> {
    pub(super) fn new(reader: Reader<'a>, entries: Vec<&'a Entry>) -> Self {
        Self {
            reader,
            entries: entries.into_iter(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Map<'_> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Failure> {
        let Some(entry) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(entry);
        let mut key = Node::scalar(entry.key.clone(), true, entry.key_origin.clone());
        if key.is_null() {
            key = Node::scalar(entry.key.clone(), false, entry.key_origin.clone());
        }
        let trail = Trail::Key(self.reader.trail, &entry.key);
        Reader {
            node: &key,
            trail: &trail,
            probe: self.reader.probe,
        }
        .seed(seed)
        .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        let Some(entry) = self.value.take() else {
            return Err(self
                .reader
                .fail(Reason::Sentence("a value without its key".to_owned())));
        };
        let trail = Trail::Key(self.reader.trail, &entry.key);
        Reader {
            node: &entry.value,
            trail: &trail,
            probe: self.reader.probe,
        }
        .seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// An enum: its kind's name alone, or as the one key of a map with the settings below.
pub(super) struct Variant<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) name: &'a str,
    pub(super) content: Option<&'a Node>,
}

impl<'a> Variant<'a> {
    /// Reads the settings; where only the name stands there are none.
    fn settings<T>(
        &self,
        read: impl FnOnce(Reader<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let none;
        let node = match self.content {
            Some(node) => node,
            None => {
                none = Node::scalar(String::new(), true, self.reader.node.origin.clone());
                &none
            }
        };
        let trail = Trail::Key(self.reader.trail, self.name);
        let reader = Reader {
            node,
            trail: &trail,
            probe: self.reader.probe,
        };
        read(reader).map_err(|failure| reader.pin(failure))
    }
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Failure> {
        let name = value::StrDeserializer::<Failure>::new(self.name);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        self.settings(|reader| {
            if reader.node.is_null() {
                Ok(())
            } else {
                reader.must_be("left empty")
            }
        })
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        self.settings(|reader| reader.seed(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.settings(|reader| reader.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.settings(|reader| visitor.visit_map(reader.fields(fields)?))
    }
}
