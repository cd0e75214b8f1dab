//! Where a value of the configuration was written: the layer, the line and the column.

use std::fmt;
use std::sync::Arc;

/// The source a value came from; later ones win over earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The configuration built into the program.
    Default,
    /// A configuration or scenario file, by the name it was given.
    File(Arc<str>),
    /// An environment variable, by name.
    Env(Arc<str>),
    /// The overrides in a scenario file, by the file's name.
    Scenario(Arc<str>),
    /// A command-line flag, as the user writes it.
    Flag(Arc<str>),
}

impl Layer {
    /// Names the kind of layer in one word: `default`, `file`, `env`, `scenario` or `flag`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File(_) => "file",
            Self::Env(_) => "env",
            Self::Scenario(_) => "scenario",
            Self::Flag(_) => "flag",
        }
    }

    /// Says whether line and column mean something to the reader of a message.
    #[must_use]
    pub fn has_lines(&self) -> bool {
        matches!(self, Self::Default | Self::File(_) | Self::Scenario(_))
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(name) | Self::Scenario(name) => f.write_str(name),
            Self::Env(name) => write!(f, "env {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// The place of one key or value, printed as `config/config.yaml:12:9` or `env NAME`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    layer: Layer,
    line: usize,
    column: usize,
    source: Arc<str>,
}

impl Origin {
    pub(super) fn new(layer: Layer, line: usize, column: usize) -> Self {
        Self {
            layer,
            line,
            column,
            source: Arc::from(""),
        }
    }

    /// Returns the layer the value came from.
    #[must_use]
    pub fn layer(&self) -> &Layer {
        &self.layer
    }

    /// Returns the line in the layer's text, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the column in the line in characters, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// Attaches the text that excerpts are cut from; secrets are already masked in it.
    pub(super) fn set_source(&mut self, source: &Arc<str>) {
        self.source = Arc::clone(source);
    }

    pub(super) fn set_layer(&mut self, layer: Layer) {
        self.layer = layer;
    }

    /// Draws the line with a caret under the column, or nothing where there is no text to show.
    pub(super) fn excerpt(&self) -> Option<String> {
        const WIDTH_MAX: usize = 100;
        if !self.layer.has_lines() {
            return None;
        }
        let line = self.source.lines().nth(self.line.checked_sub(1)?)?;
        let column = self.column.saturating_sub(1);
        let skip = (column + 1).saturating_sub(WIDTH_MAX);
        let shown: String = line
            .chars()
            .skip(skip)
            .take(WIDTH_MAX)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let caret = " ".repeat(column - skip);
        Some(format!(
            "{gutter} |\n{number} | {}\n{gutter} | {caret}^",
            shown.trim_end()
        ))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.layer)?;
        if self.layer.has_lines() {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_column_moves_the_window() {
        let mut origin = Origin::new(Layer::Default, 1, 151);
        origin.set_source(&Arc::from(format!("{}X", "a".repeat(150))));
        let excerpt = origin.excerpt().unwrap();
        let rows: Vec<&str> = excerpt.lines().collect();
        assert_eq!(rows[1].chars().last(), Some('X'));
        assert_eq!(rows[1].chars().count(), rows[2].chars().count());
    }

    #[test]
    fn a_variable_has_no_position() {
        let origin = Origin::new(Layer::Env("X".into()), 1, 1);
        assert_eq!(origin.to_string(), "env X");
        assert_eq!(origin.excerpt(), None);
    }
}
