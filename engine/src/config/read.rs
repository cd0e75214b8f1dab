//! A tree to a typed and checked value, with everything that is wrong with it at once.

use garde::Validate;
use serde::de::DeserializeOwned;

use super::deserialize::{Probe, Reader, Trail};
use super::node::Node;
use super::problem::{ConfigError, Problem};
use super::rules;

/// Reads a typed value and checks its rules.
///
/// # Errors
/// If the tree does not fit the type or breaks a rule, with all that is wrong.
pub fn read<T>(node: &Node) -> Result<T, ConfigError>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    let value: T = node.deserialize()?;
    let broken = rules::broken(node, &value);
    if broken.is_empty() {
        Ok(value)
    } else {
        Err(ConfigError::new(broken))
    }
}

impl Node {
    /// Reads a typed value without checking rules.
    ///
    /// A key no struct knows is an error whether or not the type asks for that.
    ///
    /// # Errors
    /// If the tree does not fit the type, with all that does not fit.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        typed(self).map_err(ConfigError::new)
    }
}

/// Serde ends at the first failure. Each pass therefore puts off what is known to fail, so that it
/// comes to the next failure; once only known ones are left in a map, the whole map is put off.
pub(super) fn typed<T: DeserializeOwned>(root: &Node) -> Result<T, Vec<Problem>> {
    const PASSES_MAX: usize = 100;
    let mut probe = Probe::default();
    let mut problems: Vec<Problem> = Vec::new();
    let mut paths = Vec::new();
    'passes: for _ in 0..PASSES_MAX {
        let trail = Trail::Root(root);
        let reader = Reader {
            node: root,
            trail: &trail,
            probe: &probe,
        };
        let failure = match T::deserialize(reader) {
            Ok(value) if problems.is_empty() && probe.unknown.borrow().is_empty() => {
                return Ok(value);
            }
            Ok(_) => break,
            Err(failure) => failure,
        };
        let missing = failure.is_missing_key();
        let (mut path, problem) = failure.into_problem(root);
        // What holds a part that failed may fail only because that part was left out.
        let holds_failed = |failed: &Vec<_>| failed.len() > path.len() && failed.starts_with(&path);
        if (missing || !paths.iter().any(holds_failed)) && !problems.contains(&problem) {
            problems.push(problem);
            paths.push(path.clone());
        }
        while !probe.deferred.insert(path.clone()) || path.is_empty() {
            if path.pop().is_none() {
                break 'passes;
            }
        }
    }
    problems.extend(probe.unknown.take());
    Err(problems)
}
