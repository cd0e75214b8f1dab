//! Every breaker is set off in a whole engine by what it is there for, restricts what it should, and
//! holds for as long as it should (RSK-21).
//!
//! | trigger | test |
//! |---|---|
//! | the day's loss | `a_days_loss_reduces_and_a_recovery_lifts_nothing` |
//! | sizes cut before it | `sizes_are_cut_by_half_and_by_three_quarters_before_nothing_is_opened` in `risk/breakers/tests.rs` |
//! | losing trades in a row | `losing_trades_in_a_row_reduce` |
//! | losing days in a row | `losing_days_in_a_row_reduce_until_an_operator_clears_it` |
//! | drawdown | `a_drawdown_halts_until_an_operator_clears_it` |
//! | a wild market | `after_a_wild_move_nothing_is_opened` in `risk.rs` |
//! | critical errors | `too_many_critical_errors_halt`, `only_what_is_critical_counts` |
//! | refusals by the broker | `refusals_pause_the_strategy`, and over a restart in `waiting.rs` |
//! | lost time | `lost_time_halts_and_a_jump_of_the_clock_reduces` |
//! | a jump of the clock | the same |
//! | the gate | `what_the_gate_refuses_halts_in_the_next_tick` in `dispatch.rs` |
//! | an order that nobody intended | `what_must_not_happen_halts_once_for_each_cause` in `commands.rs` |
//! | two orders under one reference | `two_numbers_of_the_broker_for_one_order_halt` in `commands.rs` |
//! | the wrong account | `another_account_is_only_observed_and_never_asked` in `link.rs` |
//! | an operator | `a_halt_is_latched_and_calls_entries_back` in `commands.rs` |
//! | a position that differs, a journal that ends too early | `ledger/scenarios.rs`, `daemon/tests/torture` |

use crate::desk::Desk;
use crate::market::{CALL_100, CALL_101, PUT_100, connected, price, quote, script, terms, ticker};
use crate::support::{TODAY, at};
use components::contract::{Contract, Instrument};
use components::order::{OrderId, Role};
use components::units::{Cash, Price};
use engine::calendar::Calendar;
use engine::clock::{SteppedClock, Tick, Window};
use engine::command::Command;
use engine::ports::Clock;
use engine::record::{Cause, Record, Restriction, Settling};
use engine::report::Report;
use systems::ledger::Ledger;
use systems::risk::breakers::Trip;
use systems::risk::tripping::Tripped;

fn trips(desk: &Desk) -> Vec<(Cause, Restriction)> {
    let tripped = desk.engine.world().resource::<Tripped>();
    let of = |trip: &Trip| (trip.cause, trip.level);
    tripped.trips.iter().map(of).collect()
}

fn latches(desk: &Desk) -> Vec<(Cause, Restriction)> {
    desk.ledger().latches().collect()
}

/// Whether an entry leaves.
fn opens(desk: &mut Desk, osi: &str) -> bool {
    let before = entries(desk);
    desk.buy(osi, 80.0).ticks(2);
    entries(desk) > before
}

fn entries(desk: &Desk) -> usize {
    let groups = desk.submitted();
    let all = groups.iter().flatten();
    all.filter(|order| order.role == Role::Entry).count()
}

fn held() -> Instrument {
    Instrument::Option(Contract {
        underlying: ticker(),
        terms: terms(CALL_101),
    })
}

/// Ten contracts from the day before, worth $2.00 each at the open.
fn with_ten_contracts(flags: &[(&str, &str)]) -> Desk {
    let mut ledger = Ledger::new(Cash(1_000_000_000));
    let adopted = Record::Adjusted {
        instrument: held(),
        from: 0,
        to: 10,
        price: Price(20_000),
    };
    ledger.apply(at(-86_400_000), &adopted);
    let mut desk = Desk::new(flags, script(), Some(ledger));
    desk.paper().positions.push((held(), 10));
    desk.say(connected()).ticks(24);
    desk
}

/// What is held is quoted so.
fn quoted(desk: &mut Desk, bid: f64, ask: f64) {
    let id = desk.id(CALL_101);
    desk.event(quote(id, bid, ask)).ticks(2);
}

#[test]
fn a_days_loss_reduces_and_a_recovery_lifts_nothing() {
    let mut desk = with_ten_contracts(&[("limits.day_loss_max_usd", "500")]);
    quoted(&mut desk, 1.60, 1.64);
    assert_eq!(trips(&desk), [], "$400 of $500");
    quoted(&mut desk, 1.40, 1.44);
    assert_eq!(trips(&desk), [(Cause::DayLoss, Restriction::Reducing)]);
    assert!(desk.ledger().account().day_loss_reached);
    assert!(!opens(&mut desk, PUT_100));
    assert_eq!(desk.blocked("risk_reducing"), 1);
    quoted(&mut desk, 2.00, 2.04);
    assert_eq!(trips(&desk), [(Cause::DayLoss, Restriction::Reducing)]);
}

#[test]
fn a_drawdown_halts_until_an_operator_clears_it() {
    let mut desk = with_ten_contracts(&[
        ("breakers.drawdown_max", "0.005"),
        ("limits.day_loss_max_usd", "100000"),
    ]);
    quoted(&mut desk, 1.60, 1.64);
    assert_eq!(latches(&desk), [], "$400 of $500");
    quoted(&mut desk, 1.40, 1.44);
    assert_eq!(latches(&desk), [(Cause::Drawdown, Restriction::Halted)]);
    assert!(!opens(&mut desk, PUT_100));
    assert_eq!(desk.blocked("risk_trading_halted"), 1);
    quoted(&mut desk, 2.00, 2.04);
    assert_eq!(latches(&desk), [(Cause::Drawdown, Restriction::Halted)]);
    desk.command(Command::Resume).tick();
    assert_eq!(latches(&desk), []);
    assert!(opens(&mut desk, CALL_100));
}

#[test]
fn losing_trades_in_a_row_reduce() {
    let mut desk = Desk::ready(&[("breakers.losing_trades_max", "1")]);
    desk.buy(CALL_100, 80.0).ticks(2);
    let group = desk.submitted()[0].clone();
    desk.fill(&group[0], price(2.04)).ticks(2);
    assert_eq!(trips(&desk), []);
    desk.fill(&group[1], price(1.50)).ticks(3);
    assert_eq!(trips(&desk), [(Cause::LosingTrades, Restriction::Reducing)]);
    assert!(!opens(&mut desk, PUT_100));
    assert_eq!(desk.blocked("risk_reducing"), 1);
}

#[test]
fn losing_days_in_a_row_reduce_until_an_operator_clears_it() {
    let equity = Cash(1_000_000_000);
    let mut ledger = Ledger::new(equity);
    let now = at(-86_400_000);
    let opened = Record::DayOpened(Box::new(ledger.open_state(20_260_227, equity)));
    ledger.apply(now, &opened);
    let (instrument, quantity, price) = (held(), 10, Price(20_000));
    let bought = Record::Adjusted {
        instrument,
        from: 0,
        to: quantity,
        price,
    };
    ledger.apply(now, &bought);
    let lost = Record::Settled {
        instrument,
        quantity,
        price: Price::NONE,
        how: Settling::Expired,
    };
    ledger.apply(now, &lost);
    let flags = [("breakers.losing_days_max", "1")];
    let mut desk = Desk::new(&flags, script(), Some(ledger.clone()));
    desk.say(connected()).ticks(24);
    assert_eq!(latches(&desk), [(Cause::LosingDays, Restriction::Reducing)]);
    assert!(!opens(&mut desk, CALL_100));
    assert_eq!(desk.blocked("risk_reducing"), 1);
    desk.command(Command::Resume).ticks(4);
    assert_eq!(latches(&desk), [], "it is looked at when a session opens");
    assert!(opens(&mut desk, PUT_100));
    let mut patient = Desk::new(&[], script(), Some(ledger));
    patient.say(connected()).ticks(24);
    assert_eq!(latches(&patient), [], "one day of three");
}

/// The broker refuses the entry of a new group with this code.
fn refuse(desk: &mut Desk, osi: &str, code: u32) {
    desk.paper().accepts = false;
    assert!(opens(desk, osi), "refused before the broker did");
    let order = desk.submitted().last().unwrap()[0].id;
    let reason = "price".to_owned();
    desk.say(Report::Rejected {
        order,
        code,
        reason,
    });
    desk.ticks(2);
}

#[test]
fn too_many_critical_errors_halt() {
    let mut desk = Desk::ready(&[
        ("breakers.errors_max", "1"),
        ("limits.positions_per_symbol_max", "9"),
    ]);
    refuse(&mut desk, CALL_100, 110);
    assert_eq!(latches(&desk), [], "one may be");
    refuse(&mut desk, PUT_100, 110);
    assert_eq!(latches(&desk), [(Cause::Errors, Restriction::Halted)]);
    assert!(!opens(&mut desk, CALL_101));
    assert_eq!(desk.blocked("risk_trading_halted"), 1);
}

#[test]
fn what_the_ledger_finds_critical_counts_as_well() {
    let mut desk = Desk::ready(&[("breakers.errors_max", "1")]);
    desk.buy(CALL_100, 80.0).ticks(2);
    let entry = desk.submitted()[0][0];
    // Filled three times over: each beyond the first is more than was ordered.
    desk.fill(&entry, price(2.04)).ticks(2);
    desk.fill(&entry, price(2.04)).ticks(2);
    assert_eq!(latches(&desk), [], "one may be");
    desk.fill(&entry, price(2.04)).ticks(2);
    assert_eq!(latches(&desk), [(Cause::Errors, Restriction::Halted)]);
}

#[test]
fn only_what_is_critical_counts() {
    let mut desk = Desk::ready(&[
        ("breakers.errors_max", "0"),
        ("limits.positions_per_symbol_max", "9"),
    ]);
    refuse(&mut desk, CALL_100, 201);
    let entry = desk.submitted()[0][0].id;
    // What is said twice is odd, but nobody's error.
    let reason = String::new();
    desk.say(Report::Rejected {
        order: entry,
        code: 201,
        reason,
    });
    desk.ticks(4);
    assert_eq!(latches(&desk), []);
    assert!(opens(&mut desk, PUT_100));
}

#[test]
fn refusals_pause_the_strategy() {
    let mut desk = Desk::ready(&[
        ("breakers.rejections_max", "2"),
        ("limits.positions_per_symbol_max", "9"),
    ]);
    refuse(&mut desk, CALL_100, 201);
    let paused = |desk: &Desk| desk.ledger().paused(crate::market::strategy());
    assert_eq!(paused(&desk), None);
    refuse(&mut desk, PUT_100, 201);
    assert_eq!(paused(&desk), Some(Cause::Rejections));
    assert!(!opens(&mut desk, CALL_101));
    assert_eq!(desk.blocked("risk_strategy_paused"), 1);
}

/// A clock with what went wrong at given ticks: points lost, milliseconds jumped.
struct Troubled {
    inner: SteppedClock,
    at: Vec<(u64, u32, i64)>,
}

impl Clock for Troubled {
    fn next(&mut self) -> Option<Tick> {
        let mut tick = self.inner.next()?;
        let trouble = self.at.iter().find(|(number, ..)| *number == tick.number);
        if let Some((_, skipped, jumped_ms)) = trouble {
            (tick.skipped, tick.jumped_ms) = (*skipped, *jumped_ms);
        }
        Some(tick)
    }
}

fn troubled(at: Vec<(u64, u32, i64)>) -> Desk {
    let session = Calendar::nyse().session(TODAY).unwrap();
    let inner = SteppedClock::new(vec![Window::whole(session)]);
    let clock = Box::new(Troubled { inner, at });
    let mut desk = Desk::on_clock(clock, &[], script(), None);
    desk.say(connected()).ticks(24);
    assert_eq!(latches(&desk), []);
    desk
}

#[test]
fn lost_time_halts_and_a_jump_of_the_clock_reduces() {
    let mut desk = troubled(vec![(25, 4, 0)]);
    desk.tick();
    assert_eq!(latches(&desk), [(Cause::Overload, Restriction::Halted)]);
    assert!(!opens(&mut desk, CALL_100));
    let mut desk = troubled(vec![(25, 0, 1_000), (26, 0, -1_001)]);
    desk.tick();
    assert_eq!(latches(&desk), [], "a second is still corrected");
    desk.tick();
    assert_eq!(latches(&desk), [(Cause::Clock, Restriction::Reducing)]);
    assert!(!opens(&mut desk, CALL_100));
    assert_eq!(desk.blocked("risk_reducing"), 1);
    let open = desk.ledger().open_orders();
    assert_eq!(open.filter(|order| order.id() > OrderId(0)).count(), 0);
}
