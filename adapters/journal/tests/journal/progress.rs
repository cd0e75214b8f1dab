//! How far a reader has come, and what a real directory says when it is gone.

use crate::{ONE, SMALL, perfect, shared, write};
use journal::{Access, Extent, FileStorage, Journal, Options, Reader, Storage, segment_name};
use std::io::ErrorKind;

#[test]
fn the_bytes_that_were_read_rise_to_all_there_are() {
    let disk = perfect(0);
    write(&disk, SMALL, 300);
    let sizes: Vec<u64> = (1..)
        .map_while(|number| disk.bytes(&segment_name(number)))
        .map(|bytes| bytes.len() as u64)
        .collect();
    assert!(sizes.len() > 3, "{sizes:?}");
    let all = sizes.iter().sum();
    let mut reader = Reader::open(shared(&disk), Extent::Everything).unwrap();
    let (mut before, total) = reader.bytes_read();
    // The header alone has been read.
    assert!(before > 0 && before < 200 && total == all);
    let mut ends = Vec::new();
    while reader.next_entry().unwrap().is_some() {
        let (read, total) = reader.bytes_read();
        assert!(read > before && total == all, "{read} after {before}");
        ends.push(read);
        before = read;
    }
    assert_eq!(reader.bytes_read(), (all, all));
    let mut sum = 0;
    for size in sizes {
        sum += size;
        assert!(ends.contains(&sum), "a segment ends with its last batch");
    }
}

#[test]
fn a_batch_counts_with_its_header() {
    let disk = perfect(0);
    write(&disk, ONE, 1);
    let size = disk.bytes(&segment_name(1)).unwrap().len() as u64;
    let mut reader = Reader::open(shared(&disk), Extent::Everything).unwrap();
    // 40 bytes of the batch and 8 of the entry in front of 8 and 7.
    assert_eq!(reader.bytes_read(), (size - 63, size));
    assert!(reader.next_entry().unwrap().is_some());
    assert_eq!(reader.bytes_read(), (size, size));
}

#[test]
fn a_directory_that_is_gone_is_an_error_wherever_it_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let storage = FileStorage::create_dir(&path).unwrap();
    storage.sync_dir().unwrap();
    drop(storage.create("file").unwrap());
    assert_eq!(storage.list().unwrap(), ["file"]);
    storage.remove("file").unwrap();
    assert!(storage.list().unwrap().is_empty());
    std::fs::remove_dir_all(&path).unwrap();
    let gone = |error: std::io::Error| assert_eq!(error.kind(), ErrorKind::NotFound);
    gone(storage.sync_dir().unwrap_err());
    gone(storage.remove("file").unwrap_err());
    gone(storage.list().unwrap_err());
    gone(storage.create("file").unwrap_err());
    gone(storage.open("file", Access::Read).unwrap_err());
}

#[test]
fn options_are_taken_up_to_their_edges() {
    let create = |options| Journal::create(shared(&perfect(0)), crate::opening(), options);
    let (least, most) = (4 << 10, 1 << 30);
    for (options, allowed) in [
        (
            Options {
                segment_bytes: least,
                ..ONE
            },
            true,
        ),
        (
            Options {
                segment_bytes: least - 1,
                ..ONE
            },
            false,
        ),
        (
            Options {
                segment_bytes: most,
                ..ONE
            },
            true,
        ),
        (
            Options {
                segment_bytes: most + 1,
                ..ONE
            },
            false,
        ),
        (
            Options {
                fill_bytes: most + 1,
                ..ONE
            },
            false,
        ),
        (
            Options {
                buffer_bytes: 1 << 30,
                ..ONE
            },
            true,
        ),
        (
            Options {
                buffer_bytes: (1 << 30) + 1,
                ..ONE
            },
            false,
        ),
    ] {
        assert_eq!(create(options).is_ok(), allowed, "{options:?}");
    }
}

#[test]
fn an_entry_as_large_as_may_be_is_taken() {
    let mut journal = Journal::create(shared(&perfect(0)), crate::opening(), ONE).unwrap();
    let half = vec![1; 32 << 20];
    assert_eq!(journal.append(&half, &half).unwrap(), 1);
}

#[test]
fn an_entry_of_several_pieces_ends_where_it_ends() {
    // A file is read in pieces of 1 MiB; what stands behind the entry is none of it.
    let wide = Options {
        segment_bytes: 1 << 24,
        ..ONE
    };
    let disk = perfect(0);
    let mut journal = Journal::create(shared(&disk), crate::opening(), wide).unwrap();
    for (seq, bytes) in [(1, (2 << 20) + 100), (2, 1 << 20), (3, 5)] {
        assert_eq!(journal.append(b"head", &vec![3; bytes]).unwrap(), seq);
        journal.commit().unwrap();
    }
    let mut reader = Reader::open(shared(&disk), Extent::Everything).unwrap();
    for bytes in [(2 << 20) + 100, 1 << 20, 5] {
        let entry = reader.next_entry().unwrap().unwrap();
        assert_eq!((entry.head, entry.body.len()), (&b"head"[..], bytes));
        assert!(entry.body.iter().all(|byte| *byte == 3));
    }
    assert!(reader.next_entry().unwrap().is_none() && reader.torn().is_none());
}

#[test]
fn a_buffer_is_full_when_it_is_beyond_its_size() {
    // One entry is a batch of 63 bytes, header and all.
    for (buffer_bytes, durable) in [(63, 0), (62, 1)] {
        let options = Options {
            buffer_bytes,
            ..ONE
        };
        let disk = perfect(0);
        let mut journal = Journal::create(shared(&disk), crate::opening(), options).unwrap();
        crate::append(&mut journal, 1).unwrap();
        assert_eq!(journal.durable(), durable, "{buffer_bytes}");
    }
}
