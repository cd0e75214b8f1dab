//! Parser events to a [`Node`] tree: what is refused, and how much is allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Marker, ScalarStyle, Span};

use super::node::{self, Content, Entry, Node};
use super::origin::{Layer, Origin};
use super::secret;

/// The most nodes a text may hold once aliases are expanded.
const NODES_MAX: usize = 200_000;
/// The deepest nesting, once aliases are expanded.
pub(super) const DEPTH_MAX: usize = 64;

/// Why a text was refused, and where.
pub(super) struct Refused {
    pub(super) at: Marker,
    pub(super) message: String,
}

/// A collection that is still open.
enum Frame {
    Sequence {
        node: Node,
        anchor: usize,
        secret: bool,
    },
    Map {
        node: Node,
        anchor: usize,
        keys: BTreeSet<String>,
        key: Option<Key>,
        secret: bool,
    },
}

struct Key {
    text: String,
    origin: Origin,
    secret: bool,
}

impl Frame {
    fn is_secret(&self) -> bool {
        match self {
            Self::Sequence { secret, .. } => *secret,
            Self::Map { secret, key, .. } => *secret || key.as_ref().is_some_and(|k| k.secret),
        }
    }

    fn awaits_key(&self) -> bool {
        matches!(self, Self::Map { key: None, .. })
    }
}

/// An anchored node with its size, so that an alias is counted before it is copied.
struct Anchored {
    node: Node,
    nodes: usize,
    height: usize,
}

/// Builds the tree of one document, event by event.
pub(super) struct Builder<'a> {
    layer: &'a Layer,
    stack: Vec<Frame>,
    pub(super) root: Option<Node>,
    anchors: BTreeMap<usize, Anchored>,
    nodes: usize,
    pub(super) secret_spans: Vec<Range<usize>>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(layer: &'a Layer) -> Self {
        Self {
            layer,
            stack: Vec::new(),
            root: None,
            anchors: BTreeMap::new(),
            nodes: 0,
            secret_spans: Vec::new(),
        }
    }

    pub(super) fn origin(&self, at: &Marker) -> Origin {
        Origin::new(self.layer.clone(), at.line().max(1), at.col() + 1)
    }

    /// Says whether the place that is being read is under a secret key.
    pub(super) fn is_in_secret(&self) -> bool {
        self.stack.iter().any(Frame::is_secret)
    }

    /// The key path of the place that is being read.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for frame in &self.stack {
            match frame {
                Frame::Sequence { node, .. } => {
                    path.push_str(&format!("[{}]", node.elements().len()));
                }
                Frame::Map { key: Some(key), .. } => {
                    node::push_key(&mut path, &key.text);
                    if key.secret {
                        break;
                    }
                }
                Frame::Map { key: None, .. } => {}
            }
        }
        path
    }

    /// Takes the next event of the parser.
    pub(super) fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), Refused> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.open(span, tag.is_some())?;
                let plain = style == ScalarStyle::Plain;
                if self.stack.last().is_some_and(Frame::awaits_key) {
                    self.defines_no_key_anchor(span, anchor)?;
                    return self.key(&text, plain, span);
                }
                if self.stack.last().is_some_and(Frame::is_secret) {
                    self.secret_spans.extend(span.byte_range());
                }
                let node = Node::scalar(text.into_owned(), plain, self.origin(&span.start));
                self.close(node, anchor);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open_collection(span, tag.is_some())?;
                let node = Node::new(Content::Sequence(Vec::new()), self.origin(&span.start));
                let secret = self.stack.last().is_some_and(Frame::is_secret);
                self.stack.push(Frame::Sequence {
                    node,
                    anchor,
                    secret,
                });
            }
            Event::MappingStart(_, anchor, tag) => {
                self.open_collection(span, tag.is_some())?;
                let node = Node::empty_map(self.origin(&span.start));
                let secret = self.stack.last().is_some_and(Frame::is_secret);
                let keys = BTreeSet::new();
                self.stack.push(Frame::Map {
                    node,
                    anchor,
                    keys,
                    key: None,
                    secret,
                });
            }
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(Frame::Sequence { node, anchor, .. } | Frame::Map { node, anchor, .. }) => {
                    self.close(node, anchor);
                }
                None => return refuse(span, "not valid YAML: an end without a beginning"),
            },
            Event::Alias(anchor) => self.alias(anchor, span)?,
            _ => {}
        }
        Ok(())
    }

    /// Counts a node and refuses what no node may be.
    fn open(&mut self, span: &Span, tagged: bool) -> Result<(), Refused> {
        if tagged {
            return refuse(
                span,
                "YAML tags (`!…`) are not allowed, quote a value to make it text",
            );
        }
        self.count(1, span)
    }

    fn open_collection(&mut self, span: &Span, tagged: bool) -> Result<(), Refused> {
        self.open(span, tagged)?;
        if self.stack.last().is_some_and(Frame::awaits_key) {
            return refuse(span, "a list or map is not allowed as a key, must be text");
        }
        if self.stack.len() >= DEPTH_MAX {
            return refuse(
                span,
                &format!("nested too deep, must be at most {DEPTH_MAX} levels"),
            );
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize, span: &Span) -> Result<(), Refused> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > NODES_MAX {
            return refuse(
                span,
                &format!("too many values, must be at most {NODES_MAX}"),
            );
        }
        Ok(())
    }

    fn defines_no_key_anchor(&self, span: &Span, anchor: usize) -> Result<(), Refused> {
        if anchor == 0 {
            Ok(())
        } else {
            refuse(span, "an anchor on a key is not allowed")
        }
    }

    fn key(&mut self, text: &str, plain: bool, span: &Span) -> Result<(), Refused> {
        let origin = self.origin(&span.start);
        let Some(Frame::Map { keys, key, .. }) = self.stack.last_mut() else {
            return Ok(());
        };
        if plain && text == "<<" {
            return refuse(
                span,
                "merge keys (`<<`) are not allowed, write the keys out",
            );
        }
        if plain && matches!(text, "" | "~") {
            return refuse(span, "an empty key is not allowed, must be text");
        }
        if !keys.insert(text.to_owned()) {
            return refuse(span, &format!("duplicate key `{}`", text.escape_debug()));
        }
        let secret = secret::is_secret_name(text);
        *key = Some(Key {
            text: text.to_owned(),
            origin,
            secret,
        });
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: &Span) -> Result<(), Refused> {
        if self.stack.last().is_some_and(Frame::awaits_key) {
            return refuse(span, "an alias is not allowed as a key, must be text");
        }
        let Some(anchored) = self.anchors.get(&anchor) else {
            return refuse(span, "an alias inside its own anchor is not allowed");
        };
        if self.stack.len() + anchored.height > DEPTH_MAX {
            return refuse(
                span,
                &format!("nested too deep, must be at most {DEPTH_MAX} levels"),
            );
        }
        let nodes = anchored.nodes;
        self.count(nodes, span)?;
        if let Some(anchored) = self.anchors.get(&anchor) {
            let node = anchored.node.clone();
            self.close(node, 0);
        }
        Ok(())
    }

    /// Hands a finished node to the collection around it.
    fn close(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            let (nodes, height) = measure(&node);
            self.anchors.insert(
                anchor,
                Anchored {
                    node: node.clone(),
                    nodes,
                    height,
                },
            );
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Frame::Sequence {
                node:
                    Node {
                        content: Content::Sequence(list),
                        ..
                    },
                ..
            }) => {
                list.push(node);
            }
            Some(Frame::Map {
                node:
                    Node {
                        content: Content::Map(entries),
                        ..
                    },
                key,
                ..
            }) => {
                if let Some(key) = key.take() {
                    let mut node = node;
                    // A collection stands where its key does; so does a value left empty.
                    if node.is_null() || !matches!(node.content, Content::Scalar(_)) {
                        node.origin = key.origin.clone();
                    }
                    entries.push(Entry {
                        key: key.text,
                        key_origin: key.origin,
                        value: node,
                    });
                }
            }
            Some(_) => {}
        }
    }
}

pub(super) fn refuse<T>(span: &Span, message: &str) -> Result<T, Refused> {
    Err(Refused {
        at: span.start,
        message: message.to_owned(),
    })
}

/// Counts the nodes of a tree and its levels of collections.
fn measure(node: &Node) -> (usize, usize) {
    let children: Vec<&Node> = match &node.content {
        Content::Scalar(_) => return (1, 0),
        Content::Sequence(nodes) => nodes.iter().collect(),
        Content::Map(entries) => entries.iter().map(|entry| &entry.value).collect(),
    };
    children
        .into_iter()
        .map(measure)
        .fold((1, 1), |(nodes, height), (n, h)| {
            (nodes + n, height.max(h + 1))
        })
}
