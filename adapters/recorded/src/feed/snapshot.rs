//! A whole chain at one moment.
//!
//! At its time the feed gives the level of the underlying (the file's last price, for a fund as
//! for an index), then for each contract in canonical order its quote, its open interest and the
//! vendor's Greeks. The file has no sizes: they are 0. It speaks once, so silence means nothing.

use super::channel::Channel;
use crate::cboe::{Chain, Leg};
use crate::day::Moment;
use crate::error::Error;
use components::contract::ContractId;
use components::market::Ticker;
use components::units::Timestamp;
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};

/// A chain snapshot that becomes visible at one moment.
#[derive(Debug)]
pub struct CboeChain {
    channel: Channel,
    chain: Chain,
    legs: Vec<Leg>,
    at: Timestamp,
    given: bool,
}

impl CboeChain {
    /// A feed that gives `chain` at `time`, as the chain of `underlying`.
    ///
    /// # Errors
    /// When the chain is that of another underlying.
    pub fn new(underlying: Ticker, time: &Moment, chain: Chain) -> Result<Self, Error> {
        if chain.symbol != underlying {
            return Err(Error::Underlying {
                found: underlying,
                held: chain.symbol,
                name: chain.name,
            });
        }
        let at = time.at();
        let mut legs: Vec<Leg> = chain
            .rows
            .iter()
            .flat_map(|row| [row.call, row.put])
            .collect();
        legs.sort_by_key(|leg| leg.terms);
        Ok(Self {
            channel: Channel::new("cboe_chain", underlying, time.date(), at),
            chain,
            legs,
            at,
            given: false,
        })
    }

    fn push(&self, leg: &Leg, contract: ContractId, inbox: &mut Inbox) {
        let mut push = |kind| inbox.push(self.at, self.at, kind);
        push(EventKind::OptionQuote {
            contract,
            bid: leg.bid,
            ask: leg.ask,
            bid_size: 0,
            ask_size: 0,
        });
        push(EventKind::OpenInterest {
            contract,
            contracts: leg.open_interest,
        });
        push(EventKind::VendorGreeks {
            contract,
            iv: leg.iv,
            delta: leg.delta,
            gamma: leg.gamma,
        });
    }
}

impl Feed for CboeChain {
    fn name(&self) -> &str {
        &self.channel.name
    }

    fn list(&mut self, tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        if self.channel.list(tick, listings) {
            for leg in &self.legs {
                listings.contract(self.channel.symbol, leg.terms);
            }
        }
        Ok(())
    }

    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        if self.given || tick.now < self.at {
            return Ok(());
        }
        let symbol = self.channel.number(directory)?;
        let level = self.chain.last;
        inbox.push(self.at, self.at, EventKind::Index { symbol, level });
        for leg in &self.legs {
            let contract = self.channel.contract(directory, leg.terms)?;
            self.push(leg, contract, inbox);
        }
        self.given = true;
        Ok(())
    }

    fn is_exhausted(&self) -> bool {
        self.given
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, recorded_root, session};
    use components::contract::ExerciseStyle;
    use jiff::civil::date;

    #[test]
    fn recorded_spx_chain_is_given_once_at_its_time() {
        let Some(root) = recorded_root() else { return };
        let path = root.join("option_chains/cboe_spx_2022-03-23_1011.csv");
        let chain = Chain::open(&path).unwrap();
        let text = "2022-03-23T10:11:00-04:00[America/New_York]".to_owned();
        let time = Moment::try_from(text).unwrap();
        let spy = CboeChain::new(Ticker::new("SPY").unwrap(), &time, chain.clone());
        let error = spy.unwrap_err().to_string();
        assert!(
            error.starts_with("`underlying` was \"SPY\", must be SPX"),
            "{error}"
        );

        let spx = Ticker::new("SPX").unwrap();
        let mut feed = CboeChain::new(spx, &time, chain).unwrap();
        assert_eq!(
            (feed.name(), feed.stale_after_ms()),
            ("cboe_chain SPX 2022-03-23", 0)
        );
        let mut bench = Bench::new(session(date(2022, 3, 23), 16));
        let early = time.at().plus_millis(-250);
        assert!(bench.tick(&mut feed, early).unwrap().is_empty());
        assert_eq!(bench.directory.contracts_len(), 0);
        let events = bench.tick(&mut feed, time.at()).unwrap();
        assert_eq!(events.len(), 1 + 3 * 2 * 9_501);
        assert_eq!(bench.directory.contracts_len(), 2 * 9_501);
        assert!(
            events
                .iter()
                .all(|event| event.at == time.at() && event.received == time.at())
        );
        assert!(matches!(events[0].kind, EventKind::Index { level, .. } if level.0 == 44_790_898));
        let roots: Vec<_> = (0..2 * 9_501)
            .map(|number| bench.directory.listed(ContractId(number)).unwrap().terms)
            .inspect(|terms| assert_eq!(terms.style, ExerciseStyle::European))
            .map(|terms| terms.root.to_string())
            .collect();
        let am_settled = roots.iter().filter(|root| *root == "SPX").count();
        let pm_settled = roots.iter().filter(|root| *root == "SPXW").count();
        assert_eq!(am_settled + pm_settled, 2 * 9_501);
        assert!(am_settled > 0 && pm_settled > am_settled);
        let interest: u64 = events
            .iter()
            .map(|event| match event.kind {
                EventKind::OpenInterest { contracts, .. } => u64::from(contracts),
                _ => 0,
            })
            .sum();
        assert_eq!(interest, 4_520_318 + 8_873_303);
        assert!(feed.is_exhausted());
        assert!(
            bench
                .tick(&mut feed, time.at().plus_millis(250))
                .unwrap()
                .is_empty()
        );
    }
}
