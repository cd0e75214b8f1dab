//! What components become when they leave: dollars, milliseconds, `null` for what is not known.

use components::contract::Instrument;
use components::exposure::{
    DeltaExposure, ExposureLevels, GammaExposure, VolumeExposure, ZeroGamma,
};
use components::flow::{Imbalance, Vpin};
use components::market::{Book, LastTrade, Level, Quote, QuoteState, Spot, SpotSource, Ticker};
use components::quality::{Quality, Stamp};
use components::signal::Signal;
use components::units::{NANOS_PER_MILLI, Price, Timestamp};
use wire::Symbol;
use wire::analytics::{self, SignModel, Source};
use wire::event::Event;
use wire::market::{self, Levels, Market};
use wire::quality::{self, Validity};

/// Milliseconds since 1970, rounded down; `None` for [`Timestamp::NEVER`].
#[must_use]
pub fn millis(at: Timestamp) -> Option<i64> {
    (at != Timestamp::NEVER).then(|| at.0.div_euclid(NANOS_PER_MILLI))
}

/// How an instrument is called on the wire: the OSI symbol, or the ticker.
#[must_use]
pub fn name_of(instrument: &Instrument) -> String {
    match instrument {
        Instrument::Option(contract) => contract.terms.osi(),
        Instrument::Stock(ticker) => ticker.to_string(),
    }
}

/// Quote, trade and spot of an underlying.
#[must_use]
pub fn market(quote: &Quote, trade: &LastTrade, spot: &Spot) -> Market {
    Market {
        bid_usd: dollars(quote.bid),
        ask_usd: dollars(quote.ask),
        bid_size: quote.bid_size,
        ask_size: quote.ask_size,
        quote: match quote.state() {
            QuoteState::NoData => market::QuoteState::NoData,
            QuoteState::OneSided => market::QuoteState::OneSided,
            QuoteState::Crossed => market::QuoteState::Crossed,
            QuoteState::Locked => market::QuoteState::Locked,
            QuoteState::TwoSided => market::QuoteState::Ok,
        },
        spread_usd: quote.spread().map(Price::dollars),
        last_usd: dollars(trade.price),
        last_size: trade.size,
        day_volume: trade.day_volume,
        spot_usd: spot.get(),
        spot_source: match spot.source {
            SpotSource::None => market::SpotSource::None,
            SpotSource::Trade => market::SpotSource::Trade,
            SpotSource::Book => market::SpotSource::Book,
            SpotSource::Quote => market::SpotSource::Quote,
            SpotSource::Index => market::SpotSource::Index,
        },
        at_ms: millis(quote.at.max(trade.at).max(spot.at)),
    }
}

/// The levels of a book that hold something.
#[must_use]
pub fn book(book: &Book) -> market::Book {
    market::Book {
        bids: levels(&book.bids),
        asks: levels(&book.asks),
        at_ms: millis(book.at),
    }
}

/// VPIN.
#[must_use]
pub fn vpin(vpin: &Vpin) -> analytics::Vpin {
    analytics::Vpin {
        vpin: vpin.value,
        lee_ready: vpin.lee_ready,
        tick_rule: vpin.tick_rule,
        cdf: vpin.cdf,
        bucket_volume: vpin.bucket_volume,
        buckets: vpin.buckets,
        source: Source::TradesBulkVolume,
        validity: validity(&vpin.stamp),
    }
}

/// The imbalance of a book.
#[must_use]
pub fn imbalance(imbalance: &Imbalance) -> analytics::Imbalance {
    analytics::Imbalance {
        obi_l1: imbalance.level1,
        obi_l5: imbalance.level5,
        obi_l5_unweighted: imbalance.level5_unweighted,
        pressure_ratio: imbalance.pressure,
        log_pressure: imbalance.log_pressure,
        microprice_usd: imbalance.microprice_dollars,
        slope_bid: imbalance.slope_bid,
        slope_ask: imbalance.slope_ask,
        slope_imbalance: imbalance.slope,
        order_flow_1s: imbalance.order_flow_1s,
        order_flow_10s: imbalance.order_flow_10s,
        order_flow_60s: imbalance.order_flow_60s,
        velocity_per_s: imbalance.velocity_per_s,
        volatility: imbalance.volatility,
        source: Source::Book,
        validity: validity(&imbalance.stamp),
    }
}

/// Gamma exposure with the levels it points to, by open interest and by volume; its validity is that of
/// the sums by open interest.
#[must_use]
pub fn gamma(
    gamma: &GammaExposure,
    levels: &ExposureLevels,
    zero: &ZeroGamma,
    volume: &VolumeExposure,
) -> analytics::Gamma {
    let known = |value: f64| is_known(&gamma.stamp).then_some(value);
    let traded = is_known(&volume.stamp);
    analytics::Gamma {
        net_usd_per_pct: known(gamma.net_usd_per_pct),
        call_usd_per_pct: known(gamma.call_usd_per_pct),
        put_usd_per_pct: known(gamma.put_usd_per_pct),
        first_expiry_usd_per_pct: known(gamma.first_expiry_usd_per_pct),
        call_wall_usd: levels.call_wall.map(Price::dollars),
        put_wall_usd: levels.put_wall.map(Price::dollars),
        max_abs_gamma_strike_usd: levels.max_abs_gamma_strike.map(Price::dollars),
        zero_gamma_usd: zero.nearest_dollars,
        included: gamma.included,
        contracts: gamma.contracts,
        coverage: gamma.coverage,
        net_by_volume_usd_per_pct: traded.then_some(volume.net_usd_per_pct),
        call_wall_by_volume_usd: volume.call_wall.map(Price::dollars),
        put_wall_by_volume_usd: volume.put_wall.map(Price::dollars),
        max_abs_gamma_strike_by_volume_usd: volume.max_abs_gamma_strike.map(Price::dollars),
        by_volume_at_ms: millis(volume.stamp.computed_at),
        sign_model: SignModel::LongCallsShortPuts,
        source: Source::ModelGreeks,
        validity: validity(&gamma.stamp),
    }
}

/// Delta exposure.
#[must_use]
pub fn delta(delta: &DeltaExposure) -> analytics::Delta {
    let known = |value: f64| is_known(&delta.stamp).then_some(value);
    analytics::Delta {
        open_interest_usd: known(delta.open_interest_usd),
        dealer_usd: known(delta.dealer_usd),
        vanna_usd_per_point: known(delta.vanna_usd_per_point),
        charm_usd_per_day: known(delta.charm_usd_per_day),
        coverage: delta.coverage,
        sign_model: SignModel::LongCallsShortPuts,
        source: Source::ModelGreeks,
        validity: validity(&delta.stamp),
    }
}

/// What a strategy wanted, as an event. The caller adds it to [`super::Outgoing`].
#[must_use]
pub fn signal(signal: &Signal, symbol: Symbol) -> Event {
    Event::Signal {
        id: signal.id.to_string(),
        strategy: signal.strategy.to_string(),
        symbol,
        contract: signal.terms.osi(),
        intent: signal.intent.name().to_owned(),
        direction: signal.direction.name().to_owned(),
        side: signal.side.name().to_owned(),
        quantity: signal.quantity,
        limit_usd: signal.limit.dollars(),
        confidence: signal.confidence.points(),
        at_ms: millis(signal.at).unwrap_or_default(),
    }
}

/// Both kinds of name have the same rule; should they ever differ, the symbol is not shown.
pub(crate) fn symbol_of(ticker: Ticker) -> Option<Symbol> {
    Symbol::new(ticker.as_str()).ok()
}

fn dollars(price: Price) -> Option<f64> {
    price.is_some().then(|| price.dollars())
}

/// Whether the numbers under a stamp were computed: a sum over nothing is 0, which is not a value.
pub(crate) fn is_known(stamp: &Stamp) -> bool {
    !matches!(stamp.quality, Quality::NoData | Quality::Warmup)
}

fn levels(side: &[Level]) -> Levels {
    let mut levels = Levels::default();
    for level in side.iter().filter(|level| level.size > 0) {
        levels.push(level.price.dollars(), level.size);
    }
    levels
}

/// When, until when and how good, as it leaves.
#[must_use]
pub fn validity(stamp: &Stamp) -> Validity {
    Validity {
        computed_at_ms: millis(stamp.computed_at),
        valid_until_ms: millis(stamp.valid_until),
        quality: quality(stamp.quality),
    }
}

/// How good a value is, as it leaves.
#[must_use]
pub fn quality(found: Quality) -> quality::Quality {
    match found {
        Quality::Ok => quality::Quality::Ok,
        Quality::Warmup => quality::Quality::Warmup,
        Quality::NoData => quality::Quality::NoData,
        Quality::Stale => quality::Quality::Stale,
        Quality::OneSided => quality::Quality::OneSided,
        Quality::Crossed => quality::Quality::Crossed,
        Quality::Locked => quality::Quality::Locked,
        Quality::Clamped => quality::Quality::Clamped,
        Quality::IllConditioned => quality::Quality::IllConditioned,
        Quality::Expired => quality::Quality::Expired,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_leaves_in_dollars_and_milliseconds() {
        let quote = Quote {
            bid: Price(1_000_000),
            ask: Price(1_000_200),
            bid_size: 3,
            ask_size: 4,
            at: Timestamp(2_999_999),
        };
        let market = market(&quote, &LastTrade::default(), &Spot::default());
        assert_eq!(market.bid_usd, Some(100.0));
        assert_eq!(market.spread_usd, Some(0.02));
        assert_eq!(market.at_ms, Some(2));
        assert_eq!((market.last_usd, market.spot_usd), (None, None));
        assert_eq!(market.quote, market::QuoteState::Ok);
    }

    #[test]
    fn what_was_never_computed_is_absent_and_not_zero() {
        let none = gamma(
            &GammaExposure::default(),
            &ExposureLevels::default(),
            &ZeroGamma::default(),
            &VolumeExposure::default(),
        );
        assert_eq!(
            (none.coverage, none.net_by_volume_usd_per_pct),
            (None, None)
        );
        assert_eq!(
            (none.net_usd_per_pct, none.validity.computed_at_ms),
            (None, None)
        );
        let exposure = GammaExposure {
            stamp: Stamp::new(Timestamp(5_000_000), 1_000, Quality::Stale),
            ..GammaExposure::default()
        };
        let volume = VolumeExposure {
            net_usd_per_pct: -3.0,
            put_wall: Some(Price(990_000)),
            stamp: exposure.stamp,
            ..VolumeExposure::default()
        };
        let (levels, zero) = (ExposureLevels::default(), ZeroGamma::default());
        let stale = gamma(&exposure, &levels, &zero, &volume);
        assert_eq!(stale.net_by_volume_usd_per_pct, Some(-3.0));
        assert_eq!(stale.put_wall_by_volume_usd, Some(99.0));
        assert_eq!(stale.by_volume_at_ms, Some(5));
        assert_eq!(stale.net_usd_per_pct, Some(0.0));
        assert_eq!(stale.validity.valid_until_ms, Some(1_005));
        assert_eq!(delta(&DeltaExposure::default()).dealer_usd, None);
    }

    #[test]
    fn empty_levels_are_left_out() {
        let mut sides = Book::default();
        sides.bids[0] = Level {
            price: Price(100_000),
            size: 7,
        };
        let shown = book(&sides);
        assert_eq!(shown.bids.as_slice(), [(10.0, 7)]);
        assert!(shown.asks.as_slice().is_empty());
        assert_eq!(shown.at_ms, None);
    }
}
