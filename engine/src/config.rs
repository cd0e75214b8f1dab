//! The layered configuration of the program, and the reading of scenario files.
//!
//! YAML text becomes a tree of [`Node`]s that know where they stand; [`Layers`] merges the trees
//! of the default, files, environment, scenario and flags; [`Config::section`] turns one part into
//! a typed [`Section`]. Whatever is wrong is told in one sentence with file, line, column, key
//! path, the value found and what is allowed, and all of it at once:
//!
//! ```text
//! config/config.yaml:12:12: vpin.buckets: 0 is not allowed, must be 1 to 500
//! config/config.yaml:13:3: unknown key `windw` in `vpin`, did you mean `window`? (allowed: …)
//! ```
//!
//! Values filled from the environment, and those of keys that end like `_key` or `_token`, are
//! redacted in everything this module prints.
//!
//! [`Node`]: crate::config::Node
//! [`Layers`]: crate::config::Layers
//! [`Config::section`]: crate::config::Config::section
//! [`Section`]: crate::config::Section

use std::collections::BTreeSet;

use garde::Validate;
use serde::de::DeserializeOwned;

mod access;
mod builder;
mod deserialize;
mod environment;
mod failure;
mod layers;
mod leaves;
mod nearest;
pub use nearest::nearest;
mod node;
mod origin;
mod parse;
mod problem;
mod read;
mod rules;
mod scalar;
mod secret;

pub use environment::PREFIX;
pub use layers::Layers;
pub use leaves::Leaf;
pub use node::Node;
pub use origin::{Layer, Origin};
pub use parse::parse_file;
pub use problem::{ConfigError, Problem, Problems};
pub use read::read;
pub use rules::within;

/// A part of the configuration with a type and rules.
///
/// # Examples
/// ```
/// use engine::config::{Layers, Section, within};
///
/// #[derive(serde::Deserialize, garde::Validate)]
/// #[serde(deny_unknown_fields)]
/// struct Vpin {
///     #[garde(custom(within(1, 500)))]
///     buckets: u32,
/// }
/// impl Section for Vpin {
///     const NAME: &'static str = "vpin";
/// }
///
/// let default = "vpin:\n  buckets: 50\n";
/// let mut config = Layers::new(default).file("my.yaml", "vpin: {buckets: 0}").load()?;
/// let error = config.section::<Vpin>().err().map(|error| error.to_string());
/// assert_eq!(
///     error.as_deref(),
///     Some("my.yaml:1:17: vpin.buckets: 0 is not allowed, must be 1 to 500")
/// );
/// # Ok::<(), engine::config::ConfigError>(())
/// ```
pub trait Section: DeserializeOwned + Validate<Context = ()> + 'static {
    /// The key of the section, with dots where it is nested: `vpin`, `signals.zero_dte`.
    const NAME: &'static str;

    /// Checks rules between fields; each field is valid by itself when this is called.
    fn check(&self, problems: &mut Problems<'_>) {
        let _ = problems;
    }
}

/// The merged configuration.
#[derive(Clone, Debug)]
pub struct Config {
    root: Node,
    asked: BTreeSet<&'static str>,
    problems: Vec<Problem>,
}

impl Config {
    fn new(root: Node) -> Self {
        Self {
            root,
            asked: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// Reads and checks a section.
    ///
    /// What is wrong is also kept for [`Config::finish`], so that a caller may go on.
    ///
    /// # Errors
    /// If the section is missing, does not fit its type or breaks a rule, with all that is wrong.
    pub fn section<T: Section>(&mut self) -> Result<T, ConfigError> {
        self.asked.insert(T::NAME);
        let section = self.read_section();
        if let Err(error) = &section {
            self.problems.extend(error.problems().iter().cloned());
        }
        section
    }

    fn read_section<T: Section>(&self) -> Result<T, ConfigError> {
        let found = T::NAME
            .split('.')
            .try_fold(&self.root, |node, key| node.get(key));
        let Some(found) = found else {
            let message = format!("missing section `{}`", T::NAME);
            let problem = Problem::key(None, T::NAME.to_owned(), message);
            return Err(ConfigError::new(vec![problem]));
        };
        let mut node = found.clone();
        T::NAME.clone_into(&mut node.base);
        let section: T = read(&node)?;
        let mut problems = Problems::within(&node);
        section.check(&mut problems);
        problems.finish()?;
        Ok(section)
    }

    /// Ends the reading: reports what was wrong in any section, and sections nobody knows.
    ///
    /// A section is known if it was asked for or is one of `known`, which names those that exist
    /// but are not needed this time.
    ///
    /// # Errors
    /// If anything is wrong.
    pub fn finish(&self, known: &[&str]) -> Result<(), ConfigError> {
        let names: BTreeSet<&str> = self
            .asked
            .iter()
            .copied()
            .chain(known.iter().copied())
            .collect();
        let mut problems = Problems::new();
        self.problems
            .iter()
            .for_each(|problem| problems.push(problem.clone()));
        unknown_sections(&self.root, "", &names, &mut problems);
        problems.finish()
    }
}

fn unknown_sections(
    node: &Node,
    parent: &str,
    names: &BTreeSet<&str>,
    problems: &mut Problems<'_>,
) {
    let prefix = if parent.is_empty() {
        String::new()
    } else {
        format!("{parent}.")
    };
    for entry in node.entries() {
        let path = format!("{prefix}{}", entry.key);
        if names.contains(path.as_str()) {
            continue;
        }
        let has_sections = names
            .iter()
            .any(|name| name.starts_with(&format!("{path}.")));
        if !has_sections {
            let below = names.iter().filter_map(|name| name.strip_prefix(&prefix));
            let allowed: BTreeSet<&str> = below.filter_map(|name| name.split('.').next()).collect();
            let allowed: Vec<&str> = allowed.into_iter().collect();
            let within = if parent.is_empty() {
                String::new()
            } else {
                format!(" in `{parent}`")
            };
            let message = format!(
                "unknown section `{}`{within}{}",
                entry.key.escape_debug(),
                nearest::suggestion(&entry.key, &allowed)
            );
            problems.push(Problem::key(Some(entry.key_origin.clone()), path, message));
        } else if entry.value.entries().is_empty() && !entry.value.is_null() {
            let message = format!("found {}, must be a map of sections", entry.value.found());
            problems.push(Problem::value(
                Some(entry.value.origin.clone()),
                path,
                message,
            ));
        } else {
            unknown_sections(&entry.value, &path, names, problems);
        }
    }
}
