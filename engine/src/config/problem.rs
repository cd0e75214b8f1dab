//! What is wrong with a configuration: one sentence each, with the place, all at once.

use std::fmt;

use super::node::{self, Node, Segment};
use super::origin::Origin;
use super::secret;

/// One thing that is wrong, printed as `config/config.yaml:12:9: vpin.buckets: 0 is not allowed`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    origin: Option<Origin>,
    path: String,
    message: String,
    /// The sentence names the key itself, so that the path would only repeat it.
    names_key: bool,
}

impl Problem {
    pub(super) fn value(origin: Option<Origin>, path: String, message: String) -> Self {
        Self {
            origin,
            path,
            message,
            names_key: false,
        }
    }

    pub(super) fn key(origin: Option<Origin>, path: String, message: String) -> Self {
        Self {
            origin,
            path,
            message,
            names_key: true,
        }
    }

    /// Returns where the wrong text stands; `None` for something that stands nowhere.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Returns the key path, such as `vpin.buckets` or `recorded[0].lean_ticks.dir`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the value found and what is allowed, without place and path.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Writes the sentence, and below it the line of the file with a caret under the place.
    #[must_use]
    pub fn show(&self) -> String {
        match self.origin.as_ref().and_then(Origin::excerpt) {
            Some(excerpt) => format!("{self}\n{excerpt}"),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        if !self.names_key && !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Everything that is wrong with a configuration or scenario, in the order of the files.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.problems, Problem::to_string))]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort();
        problems.dedup();
        Self { problems }
    }

    /// Returns what is wrong, at least one thing, each once.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Writes every problem with its line of the file and a caret.
    #[must_use]
    pub fn show(&self) -> String {
        lines(&self.problems, Problem::show)
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.problems).finish()
    }
}

fn lines(problems: &[Problem], text: impl Fn(&Problem) -> String) -> String {
    problems.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// Collects what is wrong, so that it can be told all at once.
///
/// In [`Section::check`](super::Section::check) it stands on the section: keys are relative to it.
#[derive(Debug, Default)]
pub struct Problems<'a> {
    scope: Option<&'a Node>,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    /// Starts with nothing wrong.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn within(scope: &'a Node) -> Self {
        Self {
            scope: Some(scope),
            found: Vec::new(),
        }
    }

    /// Refuses the value at a key path such as `buckets` or `tiers[1].size`.
    ///
    /// `message` says what is allowed ("must be below `window`"); the value found is put before
    /// it.
    pub fn refuse(&mut self, path: &str, message: &str) {
        let Some(scope) = self.scope else {
            self.found
                .push(Problem::value(None, path.to_owned(), message.to_owned()));
            return;
        };
        let (path, node, exact) = locate(scope, path);
        let mut secrets = Vec::new();
        scope.secrets(&mut secrets);
        let message = secret::scrub(message, &secrets);
        let found = exact.then(|| node.found_for_rule());
        self.found.push(Problem::value(
            Some(node.origin.clone()),
            path,
            refusal(found.as_deref(), &message),
        ));
    }

    /// Keeps the value of a result, or its problems for [`Problems::finish`].
    pub fn keep<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.found.extend(error.problems);
                None
            }
        }
    }

    /// Says whether nothing is wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Ends the collection.
    ///
    /// # Errors
    /// If anything was found wrong, with all of it.
    pub fn finish(self) -> Result<(), ConfigError> {
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(ConfigError::new(self.found))
        }
    }

    pub(super) fn push(&mut self, problem: Problem) {
        self.found.push(problem);
    }

    pub(super) fn into_found(self) -> Vec<Problem> {
        self.found
    }
}

/// Joins the value found with a rule somebody else put into words.
pub(super) fn refusal(found: Option<&str>, message: &str) -> String {
    match found {
        None => message.to_owned(),
        Some(found) if message.starts_with("must ") => format!("{found} is not allowed, {message}"),
        Some(found) if mentions(message, found.trim_matches('"')) => message.to_owned(),
        Some(found) => format!("{found} is not allowed: {message}"),
    }
}

/// Says whether a message repeats the value found as a word of its own.
fn mentions(message: &str, found: &str) -> bool {
    let ends = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    !found.is_empty()
        && message.match_indices(found).any(|(at, _)| {
            let after = &message[at + found.len()..];
            ends(message[..at].chars().next_back()) && ends(after.chars().next())
        })
}

/// Follows a path as rules print it (`a.b[0].c`) as far as the tree goes.
///
/// Returns the whole key path, the last node on it, and whether that is the one meant: a field
/// filled by its default, or one renamed for the file, is placed on the nearest thing written.
fn locate<'a>(root: &'a Node, path: &str) -> (String, &'a Node, bool) {
    let mut segments = Vec::new();
    let mut node = root;
    let mut rest = path;
    while !rest.is_empty() {
        let Some((segment, next, after)) = step(node, rest) else {
            let mut whole = node::join(&root.base, &segments);
            if !whole.is_empty() && !rest.starts_with(['.', '[']) {
                whole.push('.');
            }
            return (whole + rest, node, false);
        };
        segments.push(segment);
        (node, rest) = (next, after);
    }
    (node::join(&root.base, &segments), node, true)
}

/// Takes one step down, and returns what is left of the path.
fn step<'a, 'p>(node: &'a Node, path: &'p str) -> Option<(Segment, &'a Node, &'p str)> {
    if let Some((index, after)) = leading_index(path)
        && let Some(element) = node.elements().get(index)
    {
        return Some((Segment::Index(index), element, after));
    }
    let bare = path.strip_prefix('.').unwrap_or(path);
    let fits = |key: &str| {
        let after = bare.strip_prefix(key)?;
        (!key.is_empty() && (after.is_empty() || after.starts_with(['.', '[']))).then_some(after)
    };
    let entries = node.entries();
    let fitting = entries
        .iter()
        .filter_map(|entry| Some((entry, fits(&entry.key)?)));
    // The longest key that fits: a key may itself hold dots.
    if let Some((entry, after)) = fitting.max_by_key(|(entry, _)| entry.key.len()) {
        return Some((Segment::Key(entry.key.clone()), &entry.value, after));
    }
    // The name of an enum's kind stands in the file but not in the path of a rule.
    match entries {
        [only] if step(&only.value, path).is_some() => {
            Some((Segment::Key(only.key.clone()), &only.value, path))
        }
        _ => None,
    }
}

fn leading_index(path: &str) -> Option<(usize, &str)> {
    let (index, after) = path.strip_prefix('[')?.split_once(']')?;
    Some((index.parse().ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_file;

    #[test]
    fn the_value_found_is_said_once() {
        assert_eq!(
            refusal(Some("5"), "must be 6"),
            "5 is not allowed, must be 6"
        );
        assert_eq!(refusal(Some("5"), "5 was too small"), "5 was too small");
        assert_eq!(
            refusal(Some("5"), "50 is the most"),
            "5 is not allowed: 50 is the most"
        );
        assert_eq!(refusal(Some("\"x\""), "x: no such day"), "x: no such day");
        assert_eq!(refusal(None, "must not be empty"), "must not be empty");
    }

    #[test]
    fn a_rule_is_placed_as_deep_as_the_file_goes() {
        let root = parse_file("c.yaml", "a:\n- {b.c: 1}\n- kind: {x: {y: 2}}\n").unwrap();
        let check = |path: &str, expected: &str| {
            let mut problems = Problems::within(&root);
            problems.refuse(path, "must be 3");
            assert_eq!(
                problems.finish().unwrap_err().to_string(),
                expected,
                "{path}"
            );
        };
        check(
            "a[0].b.c",
            "c.yaml:2:9: a[0].\"b.c\": 1 is not allowed, must be 3",
        );
        check(
            "a[1].x.y",
            "c.yaml:3:17: a[1].kind.x.y: 2 is not allowed, must be 3",
        );
        check("a[1].z", "c.yaml:3:3: a[1].z: must be 3");
        check("a[7].z", "c.yaml:1:1: a[7].z: must be 3");
        check("", "c.yaml:1:1: a map of 1 is not allowed, must be 3");
        check("[", "c.yaml:1:1: [: must be 3");
    }

    #[test]
    fn problems_keep_those_of_others() {
        let mut problems = Problems::new();
        assert_eq!(problems.keep(Ok(1)), Some(1));
        assert!(problems.is_empty());
        assert!(problems.keep(parse_file("b.yaml", "[")).is_none());
        assert!(problems.keep(parse_file("a.yaml", "[")).is_none());
        problems.refuse("x", "must be there");
        let error = problems.finish().unwrap_err();
        let places: Vec<String> = error
            .problems()
            .iter()
            .map(|p| p.to_string().split(' ').next().unwrap().into())
            .collect();
        assert_eq!(places, ["x:", "a.yaml:1:1:", "b.yaml:1:1:"]);
    }
}
