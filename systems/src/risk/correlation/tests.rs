//! The rules about rows, and which bets are the same.

use super::*;
use engine::math::sin;
use proptest::prelude::*;

fn wave(rows: usize, speed: f64) -> Vec<Option<f64>> {
    (0..rows).map(|row| Some(sin(speed * row as f64))).collect()
}

fn matrix(series: &[Vec<Option<f64>>]) -> Result<Correlations, TooFewRows> {
    let slices: Vec<&[Option<f64>]> = series.iter().map(Vec::as_slice).collect();
    correlations(&slices)
}

fn rho(value: f64) -> Correlations {
    Correlations {
        symbols: 2,
        rho: vec![Some(1.0), Some(value), Some(value), Some(1.0)],
        rows: 120,
        shrinkage: None,
    }
}

fn against(value: f64, held_usd: f64, wanted_usd: f64) -> Option<Correlated> {
    let bet = |symbol, delta_usd| Bet { symbol, delta_usd };
    correlated_same_way(
        Some(&rho(value)),
        &[bet(0, held_usd)],
        bet(1, wanted_usd),
        0.7,
    )
}

#[test]
fn a_row_with_a_gap_is_dropped_for_all() {
    let mut series = vec![wave(40, 0.7), wave(40, 0.9)];
    let whole = matrix(&series).unwrap();
    series[0][3] = None;
    series[1][9] = Some(f64::NAN);
    let gaps = matrix(&series).unwrap();
    assert_eq!((whole.rows, gaps.rows), (40, 38));
    for one in &mut series {
        one.remove(9);
        one.remove(3);
    }
    assert_eq!(matrix(&series).unwrap(), gaps);
}

#[test]
fn twenty_nine_rows_are_too_few_and_thirty_are_not() {
    let series = |rows| vec![wave(rows, 0.7), wave(rows, 0.9)];
    assert_eq!(matrix(&series(29)), Err(TooFewRows { found: 29 }));
    assert!(matrix(&series(30)).is_ok());
    assert_eq!(matrix(&[]), Err(TooFewRows { found: 0 }));
}

#[test]
fn what_does_not_move_correlates_with_nothing() {
    let flat = vec![Some(0.001); 40];
    let found = matrix(&[wave(40, 0.7), flat, wave(40, 0.9)]).unwrap();
    assert_eq!((found.between(0, 1), found.between(1, 1)), (None, None));
    assert_eq!(found.between(0, 0), Some(1.0));
    assert!(found.between(0, 2).is_some() && found.between(0, 3).is_none());
}

#[test]
fn few_rows_a_symbol_are_shrunk() {
    let of = |symbols: u32, rows| {
        let speed = |s: u32| 0.3 + 0.37 * f64::from(s);
        let all: Vec<_> = (0..symbols).map(|s| wave(rows, speed(s))).collect();
        matrix(&all).unwrap().shrinkage
    };
    assert_eq!((of(6, 34), of(7, 35)), (None, None), "5 rows a symbol");
    assert!(of(7, 34).is_some_and(|shrinkage| shrinkage > 0.0));
}

#[test]
fn a_copy_of_a_series_leaves_no_eigenvalue_below_the_least() {
    let found = matrix(&[wave(40, 0.7), wave(40, 0.7), wave(40, 0.9)]).unwrap();
    let all: Vec<f64> = (0..9)
        .map(|p| found.between(p / 3, p % 3).unwrap())
        .collect();
    let values = eigen(&all, 3).values;
    assert!(values[2] >= 0.9 * EIGENVALUE_MIN, "{values:?}");
    assert!(all[1] > 0.999_999 && all[0] >= 1.0 && all[4] >= 1.0);
}

#[test]
fn an_edit_that_no_returns_could_have_is_mended() {
    let edited = vec![1.0, 0.9, -0.9, 0.9, 1.0, 0.9, -0.9, 0.9, 1.0];
    let mended = positive_definite(edited.clone(), 3);
    assert!(eigen(&edited, 3).values[2] < -0.7);
    assert!(eigen(&mended, 3).values[2] > 0.0);
    assert!(mended[0] >= 1.0 && mended[1] > 0.0 && mended[2] < 0.0);
    let sound = vec![1.0, 0.5, 0.5, 1.0];
    assert_eq!(positive_definite(sound.clone(), 2), sound);
}

#[test]
fn the_same_bet_is_refused_and_a_hedge_is_not() {
    let same = Some(Correlated::SameWay { with: 0, rho: 0.8 });
    assert_eq!(against(0.8, 1.0, 5.0), same, "long and long");
    assert_eq!(against(0.8, -1.0, -5.0), same, "short and short");
    assert_eq!(against(0.8, 1.0, -5.0), None, "a hedge");
    assert!(
        against(-0.8, 1.0, -5.0).is_some(),
        "opposites the opposite way are one bet"
    );
    assert_eq!(against(-0.8, 1.0, 5.0), None);
}

#[test]
fn the_limit_itself_is_allowed() {
    assert_eq!(against(0.7, 1.0, 1.0), None);
    assert!(against(0.7 + 1e-12, 1.0, 1.0).is_some());
    for rho in [0.99, -0.99] {
        assert_eq!(against(rho, 0.0, 1.0), None, "no direction, no bet");
        assert_eq!(against(rho, 1.0, 0.0), None);
    }
}

#[test]
fn what_is_not_known_is_said_but_does_not_hide_what_is() {
    let mut known = rho(0.9);
    let bet = |symbol| Bet {
        symbol,
        delta_usd: 1.0,
    };
    let held = [bet(7), bet(0)];
    let found = correlated_same_way(Some(&known), &held, bet(1), 0.7);
    assert_eq!(found, Some(Correlated::SameWay { with: 1, rho: 0.9 }));
    known.rho[1] = Some(0.1);
    known.rho[2] = Some(0.1);
    let unknown = Some(Correlated::Unknown { with: 0 });
    assert_eq!(
        correlated_same_way(Some(&known), &held, bet(1), 0.7),
        unknown
    );
    assert_eq!(correlated_same_way(None, &held, bet(1), 0.7), unknown);
    assert_eq!(
        correlated_same_way(None, &[bet(1)], bet(1), 0.7),
        None,
        "its own symbol"
    );
}

proptest! {
    #[test]
    fn every_matrix_is_a_correlation_matrix(
        symbols in 1_usize..6,
        rows in 30_usize..60,
        numbers in prop::collection::vec(-1.0_f64..1.0, 360),
    ) {
        let series: Vec<Vec<Option<f64>>> = (0..symbols)
            .map(|s| numbers[s * 60..s * 60 + rows].iter().map(|x| Some(*x)).collect())
            .collect();
        let found = matrix(&series).unwrap();
        for left in 0..symbols {
            prop_assert_eq!(found.between(left, left), Some(1.0));
            for right in 0..symbols {
                let rho = found.between(left, right).unwrap();
                prop_assert!(rho.abs() <= 1.0);
                prop_assert_eq!(Some(rho), found.between(right, left));
            }
        }
    }
}

#[test]
fn a_series_moves_when_it_differs_by_more_than_rounding_wherever_it_lies() {
    for moving in [
        &[10.0, 10.1][..],
        &[-10.1, -10.0],
        &[1e-9, 2e-9],
        &[-1.0, -1.0 + 1e-13],
    ] {
        assert!(moves(moving), "{moving:?}");
    }
    for still in [
        &[][..],
        &[3.0],
        &[10.0; 3],
        &[0.0; 3],
        &[1.0, 1.0 + f64::EPSILON],
        &[-1.0, -1.0 + f64::EPSILON],
    ] {
        assert!(!moves(still), "{still:?}");
    }
}
