//! What the environment says: `${NAME}` in values, and `ALPHATRADER__SECTION__KEY=value`.

use std::collections::BTreeMap;

use super::builder::DEPTH_MAX;
use super::node::{self, Content, Entry, Node, Segment, Text, Unset};
use super::origin::{Layer, Origin};
use super::parse;
use super::problem::{ConfigError, Problem};
use super::secret;

/// What a variable's name begins with to override a value.
pub const PREFIX: &str = "ALPHATRADER__";

/// Fills `${NAME}` and `${NAME:?hint}` in every scalar that came from a text with lines.
///
/// What is filled in becomes secret. A value that is nothing but `${NAME}` and finds no such
/// variable counts as absent; any other reference to it is refused when the value is needed.
/// `$${` stands for a literal `${`. Filled-in text is not looked at again.
pub(super) fn fill(node: &mut Node, variables: &BTreeMap<String, String>) -> Vec<Problem> {
    let mut problems = Vec::new();
    fill_node(node, &mut Vec::new(), variables, &mut problems);
    problems
}

fn fill_node(
    node: &mut Node,
    path: &mut Vec<Segment>,
    variables: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) {
    match &mut node.content {
        Content::Sequence(nodes) => {
            for (index, node) in nodes.iter_mut().enumerate() {
                path.push(Segment::Index(index));
                fill_node(node, path, variables, problems);
                path.pop();
            }
        }
        Content::Map(entries) => {
            for entry in entries {
                path.push(Segment::Key(entry.key.clone()));
                fill_node(&mut entry.value, path, variables, problems);
                path.pop();
            }
        }
        Content::Scalar(text) => {
            if !text.text.contains("${") || !node.origin.layer().has_lines() {
                return;
            }
            match expand(&text.text, variables) {
                Ok(expanded) => {
                    text.text = expanded.text;
                    node.secret |= expanded.secret;
                }
                Err(Failed::Unset(unset)) => text.unset = Some(unset),
                Err(Failed::Malformed(message)) => {
                    let origin = Some(node.origin.clone());
                    problems.push(Problem::value(origin, node::join("", path), message));
                }
            }
        }
    }
}

struct Expanded {
    text: String,
    secret: bool,
}

enum Failed {
    Unset(Unset),
    Malformed(String),
}

fn expand(text: &str, variables: &BTreeMap<String, String>) -> Result<Expanded, Failed> {
    let mut expanded = Expanded {
        text: String::new(),
        secret: false,
    };
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let before = &rest[..at];
        if let Some(escaped) = before.strip_suffix('$') {
            expanded.text.push_str(escaped);
            expanded.text.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        expanded.text.push_str(before);
        let reference = Reference::parse(&rest[at..])?;
        rest = &rest[at + reference.length..];
        let value = variables
            .get(reference.name)
            .filter(|v| !(reference.required && v.is_empty()));
        let Some(value) = value else {
            let whole = reference.length == text.len();
            return Err(Failed::Unset(Unset {
                reason: reference.absence(),
                optional: whole && !reference.required,
            }));
        };
        expanded.text.push_str(value);
        expanded.secret = true;
    }
    expanded.text.push_str(rest);
    Ok(expanded)
}

/// One `${NAME}` or `${NAME:?hint}`.
struct Reference<'a> {
    name: &'a str,
    hint: &'a str,
    required: bool,
    length: usize,
}

impl<'a> Reference<'a> {
    fn parse(text: &'a str) -> Result<Self, Failed> {
        // Only the name is repeated: what follows it may be a secret in the wrong place.
        const ALLOWED: &str = "must be ${NAME} or ${NAME:?hint}, or $${ for a literal ${";
        let malformed = |what: &str| Failed::Malformed(format!("{what} is not allowed, {ALLOWED}"));
        let (inner, _) = text[2..]
            .split_once('}')
            .ok_or_else(|| malformed("`${` without its `}`"))?;
        let length = inner.len() + 3;
        let (name, hint) = match inner.split_once(":?") {
            Some((name, hint)) => (name, Some(hint)),
            None => (inner, None),
        };
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let named = name.chars().all(letters) && name.starts_with(|c: char| !c.is_ascii_digit());
        if !named {
            let shown: String = name.chars().take_while(|c| letters(*c)).collect();
            return Err(malformed(&format!("`${{{shown}…}}`")));
        }
        Ok(Self {
            name,
            hint: hint.unwrap_or(""),
            required: hint.is_some(),
            length,
        })
    }

    fn absence(&self) -> String {
        let colon = if self.hint.is_empty() { "" } else { ": " };
        format!(
            "environment variable `{}` is not set{colon}{}",
            self.name, self.hint
        )
    }
}

/// Turns the variables that begin with [`PREFIX`] into trees of one value each.
///
/// A key is matched without regard to case against those of `known`, else taken in lower case, so
/// that the section it lands in refuses it by name if it does not exist.
pub(super) fn overrides(
    variables: &BTreeMap<String, String>,
    known: &Node,
) -> (Vec<Node>, Vec<Problem>) {
    let mut trees = Vec::new();
    let mut problems = Vec::new();
    let mut seen: BTreeMap<Vec<String>, &str> = BTreeMap::new();
    for (name, text) in variables {
        let Some(keys) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let origin = Origin::new(Layer::Env(name.as_str().into()), 1, 1);
        let mut refuse = |message: String| {
            problems.push(Problem::key(Some(origin.clone()), String::new(), message));
        };
        if keys.split("__").any(str::is_empty) {
            refuse(format!(
                "an empty key is not allowed, must be {PREFIX}SECTION__KEY"
            ));
            continue;
        }
        if keys.split("__").count() > DEPTH_MAX {
            refuse(format!("too many keys, must be at most {DEPTH_MAX}"));
            continue;
        }
        let path = match_keys(keys, known);
        if let Some(other) = seen.insert(path.clone(), name) {
            refuse(format!("`{}` is set by {other} as well", path.join(".")));
            continue;
        }
        match tree(&path, text, &origin) {
            Ok(tree) => trees.push(tree),
            Err(error) => problems.extend(error.problems().iter().cloned()),
        }
    }
    (trees, problems)
}

fn match_keys(keys: &str, known: &Node) -> Vec<String> {
    let mut node = Some(known);
    let mut path = Vec::new();
    for key in keys.split("__") {
        let entries = node.map_or(&[][..], Node::entries);
        let entry = entries
            .iter()
            .find(|entry| entry.key.eq_ignore_ascii_case(key));
        path.push(entry.map_or_else(|| key.to_ascii_lowercase(), |entry| entry.key.clone()));
        node = entry.map(|entry| &entry.value);
    }
    path
}

/// Builds the tree that holds one value at the end of a path.
pub(super) fn tree(path: &[String], text: &str, origin: &Origin) -> Result<Node, ConfigError> {
    let secret = path.iter().any(|key| secret::is_secret_name(key));
    let mut node = value(text, secret, origin)?;
    for key in path.iter().rev() {
        let entry = Entry {
            key: key.clone(),
            key_origin: origin.clone(),
            value: node,
        };
        node = Node::new(Content::Map(vec![entry]), origin.clone());
    }
    Ok(node)
}

/// Reads the text of a variable or flag: a list, a map or a quoted text as YAML, the rest as one
/// plain scalar. A secret is taken as it is.
fn value(text: &str, secret: bool, origin: &Origin) -> Result<Node, ConfigError> {
    if secret {
        let literal = Text {
            text: text.to_owned(),
            plain: false,
            unset: None,
        };
        return Ok(Node::new(Content::Scalar(literal), origin.clone()));
    }
    let text = text.trim();
    if text.starts_with(['[', '{', '"', '\'']) {
        return parse::parse(origin.layer(), text);
    }
    Ok(Node::scalar(text.to_owned(), true, origin.clone()))
}
