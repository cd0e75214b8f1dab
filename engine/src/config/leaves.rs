//! The leaves of the merged configuration, for `show-config`, and their hash.

use xxhash_rust::xxh3::xxh3_64;

use super::Config;
use super::node::{self, Content, Node, Segment};
use super::origin::Origin;
use super::secret::REDACTED;

/// One value of the merged configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf<'a> {
    /// The key path, such as `vpin.buckets` or `watchlist[0]`.
    pub path: String,
    /// The value as text, redacted if secret.
    pub value: String,
    /// Where the value was written.
    pub origin: &'a Origin,
}

impl Config {
    /// Returns every value in the order of the default and then of what was added to it.
    pub fn leaves(&self) -> impl Iterator<Item = Leaf<'_>> {
        let mut leaves = Vec::new();
        each_leaf(&self.root, &mut Vec::new(), &mut |path, node| {
            let path = node::join("", path);
            leaves.push(Leaf {
                path,
                value: node.leaf_text(),
                origin: &node.origin,
            });
        });
        leaves.into_iter()
    }

    /// Returns a hash of every key path and value, whatever their order and origin.
    ///
    /// Values are compared as written: `1.0` is not `1`. Secrets do not enter, so the hash says
    /// nothing about them and is the same on machines with different ones.
    #[must_use]
    pub fn hash(&self) -> u64 {
        let mut lines = Vec::new();
        each_leaf(&self.root, &mut Vec::new(), &mut |path, node| {
            let (kind, text) = match &node.content {
                Content::Scalar(text) if node.secret || text.unset.is_some() => {
                    ("secret", REDACTED)
                }
                Content::Scalar(_) if node.is_null() => ("null", ""),
                Content::Scalar(text) => match node.resolve() {
                    Some(super::scalar::Scalar::Text) => ("text", text.text.as_str()),
                    _ => ("value", text.text.as_str()),
                },
                Content::Sequence(_) => ("list", ""),
                Content::Map(_) => ("map", ""),
            };
            // Debug notation escapes every separator.
            lines.push(format!("{:?} {kind} {text:?}\n", node::join("", path)));
        });
        lines.sort();
        xxh3_64(lines.concat().as_bytes())
    }
}

/// Visits scalars and empty collections.
fn each_leaf<'a>(
    node: &'a Node,
    path: &mut Vec<Segment>,
    visit: &mut impl FnMut(&[Segment], &'a Node),
) {
    match &node.content {
        Content::Sequence(nodes) if !nodes.is_empty() => {
            for (index, node) in nodes.iter().enumerate() {
                path.push(Segment::Index(index));
                each_leaf(node, path, visit);
                path.pop();
            }
        }
        Content::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                path.push(Segment::Key(entry.key.clone()));
                each_leaf(&entry.value, path, visit);
                path.pop();
            }
        }
        _ => visit(path, node),
    }
}
