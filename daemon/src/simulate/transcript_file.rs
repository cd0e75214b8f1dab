//! The transcript on its way to a file.

use crate::exit::Failure;
use engine::engine::Engine;
use engine::transcript::Transcript;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The transcript on its way to a file, so that memory does not grow with the day.
pub(super) struct TranscriptFile {
    pub(super) file: Option<(PathBuf, BufWriter<File>)>,
}

impl TranscriptFile {
    pub(super) fn create(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self { file: None });
        };
        match File::create(path) {
            Ok(file) => Ok(Self {
                file: Some((path.to_owned(), BufWriter::new(file))),
            }),
            Err(error) => Err(failed(path, &error)),
        }
    }

    pub(super) fn take_from(&mut self, engine: &mut Engine) -> Result<(), Failure> {
        let Some((path, file)) = &mut self.file else {
            return Ok(());
        };
        let text = engine.world_mut().resource_mut::<Transcript>().take();
        file.write_all(text.as_bytes())
            .map_err(|error| failed(path, &error))
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        match self.file {
            Some((path, mut file)) => file.flush().map_err(|error| failed(&path, &error)),
            None => Ok(()),
        }
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::error(format_args!(
        "transcript {} could not be written: {error}",
        path.display()
    ))
}
