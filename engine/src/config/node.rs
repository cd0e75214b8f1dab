//! The tree that YAML text becomes: scalars, sequences and maps that know where they stand.

use std::fmt;
use std::sync::Arc;

use super::origin::{Layer, Origin};
use super::scalar::{self, Scalar};
use super::secret::{self, REDACTED};

/// A value of the configuration with its origin; `Debug` shows it with secrets redacted.
#[derive(Clone, PartialEq)]
pub struct Node {
    pub(super) content: Content,
    pub(super) origin: Origin,
    /// Holds a secret, by its key's name or because the environment filled it in.
    pub(super) secret: bool,
    /// The key path of the place this node was taken from, empty for a root.
    pub(super) base: String,
}

/// What a node holds.
#[derive(Clone, PartialEq)]
pub(super) enum Content {
    Scalar(Text),
    Sequence(Vec<Node>),
    Map(Vec<Entry>),
}

/// A scalar as written, before a type is asked of it.
#[derive(Clone, PartialEq)]
pub(super) struct Text {
    pub(super) text: String,
    /// Written without quotes, so that the core schema decides what it is.
    pub(super) plain: bool,
    /// Why this value could not be filled from the environment.
    pub(super) unset: Option<Unset>,
}

/// A reference to the environment that found nothing.
#[derive(Clone, PartialEq)]
pub(super) struct Unset {
    /// The sentence to show when the value is needed.
    pub(super) reason: String,
    /// Whether a setting that may be absent is simply absent.
    pub(super) optional: bool,
}

/// A key of a map with its value, in the order of the file.
#[derive(Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_origin: Origin,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn new(content: Content, origin: Origin) -> Self {
        Self {
            content,
            origin,
            secret: false,
            base: String::new(),
        }
    }

    pub(super) fn scalar(text: String, plain: bool, origin: Origin) -> Self {
        Self::new(
            Content::Scalar(Text {
                text,
                plain,
                unset: None,
            }),
            origin,
        )
    }

    pub(super) fn empty_map(origin: Origin) -> Self {
        Self::new(Content::Map(Vec::new()), origin)
    }

    /// Returns where this value was written.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Says whether nothing was written: an empty value, `~` or `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.resolve(), Some(Scalar::Null))
    }

    /// Returns the value of a key, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// Removes a key from a map and returns its value.
    ///
    /// The value remembers its key path, so that messages about it still name the whole of it.
    pub fn take(&mut self, key: &str) -> Option<Self> {
        let Content::Map(entries) = &mut self.content else {
            return None;
        };
        let at = entries.iter().position(|entry| entry.key == key)?;
        let mut value = entries.remove(at).value;
        value.base = self.base.clone();
        push_key(&mut value.base, key);
        Some(value)
    }

    /// Returns the keys of a map in the order of the file; of anything else none.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries().iter().map(|entry| entry.key.as_str())
    }

    /// Returns the elements of a sequence; of anything else none.
    #[must_use]
    pub fn elements(&self) -> &[Self] {
        match &self.content {
            Content::Sequence(elements) => elements,
            _ => &[],
        }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// Reads the scalar by the core schema; `None` for sequences and maps.
    pub(super) fn resolve(&self) -> Option<Scalar> {
        match &self.content {
            Content::Scalar(Text {
                unset: Some(unset), ..
            }) => Some(if unset.optional {
                Scalar::Null
            } else {
                Scalar::Text
            }),
            Content::Scalar(text) if text.plain => Some(scalar::resolve(&text.text)),
            Content::Scalar(_) => Some(Scalar::Text),
            _ => None,
        }
    }

    /// Visits every origin in the tree, those of keys included.
    pub(super) fn each_origin(&mut self, change: &mut impl FnMut(&mut Origin)) {
        change(&mut self.origin);
        match &mut self.content {
            Content::Scalar(_) => {}
            Content::Sequence(nodes) => nodes.iter_mut().for_each(|n| n.each_origin(change)),
            Content::Map(entries) => {
                for entry in entries {
                    change(&mut entry.key_origin);
                    entry.value.each_origin(change);
                }
            }
        }
    }

    /// Declares the tree of a scenario file to be overrides.
    pub(super) fn into_scenario(mut self) -> Self {
        self.each_origin(&mut |origin| {
            if let Layer::File(name) = origin.layer() {
                let name = Arc::clone(name);
                origin.set_layer(Layer::Scenario(name));
            }
        });
        self
    }

    /// Marks what stands under a secret key, and with `inherited` everything, as secret.
    pub(super) fn mark_secrets(&mut self, inherited: bool) {
        self.secret |= inherited;
        let secret = self.secret;
        match &mut self.content {
            Content::Scalar(_) => {}
            Content::Sequence(nodes) => nodes.iter_mut().for_each(|n| n.mark_secrets(secret)),
            Content::Map(entries) => {
                for entry in entries {
                    entry
                        .value
                        .mark_secrets(secret || secret::is_secret_name(&entry.key));
                }
            }
        }
    }

    /// Collects the text of every secret in the tree.
    pub(super) fn secrets<'a>(&'a self, found: &mut Vec<&'a str>) {
        match &self.content {
            Content::Scalar(text) if self.secret && text.unset.is_none() && !self.is_null() => {
                found.push(&text.text);
            }
            Content::Scalar(_) => {}
            Content::Sequence(nodes) => nodes.iter().for_each(|node| node.secrets(found)),
            Content::Map(entries) => entries.iter().for_each(|e| e.value.secrets(found)),
        }
    }

    /// Describes the value for a message: `5`, `"fifty"`, `a list`, redacted if secret.
    pub(super) fn found(&self) -> String {
        const LENGTH_MAX: usize = 60;
        match &self.content {
            Content::Sequence(_) => "a list".to_owned(),
            Content::Map(_) => "a map".to_owned(),
            Content::Scalar(Text {
                unset: Some(unset), ..
            }) => {
                format!("nothing ({})", unset.reason)
            }
            Content::Scalar(_) if self.is_null() => "nothing".to_owned(),
            Content::Scalar(_) if self.secret => REDACTED.to_owned(),
            Content::Scalar(text) => {
                let mut shown: String = text.text.chars().take(LENGTH_MAX).collect();
                if shown.len() < text.text.len() {
                    shown.push('…');
                }
                match self.resolve() {
                    Some(Scalar::Text) => format!("{shown:?}"),
                    _ => shown,
                }
            }
        }
    }

    /// Describes the value with its type where the type is what is wrong.
    pub(super) fn found_with_type(&self) -> String {
        let found = self.found();
        match self.resolve() {
            Some(Scalar::Text) if found != REDACTED => format!("{found} (text)"),
            _ => found,
        }
    }

    /// Describes the value where a rule is broken: of a list the length may be what is wrong.
    pub(super) fn found_for_rule(&self) -> String {
        match &self.content {
            Content::Sequence(nodes) => format!("a list of {}", nodes.len()),
            Content::Map(entries) => format!("a map of {}", entries.len()),
            Content::Scalar(_) => self.found(),
        }
    }

    /// The value of a leaf as `show-config` prints it.
    pub(super) fn leaf_text(&self) -> String {
        match &self.content {
            Content::Sequence(_) => "[]".to_owned(),
            Content::Map(_) => "{}".to_owned(),
            Content::Scalar(text) if text.unset.is_some() => "(not set)".to_owned(),
            Content::Scalar(_) if self.is_null() => "null".to_owned(),
            Content::Scalar(_) if self.secret => REDACTED.to_owned(),
            Content::Scalar(text) => {
                let ambiguous = !text.plain && scalar::resolve(&text.text) != Scalar::Text;
                if ambiguous || text.text.chars().any(char::is_control) {
                    format!("{:?}", text.text)
                } else {
                    text.text.clone()
                }
            }
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug(f, self.secret)
    }
}

impl Node {
    /// A node not yet marked is redacted by the names of the keys above it as well.
    fn debug(&self, f: &mut fmt::Formatter<'_>, secret: bool) -> fmt::Result {
        struct Shown<'a>(&'a Node, bool);
        impl fmt::Debug for Shown<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.debug(f, self.1)
            }
        }
        match &self.content {
            Content::Scalar(_) if (secret || self.secret) && !self.is_null() => {
                f.write_str(REDACTED)
            }
            Content::Scalar(_) => f.write_str(&self.leaf_text()),
            Content::Sequence(nodes) => f
                .debug_list()
                .entries(nodes.iter().map(|node| Shown(node, secret)))
                .finish(),
            Content::Map(entries) => f
                .debug_map()
                .entries(entries.iter().map(|entry| {
                    let secret = secret || secret::is_secret_name(&entry.key);
                    (&entry.key, Shown(&entry.value, secret))
                }))
                .finish(),
        }
    }
}

/// One step of a key path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

/// Appends a key to a path; a key that holds a dot or the like is quoted.
pub(super) fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    let simple = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    if !key.is_empty() && key.chars().all(simple) {
        path.push_str(key);
    } else {
        path.push_str(&format!("{key:?}"));
    }
}

/// Writes a key path as in messages: `recorded[0].lean_ticks.dir`.
pub(super) fn join(base: &str, path: &[Segment]) -> String {
    let mut text = base.to_owned();
    for segment in path {
        match segment {
            Segment::Key(key) => push_key(&mut text, key),
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_file;

    #[test]
    fn a_taken_value_remembers_its_path() {
        let mut root = parse_file("s.yaml", "market: {underlyings: x}\nseed: 7\n").unwrap();
        let market = root.take("market").unwrap();
        assert_eq!(root.keys().collect::<Vec<_>>(), ["seed"]);
        assert!(root.take("market").is_none());
        let error = market
            .deserialize::<std::collections::BTreeMap<String, u32>>()
            .unwrap_err();
        let expected = "s.yaml:1:23: market.underlyings: found \"x\" (text), \
                        must be a whole number";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn debug_redacts_by_name() {
        let root =
            parse_file("c.yaml", "a: {api_key: hush, b: [1, x]}\nbot_token: [h, ~]").unwrap();
        let shown = "{\"a\": {\"api_key\": (redacted), \"b\": [1, x]}, \
                     \"bot_token\": [(redacted), null]}";
        assert_eq!(format!("{root:?}"), shown);
    }

    #[test]
    fn a_key_with_a_dot_is_quoted_in_paths() {
        let path = [
            Segment::Key("a".into()),
            Segment::Index(2),
            Segment::Key("b.c".into()),
        ];
        assert_eq!(join("root", &path), "root.a[2].\"b.c\"");
    }
}
