//! Whether a signal becomes orders: what restricts trading, then the limits, then the shape. An
//! entry comes with its stop and its target or not at all.

use super::*;
use crate::comovement::returns::Returns;
use bevy_ecs::system::SystemParam;
use components::contract::Instrument;

/// What holds for every judgement of a tick.
#[derive(SystemParam)]
pub struct Standing<'w> {
    tick: Res<'w, Tick>,
    config: Res<'w, RiskConfig>,
    limits: Res<'w, LimitsInForce>,
    breakers: Res<'w, BreakersInForce>,
    collar: Res<'w, CollarConfig>,
    exits: Res<'w, ExitRules>,
    link: Res<'w, Link>,
    tripped: Res<'w, Tripped>,
    overload: Res<'w, Overload>,
    returns: Res<'w, Returns>,
}

/// The book of a tick, valued when the first signal needs it.
pub(super) struct Assessed<'a> {
    assessment: Assessment<'a>,
    exposure: Result<Exposure, Limit>,
}

impl<'a> Assessed<'a> {
    /// Values the book and everything that `signals` ask for.
    pub(super) fn new(
        on: &'a Standing<'_>,
        market: &'a Market<'_, '_>,
        pricing: &'a mut Pricing<'_>,
        books: &Books,
        account: &Account,
        signals: &[Signal],
    ) -> Self {
        let assessment = Assessment::new(books, market, pricing, &on.config, signals);
        let exposure = assessment.exposure(books, account);
        Self {
            assessment,
            exposure,
        }
    }
}

/// All that a judgement rests on.
pub(super) struct Judge<'a, 'w, 's> {
    pub(super) on: &'a Standing<'w>,
    pub(super) market: &'a Market<'w, 's>,
    pub(super) books: &'a Books,
}

impl Judge<'_, '_, '_> {
    /// What can be said of a signal without valuing the book. Most signals end here.
    pub(super) fn screen(&self, signal: &Signal) -> Result<(), Refused> {
        let contract = self.market.contract(signal).ok_or(Refused::Window)?;
        let left_s = self.on.tick.seconds_to_close();
        if left_s <= 0.0 || contract.settles <= self.on.tick.now {
            return Err(Refused::Window);
        }
        if signal.intent.reduces_risk() {
            self.screen_closing(signal)
        } else {
            self.screen_opening(signal)
        }
    }

    /// Whether it becomes orders, once it has been screened.
    pub(super) fn judge(
        &self,
        signal: &Signal,
        assessed: &mut Assessed<'_>,
    ) -> Result<Vec<Order>, Refused> {
        let exposure = assessed.exposure.as_mut();
        let exposure = exposure.map_err(|limit| Refused::Limit(*limit))?;
        if signal.intent.reduces_risk() {
            self.judge_closing(signal, exposure)
        } else {
            self.judge_opening(signal, &assessed.assessment, exposure)
        }
    }

    fn key(&self, signal: &Signal) -> Contract {
        self.market.key(signal)
    }

    fn restriction(&self) -> Restriction {
        strictest(
            [self.books.ledger().restriction()],
            self.on.tripped.trips.iter().copied(),
        )
    }

    fn screen_closing(&self, signal: &Signal) -> Result<(), Refused> {
        let level = self.restriction();
        let protects = matches!(signal.intent, Intent::Stop | Intent::Protect);
        if !permits(level, Role::Exit) && !protects {
            return Err(Refused::Restricted(level));
        }
        if self.on.link.is_connected() {
            Ok(())
        } else {
            Err(Refused::Link)
        }
    }

    fn judge_closing(
        &self,
        signal: &Signal,
        exposure: &mut Exposure,
    ) -> Result<Vec<Order>, Refused> {
        let contract = self.key(signal);
        admit_closing(exposure, &contract, signal.side, signal.quantity).map_err(Refused::Limit)?;
        let order = self.order(
            signal,
            self.next_id(),
            Role::Exit,
            signal.quantity,
            signal.limit,
        );
        self.check_shape(signal, &order)?;
        exposure.add_closing(&contract, signal.side, signal.quantity);
        Ok(vec![order])
    }

    fn screen_opening(&self, signal: &Signal) -> Result<(), Refused> {
        let ledger = self.books.ledger();
        let now = self.on.tick.now;
        let level = self.restriction();
        // I17: a halt that lets entries pass is none.
        if !permits(level, Role::Entry) && !planted(17) {
            return Err(Refused::Restricted(level));
        }
        if ledger.paused(signal.strategy).is_some() {
            return Err(Refused::Paused);
        }
        if !self.on.link.is_ready() {
            return Err(Refused::Link);
        }
        let underlying = self.market.underlying(signal).ok_or(Refused::Window)?;
        let cutoff = self.on.config.last_entry_before_close_s as f64;
        // I28: the window is that of a day which closes at 16:00, whatever day it is.
        let left_s = if planted(28) {
            f64::INFINITY
        } else {
            self.on.tick.seconds_to_close()
        };
        if left_s <= cutoff || self.would_leave_at_once(signal) {
            return Err(Refused::Window);
        }
        // I30: a halted underlying is traded on.
        if underlying.halted && !planted(30) {
            return Err(Refused::Halted);
        }
        // I26: a price that nobody confirms is traded on.
        if underlying.quarantined && !planted(26) {
            return Err(Refused::Quarantined);
        }
        // I24: what the market said long ago is taken for what it says.
        if !underlying.fresh && !planted(24) {
            return Err(Refused::StaleData);
        }
        if !self.on.overload.opens() {
            return Err(Refused::Overload);
        }
        if self.on.tripped.is_turbulent(signal.symbol, now) {
            return Err(Refused::Turbulent);
        }
        let key = self.key(signal);
        let live = ledger.live_opening(fingerprint_of(signal, &key)).is_some();
        // I2: the same wish may be sent twice.
        if live && !planted(2) {
            return Err(Refused::Live);
        }
        let range = ledger.holding_range(&Instrument::Option(key));
        if (range.least, range.most) != (0, 0) && !planted(2) && !planted(14) {
            return Err(Refused::Limit(Limit::AlreadyHeld));
        }
        Ok(())
    }

    /// Whether what it buys expires today and is to be sold again within a minute.
    fn would_leave_at_once(&self, signal: &Signal) -> bool {
        const MINUTE_NS: i64 = 60_000_000_000;
        let tick = &self.on.tick;
        let before_close = self.on.exits.of(signal.strategy).expiring_before_close_ns;
        let left = tick.session.close.nanos_since(tick.now);
        let expires = signal.terms.expiry.date() == tick.session.date;
        expires && left <= before_close.saturating_add(MINUTE_NS)
    }

    /// The limits, on what is left of the size.
    fn judge_opening(
        &self,
        signal: &Signal,
        assessment: &Assessment<'_>,
        exposure: &mut Exposure,
    ) -> Result<Vec<Order>, Refused> {
        let contract = self.market.contract(signal).ok_or(Refused::Window)?;
        let key = self.key(signal);
        let grid = self.on.collar.grid(key.underlying);
        let limit = grid.ceil(signal.limit);
        let used = day_loss_used_ppm(exposure, &self.on.limits.0);
        let quantity = money::cut(
            signal.quantity,
            size_ppm(used, &self.on.breakers.0.day_loss_levels),
        );
        let rules = self.on.exits.of(signal.strategy);
        let bracket = bracket(limit, quantity.max(1), contract.quote.bid, rules, grid)
            .map_err(|_| Refused::Bracket)?;
        let candidate = Candidate {
            contract: key,
            class: assessment.class(key.underlying),
            side: signal.side,
            quantity,
            limit,
            fees: self.fees(quantity),
            orders: 3,
            expires_today: assessment.expires_today(&key),
            quote: contract.quote,
            open_interest: Some(contract.open_interest),
            volume: None,
            risk: assessment
                .unit_risk(&key)
                .ok_or(Refused::Limit(Limit::Unknown))?,
        };
        let symbols = exposure.underlyings_with(key.underlying);
        let correlations = self.on.returns.of(&symbols);
        let rules = Rules {
            limits: &self.on.limits.0,
            correlations: correlations.as_ref(),
            symbols: &symbols,
        };
        admit(exposure, &candidate, &rules).map_err(Refused::Limit)?;
        let id = self.next_id();
        let price = if planted(10) {
            // I10: it was read in the wrong unit, and nobody holds it against the quote.
            grid.ceil(Price(limit.0.saturating_mul(2)))
        } else if planted(11) {
            // I11: nobody rounds it to what an exchange takes.
            Price(limit.0.saturating_add(1))
        } else {
            limit
        };
        let entry = self.order(signal, id, Role::Entry, quantity, price);
        self.check_shape(signal, &entry)?;
        exposure.add(&candidate).map_err(Refused::Limit)?;
        let [stop, target] = legs(
            &entry,
            bracket,
            [OrderId(id.0 + 1), OrderId(id.0 + 2)],
            contract.settles,
        );
        Ok(vec![entry, stop, target])
    }

    fn fees(&self, quantity: u32) -> Cash {
        let each = money::cash(self.on.config.fees_per_contract_usd);
        Cash(each.0.saturating_mul(i64::from(quantity)))
    }

    fn next_id(&self) -> OrderId {
        self.books.ledger().next_order()
    }

    fn check_shape(&self, signal: &Signal, order: &Order) -> Result<(), Refused> {
        let contract = self.market.contract(signal).ok_or(Refused::Window)?;
        let underlying = self.market.underlying(signal).ok_or(Refused::Window)?;
        let shown = Shown {
            quote: contract.quote,
            fresh: underlying.fresh,
            settles: contract.settles,
        };
        check_shape(order, &shown, self.on.tick.now, &self.on.collar).map_err(Refused::Shape)
    }

    fn order(
        &self,
        signal: &Signal,
        id: OrderId,
        role: Role,
        quantity: u32,
        limit: Price,
    ) -> Order {
        let good_for = self
            .on
            .tick
            .now
            .plus_millis(self.on.config.good_for_s * 1000);
        Order {
            id,
            contract: self.key(signal),
            side: signal.side,
            quantity,
            kind: OrderKind::Limit(limit),
            role,
            parent: None,
            oca: None,
            at: self.on.tick.now,
            good_until: Timestamp(good_for.0.min(self.on.tick.session.close.0)),
        }
    }
}
