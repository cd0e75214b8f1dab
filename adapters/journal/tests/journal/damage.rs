//! Every cut and every flipped bit: refused, or the torn tail that the witness knows to be a loss.

use crate::{ONE, SMALL, genuine, perfect, read, resume, shared, write};
use journal::{
    Error, Extent, Lost, Options, Reader, SimulatedDisk, Standing, Storage, WITNESS_NAME,
    segment_name, verify,
};

const BATCHES: u64 = 100;

/// Zeros ahead, so that the last segment does not end with its last batch.
const FILLED: Options = Options {
    fill_bytes: 1024,
    ..SMALL
};

fn segments(disk: &SimulatedDisk) -> Vec<String> {
    let names = disk.list().unwrap().into_iter();
    names.filter(|name| name.ends_with(".segment")).collect()
}

/// Where the last batch of 100 begins in the last segment.
fn last_batch(options: Options) -> (String, usize) {
    let disk = perfect(0);
    write(&disk, options, BATCHES - 1);
    let name = segments(&disk).pop().unwrap();
    let bytes = disk.bytes(&name).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    (name, end)
}

/// What became of all flips.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    refused: u64,
    torn: u64,
    harmless: u64,
}

fn flip_every_bit(options: Options) -> Tally {
    let disk = perfect(0);
    write(&disk, options, BATCHES);
    let (last_name, last_start) = last_batch(options);
    let mut tally = Tally::default();
    for name in segments(&disk) {
        let size = disk.bytes(&name).unwrap().len();
        for bit in 0..size * 8 {
            let (place, turn) = (bit / 8, u8::try_from(bit % 8).unwrap());
            disk.flip(&name, place, turn);
            match read(shared(&disk)) {
                Err(error) => {
                    assert!(error.is_damage(), "{name} bit {bit}: {error}");
                    tally.refused += 1;
                }
                Ok((entries, torn)) => {
                    let torn = torn.unwrap_or_else(|| panic!("{name} bit {bit} went unnoticed"));
                    assert!(name == last_name && place >= last_start, "{name} bit {bit}");
                    assert!(torn.offset >= last_start as u64);
                    match genuine(&entries) {
                        BATCHES => tally.harmless += 1,
                        99 => tally.torn += 1,
                        other => panic!("{name} bit {bit}: {other} entries are left"),
                    }
                }
            }
            disk.flip(&name, place, turn);
        }
    }
    assert_eq!(genuine(&read(shared(&disk)).unwrap().0), BATCHES);
    tally
}

#[test]
fn every_flipped_bit_is_refused_but_for_the_last_batch() {
    let tally = flip_every_bit(ONE);
    let disk = perfect(0);
    write(&disk, ONE, BATCHES);
    let name = segment_name(1);
    let bits = disk.bytes(&name).unwrap().len() as u64 * 8;
    let last_bits = bits - last_batch(ONE).1 as u64 * 8;
    println!("bit flips in one segment: {tally:?}");
    assert!(bits > 50_000 && last_bits > 400);
    let expected = Tally {
        refused: bits - last_bits,
        torn: last_bits,
        harmless: 0,
    };
    assert_eq!(tally, expected);
}

#[test]
fn every_flipped_bit_of_several_segments_is_refused_but_for_the_end() {
    let tally = flip_every_bit(FILLED);
    println!("bit flips in several segments: {tally:?}");
    assert!(tally.refused > 50_000 && tally.torn > 400 && tally.harmless > 0);
}

#[test]
fn every_flipped_bit_of_the_last_batch_is_known_to_the_witness() {
    let (name, start) = last_batch(ONE);
    let disk = perfect(0);
    write(&disk, ONE, BATCHES);
    let whole = disk.bytes(&name).unwrap();
    let lost = Lost {
        witness: BATCHES,
        journal: BATCHES - 1,
    };
    for bit in start * 8..whole.len() * 8 {
        disk.flip(&name, bit / 8, u8::try_from(bit % 8).unwrap());
        let report = verify(shared(&disk)).unwrap();
        assert!(report.torn.is_some() && !report.is_whole());
        let (journal, recovery) = resume(&disk, ONE).unwrap();
        assert_eq!(recovery.witness, Standing::Lost(lost), "bit {bit}");
        assert_eq!(recovery.last_seq, BATCHES - 1);
        drop(journal);
        disk.put(&name, &whole);
    }
}

#[test]
fn every_cut_leaves_whole_batches_and_the_witness_knows() {
    let disk = perfect(0);
    write(&disk, ONE, BATCHES);
    let name = segment_name(1);
    let whole = disk.bytes(&name).unwrap();
    let (mut refused, mut counts) = (0, Vec::new());
    for size in 0..whole.len() {
        disk.put(&name, &whole[..size]);
        match resume(&disk, ONE) {
            Err(error) => {
                assert!(error.is_damage(), "cut at {size}: {error}");
                assert!(counts.is_empty(), "cut at {size} was refused");
                refused += 1;
            }
            Ok((journal, recovery)) => {
                assert_eq!(
                    recovery.witness.lost(),
                    Some(Lost {
                        witness: BATCHES,
                        journal: recovery.last_seq
                    })
                );
                drop(journal);
                let entries = read(shared(&disk)).unwrap().0;
                assert_eq!(genuine(&entries), recovery.last_seq, "cut at {size}");
                let end = recovery.torn.map_or(size as u64, |torn| torn.offset);
                assert_eq!(disk.bytes(&name).unwrap().len() as u64, end);
                counts.push(recovery.last_seq);
            }
        }
    }
    println!("cuts: {refused} refused, {} read to the tear", counts.len());
    assert!(counts.is_sorted() && refused > 0);
    counts.dedup();
    assert_eq!(counts, (0..BATCHES).collect::<Vec<_>>());
}

#[test]
fn a_cut_of_any_segment_but_the_last_is_refused() {
    let disk = perfect(0);
    write(&disk, SMALL, BATCHES);
    let names = segments(&disk);
    assert!(names.len() >= 2, "{names:?}");
    for name in &names[..names.len() - 1] {
        let whole = disk.bytes(name).unwrap();
        for size in 0..whole.len() {
            disk.put(name, &whole[..size]);
            let error = read(shared(&disk)).unwrap_err();
            assert!(error.is_damage(), "{name} cut at {size}: {error}");
        }
        disk.put(name, &whole);
    }
}

#[test]
fn a_missing_segment_is_refused_or_known_to_the_witness() {
    let options = SMALL;
    let disk = perfect(0);
    write(&disk, options, 300);
    let names = segments(&disk);
    assert!(names.len() >= 4);
    for (index, name) in names.iter().enumerate() {
        let whole = disk.bytes(name).unwrap();
        disk.take(name);
        if index + 1 == names.len() {
            let (_, recovery) = resume(&disk, options).unwrap();
            assert!(recovery.witness.lost().is_some());
        } else {
            let error = resume(&disk, options).unwrap_err();
            assert!(matches!(error, Error::Damaged { .. }), "{name}: {error}");
            let is_first = error.to_string().contains("not the first of its day");
            let is_missing = error.to_string().contains(&format!("{name} is missing"));
            assert!(if index == 0 { is_first } else { is_missing }, "{error}");
        }
        disk.put(name, &whole);
    }
    let swapped = disk.bytes(&names[1]).unwrap();
    disk.put(&names[2], &swapped);
    assert!(read(shared(&disk)).unwrap_err().is_damage());
}

#[test]
fn a_journal_without_segments_is_refused_if_the_witness_saw_any() {
    let disk = perfect(0);
    write(&disk, ONE, 3);
    disk.take(&segment_name(1));
    let opening = crate::opening;
    for error in [
        resume(&disk, ONE).unwrap_err(),
        journal::Journal::create(shared(&disk), opening(), ONE).unwrap_err(),
        journal::Journal::open(shared(&disk), opening(), ONE).unwrap_err(),
    ] {
        assert!(
            error.is_damage() && error.to_string().contains(WITNESS_NAME),
            "{error}"
        );
    }
}

#[test]
fn damage_names_file_place_and_entry_and_nothing_is_changed() {
    let disk = perfect(0);
    write(&disk, ONE, 10);
    let name = segment_name(1);
    let starts: Vec<usize> = disk
        .bytes(&name)
        .unwrap()
        .windows(4)
        .enumerate()
        .filter_map(|(place, window)| (window == b"ATRB").then_some(place))
        .collect();
    disk.flip(&name, starts[4] + 41, 3);
    let before = disk.bytes(&name);
    let error = resume(&disk, ONE).unwrap_err();
    let Error::Damaged {
        path, offset, seq, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert!(path.ends_with(&name));
    assert_eq!((*offset, *seq), (starts[4] as u64, 5));
    assert_eq!(disk.bytes(&name), before);
    let report = verify(shared(&disk)).unwrap();
    assert_eq!((report.batches, report.last_seq), (4, 4));
    assert!(report.damage.is_some() && !report.is_whole());
}

#[test]
fn a_length_asks_for_no_memory_in_vain() {
    // A header of a batch of 4 GB whose checksum is right: more than the file holds.
    let disk = perfect(0);
    write(&disk, ONE, 1);
    let name = segment_name(1);
    let mut bytes = disk.bytes(&name).unwrap();
    let place = bytes.len();
    let mut header = Vec::from(*b"ATRB");
    header.extend_from_slice(&u32::MAX.to_le_bytes());
    header.extend_from_slice(&2_u64.to_le_bytes());
    header.extend_from_slice(&1_u32.to_le_bytes());
    header.extend_from_slice(&u32::try_from(place).unwrap().to_le_bytes());
    header.extend_from_slice(&[0; 12]);
    header.extend_from_slice(&crc32c::crc32c(&header).to_le_bytes());
    bytes.extend_from_slice(&header);
    disk.put(&name, &bytes);
    let mut reader = Reader::open(shared(&disk), Extent::Everything).unwrap();
    assert!(reader.next_entry().unwrap().is_some());
    assert!(reader.next_entry().unwrap().is_none());
    assert_eq!(reader.torn().map(|torn| torn.offset), Some(place as u64));
}

#[test]
fn bytes_that_look_like_a_batch_inside_an_entry_are_none() {
    // The torn batch carries a copy of a whole one: that one stands elsewhere, so it proves nothing.
    let disk = perfect(0);
    write(&disk, ONE, 2);
    let name = segment_name(1);
    let whole = disk.bytes(&name).unwrap();
    let start = whole
        .windows(4)
        .position(|window| window == b"ATRB")
        .unwrap();
    let (mut journal, _) = resume(&disk, ONE).unwrap();
    journal.append(b"copy", &whole[start..]).unwrap();
    journal.commit().unwrap();
    drop(journal);
    disk.flip(&name, whole.len() + 45, 0);
    let (entries, torn) = read(shared(&disk)).unwrap();
    assert_eq!(genuine(&entries), 2);
    assert_eq!(torn.map(|torn| torn.offset), Some(whole.len() as u64));
}

/// A batch whose checksums are right, as it would stand at `position`.
fn forged(position: usize, seq: u64, entries: u32, previous: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::from(*b"ATRB");
    bytes.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(&seq.to_le_bytes());
    bytes.extend_from_slice(&entries.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(position).unwrap().to_le_bytes());
    bytes.extend_from_slice(&previous.to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(payload).to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn a_batch_with_right_checksums_must_also_follow_the_one_before() {
    let disk = perfect(0);
    write(&disk, ONE, 3);
    let name = segment_name(1);
    let whole = disk.bytes(&name).unwrap();
    let last = whole
        .windows(4)
        .rposition(|window| window == b"ATRB")
        .unwrap();
    let link = xxhash_rust::xxh3::xxh3_64(&whole[last..]);
    let (head, body) = crate::entry(4);
    let mut payload = Vec::new();
    for part in [&head, &body] {
        payload.extend_from_slice(&u32::try_from(part.len()).unwrap().to_le_bytes());
    }
    payload.extend([head, body].concat());
    let end = whole.len();
    let read_with = |batch: &[u8]| {
        disk.put(&name, &[&whole[..], batch].concat());
        read(shared(&disk)).map(|(entries, torn)| (genuine(&entries), torn))
    };
    assert_eq!(
        read_with(&forged(end, 4, 1, link, &payload)).unwrap(),
        (4, None)
    );
    for (what, batch) in [
        ("begins with entry 5", forged(end, 5, 1, link, &payload)),
        ("begins with entry 3", forged(end, 3, 1, link, &payload)),
        ("does not continue", forged(end, 4, 1, link ^ 1, &payload)),
        ("does not hold 2 entries", forged(end, 4, 2, link, &payload)),
        ("does not hold 0 entries", forged(end, 4, 0, link, &[])),
    ] {
        let error = read_with(&batch).unwrap_err();
        assert!(
            error.is_damage() && error.to_string().contains(what),
            "{error}"
        );
    }
}

#[test]
fn an_empty_segment_of_another_journal_is_refused() {
    let rolled = |body: &[u8]| {
        let disk = perfect(0);
        write(&disk, ONE, 2);
        let (mut journal, _) = resume(&disk, ONE).unwrap();
        journal.append(b"", body).unwrap();
        journal.roll(20_260_303).unwrap();
        disk
    };
    let (disk, other) = (rolled(b"a"), rolled(b"b"));
    assert_eq!(read(shared(&disk)).unwrap().0.len(), 3);
    disk.put(&segment_name(2), &other.bytes(&segment_name(2)).unwrap());
    let error = read(shared(&disk)).unwrap_err();
    assert!(
        error.to_string().contains("does not continue the segment"),
        "{error}"
    );
}

#[test]
fn whatever_the_bytes_only_what_was_written_is_read() {
    let mut stream = engine::random::Stream::new(1, "bytes", 0);
    let (mut refused, mut read_through) = (0, 0);
    for round in 0..3_000 {
        let disk = perfect(round);
        write(&disk, SMALL, 120);
        let names = segments(&disk);
        for _ in 0..=stream.below(3) {
            let pick = usize::try_from(stream.below(names.len() as u64)).unwrap();
            let mut bytes = disk.bytes(&names[pick]).unwrap();
            let mut place = || usize::try_from(stream.below(bytes.len() as u64)).unwrap();
            let (from, to, length) = (place(), place(), place() / 8);
            match round % 4 {
                // Overwritten with bytes of elsewhere, drawn anew, cut out, or put in twice.
                0 => {
                    let length = length.min(bytes.len() - from.max(to));
                    bytes.copy_within(from..from + length, to);
                }
                1 => bytes[from..]
                    .iter_mut()
                    .take(length)
                    .for_each(|byte| *byte = (stream.bits() & 0xFF) as u8),
                2 => drop(bytes.drain(from..(from + length).min(bytes.len()))),
                _ => {
                    let copy = bytes[from..(from + length).min(bytes.len())].to_vec();
                    bytes.splice(to..to, copy);
                }
            }
            disk.put(&names[pick], &bytes);
        }
        match read(shared(&disk)) {
            Err(error) => {
                assert!(error.is_damage(), "round {round}: {error}");
                refused += 1;
            }
            Ok((entries, _)) => {
                genuine(&entries);
                read_through += 1;
            }
        }
    }
    println!("rewritten bytes: {refused} refused, {read_through} read to a tear");
    assert!(refused > 1_500 && read_through > 100);
}
