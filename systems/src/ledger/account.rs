//! Money and the counters that limits rest on. Every number is checked: what does not fit is not
//! booked, and is said.

use crate::ledger::position::{Overflow, Traded};
use components::units::Cash;
use engine::record::AccountState;

/// Books a trade.
pub(crate) fn book(account: &mut AccountState, traded: Traded) -> Result<(), Overflow> {
    let cash = account.cash.checked_add(traded.cash).ok_or(Overflow)?;
    let realized = account
        .realized
        .checked_add(traded.realized)
        .ok_or(Overflow)?;
    account.cash = cash;
    account.realized = realized;
    Ok(())
}

/// Books fees.
pub(crate) fn charge(account: &mut AccountState, fees: Cash) -> Result<(), Overflow> {
    let cash = account.cash.checked_sub(fees).ok_or(Overflow)?;
    account.fees = account.fees.checked_add(fees).ok_or(Overflow)?;
    account.cash = cash;
    Ok(())
}

/// Counts a trade that is closed: one that gained nothing before fees counts as lost. Fees are left
/// out because they may come later, and the count must not hang on when they come.
pub(crate) fn count(account: &mut AccountState, profit: Cash) {
    if profit > Cash::ZERO {
        account.losing_trades = 0;
        account.won_today = account.won_today.saturating_add(1);
    } else {
        account.losing_trades = account.losing_trades.saturating_add(1);
        account.lost_today = account.lost_today.saturating_add(1);
    }
}

/// The account as the next session begins with it, worth `equity`: the counters of the day start
/// anew, that of losing days goes on.
pub(crate) fn next_session(account: &AccountState, equity: Cash) -> AccountState {
    AccountState {
        losing_days: match equity.cmp(&account.day_open_equity) {
            core::cmp::Ordering::Less => account.losing_days.saturating_add(1),
            core::cmp::Ordering::Equal => account.losing_days,
            core::cmp::Ordering::Greater => 0,
        },
        ..first_session(account, equity)
    }
}

/// The account as the first session of all begins with it.
pub(crate) fn first_session(account: &AccountState, equity: Cash) -> AccountState {
    AccountState {
        day_open_equity: equity,
        high_water: account.high_water.max(equity),
        losing_trades: 0,
        won_today: 0,
        lost_today: 0,
        day_loss_reached: false,
        losing_trades_reached: false,
        ..*account
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_session_keeps_money_and_losing_days_and_counts_the_rest_anew() {
        let before = AccountState {
            cash: Cash(100),
            realized: Cash(7),
            fees: Cash(3),
            initial: Cash(90),
            day_open_equity: Cash(100),
            high_water: Cash(105),
            losing_days: 2,
            losing_trades: 3,
            won_today: 4,
            lost_today: 5,
            day_loss_reached: true,
            losing_trades_reached: true,
        };
        let kept = AccountState {
            losing_trades: 0,
            won_today: 0,
            lost_today: 0,
            day_loss_reached: false,
            losing_trades_reached: false,
            ..before
        };
        for (equity, losing_days, high_water) in
            [(99, 3, 105), (100, 2, 105), (101, 0, 105), (106, 0, 106)]
        {
            let expected = AccountState {
                day_open_equity: Cash(equity),
                high_water: Cash(high_water),
                losing_days,
                ..kept
            };
            assert_eq!(next_session(&before, Cash(equity)), expected);
        }
        let first = AccountState {
            day_open_equity: Cash(99),
            ..kept
        };
        assert_eq!(first_session(&before, Cash(99)), first);
    }

    #[test]
    fn a_trade_that_gained_nothing_is_lost_and_one_that_did_ends_the_streak() {
        let mut account = AccountState::default();
        let counts =
            |account: &AccountState| (account.losing_trades, account.lost_today, account.won_today);
        for (profit, expected) in [
            (-1, (1, 1, 0)),
            (0, (2, 2, 0)),
            (1, (0, 2, 1)),
            (-1, (1, 3, 1)),
        ] {
            count(&mut account, Cash(profit));
            assert_eq!(counts(&account), expected);
        }
    }

    #[test]
    fn fees_that_do_not_fit_change_nothing() {
        let mut account = AccountState {
            cash: Cash(10),
            fees: Cash(i64::MAX - 1),
            ..AccountState::default()
        };
        charge(&mut account, Cash(1)).unwrap();
        assert_eq!((account.cash, account.fees), (Cash(9), Cash(i64::MAX)));
        let before = account;
        assert!(charge(&mut account, Cash(1)).is_err());
        assert_eq!(account, before);
    }
}
