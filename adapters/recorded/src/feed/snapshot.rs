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

    fn stale_after_ms(&self) -> i64 {
        0
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
