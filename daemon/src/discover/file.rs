//! `discovered.yaml`: written whole or not at all, and read into the config of a run that begins with
//! it, so that a journal holds what it said and a replay needs no file.

use crate::exit::Failure;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use systems::discovery::found::Discovered;
use systems::discovery::yaml::{from_yaml, to_yaml};

/// The key that names the file.
pub const FILE_KEY: &str = "discovery.file";
/// Its name in a state directory.
pub const NAME: &str = "discovered.yaml";

/// Writes the record to `path`. Whoever reads meanwhile sees the file before or this one.
///
/// # Errors
/// If the file or its folder cannot be written.
pub fn write(path: &Path, found: &Discovered) -> Result<(), Failure> {
    let text = to_yaml(found).map_err(Failure::error)?;
    replace(path, text.as_bytes()).map_err(|error| {
        let path = path.display();
        Failure::error(format_args!("{path} could not be written: {error}"))
    })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut beside = name.to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = folder.join(beside);
    let written = File::create(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The error before is the one to tell.
        let _ = fs::remove_file(&beside);
        return written;
    }
    File::open(folder)?.sync_all()
}

/// The config layer of the record at `path`: the bucket sizes that were found. A default that stands
/// in for one is not taken over.
///
/// # Errors
/// If the file cannot be read or is not such a record.
pub fn layer(path: &Path) -> Result<String, Failure> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::config(format_args!(
            "{FILE_KEY}: {name} could not be read: {error}"
        ))
    })?;
    let found = from_yaml(&name.to_string(), &text)
        .map_err(|error| Failure::config(format_args!("{FILE_KEY}: {error}")))?;
    let mut layer = "discovery: {buckets: [".to_owned();
    for symbol in &found.symbols {
        let bucket = &symbol.vpin_bucket;
        if let Some(shares) = bucket.shares.filter(|_| bucket.basis.is_ok()) {
            // Writing into a string does not fail.
            let _ = write!(
                layer,
                "{{symbol: {:?}, shares: {shares}}}, ",
                symbol.symbol.as_str()
            );
        }
    }
    layer.push_str("]}\n");
    Ok(layer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{self, ConfigFiles};
    use components::market::Ticker;
    use components::units::Timestamp;
    use systems::discovery::DiscoveryConfig;
    use systems::discovery::found::{
        Basis, BucketFound, CorrelationFound, LookbackFound, SymbolFound, ToxicityFound, VERSION,
        VolatilityFound,
    };

    fn symbol(name: &str, shares: u64, basis: Basis) -> SymbolFound {
        let thin = || Basis::thin(0, 1, "trades");
        SymbolFound {
            symbol: Ticker::new(name).unwrap(),
            computed_at: Timestamp(0),
            vpin_bucket: BucketFound {
                shares: Some(shares),
                day_volume: None,
                median_trade: None,
                basis,
            },
            lookback: LookbackFound {
                bars: 30,
                bound: None,
                basis: thin(),
            },
            volatility: VolatilityFound {
                low_below: 0.1,
                elevated_from: 0.18,
                high_from: 0.27,
                shock_from: 0.4,
                percentile_20: None,
                median: None,
                percentile_80: None,
                basis: thin(),
            },
            toxicity: ToxicityFound {
                vpin: None,
                score: None,
                toxicity: None,
                label: None,
                basis: thin(),
            },
        }
    }

    fn record() -> Discovered {
        Discovered {
            version: VERSION,
            computed_at: Timestamp(0),
            symbols: vec![
                symbol("BRK.B", 4_000, Basis::ok(390)),
                symbol("SPY", 120_000, Basis::ok(390)),
                symbol("THIN", 500, Basis::thin(7, 300, "bars")),
            ],
            correlation: CorrelationFound::nothing(Vec::new(), Basis::thin(0, 2, "symbols")),
        }
    }

    #[test]
    fn what_was_found_is_in_the_config_and_in_what_a_journal_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/discovered.yaml");
        write(&path, &record()).unwrap();
        write(&path, &record()).unwrap();
        let left = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "nothing lies beside it");
        let yaml = folder.path().join("over.yaml");
        let named = format!("discovery: {{file: {:?}}}\n", path.display());
        fs::write(&yaml, named).unwrap();
        let files = ConfigFiles { files: vec![yaml] };
        let mut config = settings::load(&files, None).unwrap();
        let mut again = settings::from_text(&settings::as_text(&config)).unwrap();
        for config in [&mut config, &mut again] {
            let section: DiscoveryConfig = config.section().unwrap();
            let rows: Vec<_> = section
                .buckets
                .iter()
                .map(|row| (row.symbol.as_str(), row.shares))
                .collect();
            assert_eq!(rows, [("BRK.B", 4_000), ("SPY", 120_000)]);
        }
        fs::remove_file(&path).unwrap();
        let gone = settings::load(&files, None).unwrap_err().to_string();
        assert!(
            gone.contains("discovery.file: ") && gone.contains("could not be read"),
            "{gone}"
        );
        fs::write(&path, "version: 9\n").unwrap();
        let short = settings::load(&files, None).unwrap_err().to_string();
        assert!(
            short.contains("discovered.yaml") && short.contains("computed_at"),
            "{short}"
        );
    }

    #[test]
    fn a_folder_in_its_place_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let told = write(folder.path(), &record()).unwrap_err().to_string();
        assert!(told.contains("could not be written"), "{told}");
    }
}
