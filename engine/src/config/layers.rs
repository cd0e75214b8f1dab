//! The layers of the configuration and how they become one tree.

use std::collections::BTreeMap;

use super::builder::DEPTH_MAX;
use super::node::{Content, Node};
use super::origin::{Layer, Origin};
use super::problem::{ConfigError, Problem};
use super::{Config, environment, parse};

/// Gathers what the configuration is made of.
///
/// Whatever the order of the calls, the default is overridden by the files in their order, these
/// by the environment, that by a scenario, and all by flags. Maps merge key by key, anything else
/// replaces; a key without a value leaves a map below it alone.
pub struct Layers {
    default: String,
    files: Vec<(String, String)>,
    environment: BTreeMap<String, String>,
    scenario: Option<Node>,
    flags: Vec<Flag>,
}

struct Flag {
    name: String,
    path: String,
    text: String,
}

impl Layers {
    /// Starts with the text of the default configuration.
    #[must_use]
    pub fn new(default: impl Into<String>) -> Self {
        Self {
            default: default.into(),
            files: Vec::new(),
            environment: BTreeMap::new(),
            scenario: None,
            flags: Vec::new(),
        }
    }

    /// Adds a file; `name` is how messages call it.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.files.push((name.into(), text.into()));
        self
    }

    /// Adds environment variables, for `${NAME}` and for overrides.
    #[must_use]
    pub fn environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.environment.extend(variables);
        self
    }

    /// Adds what a scenario file overrides: a map of sections, as [`parse_file`] read it.
    ///
    /// [`parse_file`]: super::parse_file
    #[must_use]
    pub fn scenario(mut self, overrides: Node) -> Self {
        self.scenario = Some(overrides.into_scenario());
        self
    }

    /// Adds a flag: its `name` as the user wrote it, the key `path` it sets, and the value.
    #[must_use]
    pub fn flag(
        mut self,
        name: impl Into<String>,
        path: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        self.flags.push(Flag {
            name: name.into(),
            path: path.into(),
            text: text.into(),
        });
        self
    }

    /// Merges the layers.
    ///
    /// # Errors
    /// If a layer is not well-formed, with the problems of all of them.
    pub fn load(self) -> Result<Config, ConfigError> {
        let mut problems = Vec::new();
        let mut root = Node::empty_map(Origin::new(Layer::Default, 1, 1));
        let texts = std::iter::once((Layer::Default, self.default)).chain(
            self.files
                .into_iter()
                .map(|(name, text)| (Layer::File(name.into()), text)),
        );
        for (layer, text) in texts {
            match parse::parse(&layer, &text) {
                Ok(node) => add(&mut root, node, &mut problems),
                Err(error) => problems.extend(error.problems().iter().cloned()),
            }
        }
        let (overrides, refused) = environment::overrides(&self.environment, &root);
        problems.extend(refused);
        overrides
            .into_iter()
            .for_each(|node| merge(&mut root, node));
        if let Some(scenario) = self.scenario {
            add(&mut root, scenario, &mut problems);
        }
        for flag in &self.flags {
            let origin = Origin::new(Layer::Flag(flag.name.as_str().into()), 1, 1);
            let path: Vec<String> = flag.path.split('.').map(str::to_owned).collect();
            if path.iter().any(String::is_empty) || path.len() > DEPTH_MAX {
                let message = format!(
                    "key path {:?} is not allowed, must be SECTION.KEY",
                    flag.path
                );
                problems.push(Problem::key(Some(origin), flag.path.clone(), message));
                continue;
            }
            match environment::tree(&path, &flag.text, &origin) {
                Ok(node) => merge(&mut root, node),
                Err(error) => problems.extend(error.problems().iter().cloned()),
            }
        }
        problems.extend(environment::fill(&mut root, &self.environment));
        if !problems.is_empty() {
            return Err(ConfigError::new(problems));
        }
        root.mark_secrets(false);
        Ok(Config::new(root))
    }
}

fn add(root: &mut Node, layer: Node, problems: &mut Vec<Problem>) {
    if matches!(layer.content, Content::Map(_)) || layer.is_null() {
        merge(root, layer);
    } else {
        let message = format!("found {}, must be a map of sections", layer.found());
        problems.push(Problem::value(Some(layer.origin), String::new(), message));
    }
}

fn merge(base: &mut Node, over: Node) {
    if matches!(base.content, Content::Map(_)) && over.is_null() {
        return;
    }
    match (&mut base.content, over) {
        (
            Content::Map(entries),
            Node {
                content: Content::Map(added),
                ..
            },
        ) => {
            let mut index: BTreeMap<String, usize> = entries
                .iter()
                .enumerate()
                .map(|(i, entry)| (entry.key.clone(), i))
                .collect();
            for entry in added {
                if let Some(&at) = index.get(&entry.key) {
                    entries[at].key_origin = entry.key_origin;
                    merge(&mut entries[at].value, entry.value);
                } else {
                    index.insert(entry.key.clone(), entries.len());
                    entries.push(entry);
                }
            }
        }
        (_, over) => *base = over,
    }
}
