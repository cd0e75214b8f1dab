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
