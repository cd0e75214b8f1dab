//! Zip archives: which members there are, and their bytes.
//!
//! A member is either read whole into a buffer that the caller keeps, or streamed. What streams
//! owns its file and its decoder, so that two members of one archive can be read side by side.

use crate::error::Error;
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};
use zip::{CompressionMethod, ZipArchive};

/// Compressed bytes read from the disk at once.
const COMPRESSED_BYTES: usize = 128 * 1024;
/// The most bytes of a member that is read whole.
const WHOLE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A zip archive on disk.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    zip: ZipArchive<File>,
    names: Vec<String>,
}

impl Archive {
    /// Opens the archive at `path` and reads its list of members.
    ///
    /// # Errors
    /// When the file cannot be opened, is no zip archive, or was cut off.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| Error::io(path, source))?;
        let broken = |error: zip::result::ZipError| {
            Error::archive(
                path.display().to_string(),
                format_args!("cannot be read as a zip archive: {error}"),
            )
        };
        let mut zip = ZipArchive::new(file).map_err(broken)?;
        let names = (0..zip.len())
            .map(|index| {
                let member = zip.by_index_raw(index).map_err(broken)?;
                member.name().map(|name| name.into_owned()).map_err(broken)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            path: path.to_owned(),
            zip,
            names,
        })
    }

    /// The members' names, in the archive's order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The index of the only CSV whose name contains `part`.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn only_csv(&self, part: &str) -> Result<usize, Error> {
        let mut found = self
            .names
            .iter()
            .enumerate()
            .filter(|(_, name)| name.ends_with(".csv") && name.contains(part));
        match (found.next(), found.next()) {
            (Some((index, _)), None) => Ok(index),
            (first, _) => Err(Error::archive(
                self.path.display().to_string(),
                format_args!(
                    "holds {} members named *{part}*.csv, must hold exactly one",
                    if first.is_none() { "no" } else { "several" }
                ),
            )),
        }
    }

    /// How errors name member `index`.
    #[must_use]
    pub fn label(&self, index: usize) -> String {
        let name = self.names.get(index).map_or("?", String::as_str);
        format!("{}#{name}", self.path.display())
    }

    /// Reads member `index` whole into `bytes`, which is emptied before.
    ///
    /// # Errors
    /// When it is damaged, packed in an unknown way, or above 256 MiB.
    pub fn read_whole(&mut self, index: usize, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.clear();
        let read = self
            .zip
            .by_index(index)
            .map_err(|error| error.to_string())
            .and_then(|member| {
                member
                    .take(WHOLE_BYTES_MAX + 1)
                    .read_to_end(bytes)
                    .map_err(|error| error.to_string())
            });
        match read {
            Ok(_) if bytes.len() as u64 > WHOLE_BYTES_MAX => Err(Error::archive(
                self.label(index),
                format_args!("holds more than {WHOLE_BYTES_MAX} bytes"),
            )),
            Ok(_) => Ok(()),
            Err(what) => Err(Error::archive(
                self.label(index),
                format_args!("cannot be unpacked: {what}"),
            )),
        }
    }

    /// Streams member `index` from a file handle of its own.
    ///
    /// # Errors
    /// When the file cannot be opened again, or the member is packed in an unknown way.
    pub fn stream(&mut self, index: usize) -> Result<Member, Error> {
        let label = self.label(index);
        let broken = |what: &str| Error::archive(label.clone(), what);
        let member = self
            .zip
            .by_index_raw(index)
            .map_err(|error| broken(&error.to_string()))?;
        let start = member
            .data_start()
            .ok_or_else(|| broken("has no place in the archive"))?;
        let (packed, crc) = (member.compressed_size(), member.crc32());
        let method = member.compression();
        if member.encrypted() {
            return Err(broken("is encrypted, must not be"));
        }
        let mut file = File::open(&self.path).map_err(|source| Error::io(&self.path, source))?;
        file.seek(SeekFrom::Start(start))
            .map_err(|source| Error::io(&self.path, source))?;
        let packed = BufReader::with_capacity(COMPRESSED_BYTES, file.take(packed));
        let bytes = match method {
            CompressionMethod::Stored => Packed::Stored(packed),
            CompressionMethod::Deflated => Packed::Deflated(DeflateDecoder::new(packed)),
            other => {
                let what = format!("is packed by {other}, must be by deflate or stored");
                return Err(broken(&what));
            }
        };
        Ok(Member {
            bytes,
            sum: Crc::new(),
            crc,
        })
    }
}

#[derive(Debug)]
enum Packed {
    Stored(BufReader<Take<File>>),
    Deflated(DeflateDecoder<BufReader<Take<File>>>),
}

/// A member of an archive as a stream of unpacked bytes, checked against its checksum at the end.
#[derive(Debug)]
pub struct Member {
    bytes: Packed,
    sum: Crc,
    crc: u32,
}

impl Read for Member {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.bytes {
            Packed::Stored(bytes) => bytes.read(buffer),
            Packed::Deflated(bytes) => bytes.read(buffer),
        }?;
        self.sum.update(&buffer[..count]);
        if count == 0 && !buffer.is_empty() && self.sum.sum() != self.crc {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the bytes do not have the checksum that the archive names",
            ));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scratch, zip_of};

    fn text_of(mut from: impl Read) -> io::Result<String> {
        let mut text = String::new();
        from.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn members_can_be_read_side_by_side_and_whole() {
        let scratch = Scratch::new();
        let path = scratch.write("two.zip", &zip_of(&[("a.csv", "1,2\n"), ("b.csv", "3\n")]));
        let mut archive = Archive::open(&path).unwrap();
        let (a, b) = (archive.stream(0).unwrap(), archive.stream(1).unwrap());
        assert_eq!(text_of(b).unwrap(), "3\n");
        assert_eq!(text_of(a).unwrap(), "1,2\n");
        let mut bytes = vec![9];
        archive.read_whole(1, &mut bytes).unwrap();
        assert_eq!(bytes, b"3\n");
        let error = archive.only_csv("").unwrap_err().to_string();
        assert!(error.contains("several members"), "{error}");
        assert_eq!(archive.only_csv("b").unwrap(), 1);
    }

    #[test]
    fn a_truncated_archive_is_an_error_that_names_it() {
        let scratch = Scratch::new();
        let bytes = zip_of(&[("a.csv", "34200000,1,2,3,4,5\n")]);
        for length in [0, 10, bytes.len() / 2, bytes.len() - 1] {
            let path = scratch.write("cut.zip", &bytes[..length]);
            let error = Archive::open(&path).unwrap_err().to_string();
            assert!(error.contains("cut.zip"), "{error}");
        }
    }

    #[test]
    fn a_damaged_member_never_passes_for_whole() {
        let scratch = Scratch::new();
        let text = "34200000,1816300,100,Q,0,0\n".repeat(200);
        let bytes = zip_of(&[("a.csv", &text)]);
        let data = 30 + "a.csv".len();
        for at in data..data + 20 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            let path = scratch.write("damaged.zip", &damaged);
            let mut archive = Archive::open(&path).unwrap();
            assert!(text_of(archive.stream(0).unwrap()).is_err(), "byte {at}");
            assert!(archive.read_whole(0, &mut Vec::new()).is_err(), "byte {at}");
        }
    }
}
