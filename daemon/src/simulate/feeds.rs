//! The feeds of a scenario.

use crate::exit::Failure;
use crate::scenario::{Plan, Scenario};
use engine::calendar::Calendar;
use engine::ports::Feed;
use simulator::{Faulted, Market, Scripted};
use std::path::Path;

/// The feeds of a scenario: its synthetic market, its recorded sets, its script.
pub(crate) fn feeds(
    scenario: &Scenario,
    plan: &Plan,
    data: &Path,
) -> Result<Vec<Box<dyn Feed>>, Failure> {
    let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
    if let Some(market) = &scenario.market {
        // Contracts expire on sessions after the run's last as well.
        let days = jiff::Span::new().days(i64::from(market.expiry_days_max));
        let known = plan.sessions();
        let sessions = match (known.first(), known.last()) {
            (Some(first), Some(last)) => {
                let until = last.date.saturating_add(days);
                Calendar::nyse().sessions(first.date, until).to_vec()
            }
            _ => known,
        };
        let market = Market::new(market, scenario.seed, &sessions)
            .and_then(|market| market.with_moves(&plan.moves))
            .map_err(Failure::config)?;
        feeds.push(Box::new(market));
    }
    for set in &scenario.recorded {
        feeds.extend(set.open(data).map_err(not_opened)?);
    }
    if !plan.faults.is_empty() {
        let damaged = feeds.into_iter().enumerate().map(|(index, feed)| {
            let seed = scenario.seed.wrapping_add(index as u64);
            let feed = Faulted::new(feed, seed, plan.faults.clone());
            feed.map(|feed| Box::new(feed) as Box<dyn Feed>)
        });
        feeds = damaged.collect::<Result<_, _>>().map_err(Failure::config)?;
    }
    if !plan.halts.is_empty() {
        feeds.push(Box::new(Scripted::new("script", plan.halts.clone())));
    }
    Ok(feeds)
}

/// A set that is not there is an error of the scenario, a damaged one is not.
fn not_opened(error: recorded::Error) -> Failure {
    match error {
        missing @ recorded::Error::Missing { .. } => Failure::config(missing),
        other => Failure::error(other),
    }
}
