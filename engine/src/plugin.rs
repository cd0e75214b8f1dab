//! A capability: its config section, its resources, its systems, in one place to read.

use crate::config::ConfigError;
use crate::engine::Engine;

/// Something that an engine can do. `build` is the table of contents of the feature.
pub trait Plugin {
    /// Adds the capability to `engine`.
    ///
    /// # Errors
    /// When its config section is missing or wrong.
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError>;
}
