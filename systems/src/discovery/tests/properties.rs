//! What holds for any tape.

use super::*;
use proptest::prelude::*;

/// Symbols with prices and volumes of any kind.
fn tapes() -> impl Strategy<Value = Vec<Tape>> {
    let minute = (0_u64..5_000, 1_u32..2_000);
    let tape = prop::collection::vec(minute, 0..420);
    prop::collection::vec((tape, 1_u64..500), 1..5).prop_map(|tapes| {
        let names = ["AAA", "BBB", "CCC", "DDD"];
        let named = names.into_iter().zip(tapes);
        named
            .map(|(name, (minutes, size))| {
                let minutes = minutes.into_iter();
                let priced = minutes.map(|(volume, cents)| (volume, f64::from(cents) / 100.0));
                Tape::new(name, priced).trading([size; 25])
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_symbols_does_not_matter_and_a_file_keeps_everything(
        tapes in tapes(),
        turn in 0_usize..5,
    ) {
        let found = found_of(&tapes);
        let mut turned = tapes.clone();
        turned.reverse();
        turned.rotate_left(turn % tapes.len());
        prop_assert_eq!(&found_of(&turned), &found);
        let text = to_yaml(&found).unwrap();
        prop_assert!(!text.contains('!') && !text.to_lowercase().contains("nan"));
        prop_assert_eq!(from_yaml("d.yaml", &text).unwrap(), found);
    }

    #[test]
    fn so_many_times_the_shares_are_so_many_times_the_bucket(
        minutes in prop::collection::vec(500_u64..50_000, 250..420),
        times in 2_u64..40,
    ) {
        let sized = |times: u64| {
            let minutes = minutes.iter().map(|volume| (volume * times, 100.0));
            let tape = Tape::new("AAA", minutes).trading([10 * times; 25]);
            tape.found().vpin_bucket.shares.unwrap()
        };
        let (one, many) = (sized(1), sized(times));
        // Each is rounded to a share.
        prop_assert!((one * times).abs_diff(many) <= times, "{} {}", one, many);
    }
}
