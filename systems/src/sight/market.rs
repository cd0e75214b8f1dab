//! Prices, and whether they may be traded on.

use super::{Facts, Seen, now};
use crate::history::History;
use crate::ingest::Sources;
use components::market::{LastTrade, Quote, QuoteState, Spot, SpotSource, TradingHalt};
use components::quality::{Quality, Stamp};
use components::units::{Price, Timestamp};

pub(super) fn show(seen: &Seen<'_>, facts: &mut Facts) {
    let (Some(spot), Some(sources)) = (seen.get::<Spot>(), seen.get::<Sources>()) else {
        return;
    };
    let is_fresh = seen.feeds.is_fresh(sources.spot, seen.tick.now);
    let feed = seen.feeds.all().get(usize::from(sources.spot.0));
    let feed = feed.map_or("no feed", |feed| feed.name.as_str());
    let kind = match spot.source {
        SpotSource::None => "nothing",
        SpotSource::Trade => "trade",
        SpotSource::Book => "book",
        SpotSource::Quote => "quote",
        SpotSource::Index => "index",
    };
    let source = format!("{kind} of {feed}");
    facts.begin(
        "market",
        source,
        seen_at(spot.at, spot.get().is_some(), is_fresh),
    );
    facts.number("spot_usd", "USD", spot.get());
    if let Some(quote) = seen.get::<Quote>() {
        quoted(quote, is_fresh, feed, facts);
    }
    if let Some(trade) = seen.get::<LastTrade>() {
        let price = trade.price.is_some();
        facts.begin(
            "market",
            format!("trade of {feed}"),
            seen_at(trade.at, price, is_fresh),
        );
        facts.number("last_usd", "USD", dollars(trade.price));
        facts.number(
            "day_volume",
            "shares",
            price.then_some(trade.day_volume as f64),
        );
    }
    if let Some(history) = seen.get::<History>() {
        let is_known = history.open.is_some();
        let stamp = seen_at(spot.at, is_known, is_fresh);
        facts.begin("session", "spot and trades since the open", stamp);
        facts.number("open_usd", "USD", history.open);
        facts.number("high_usd", "USD", is_known.then_some(history.high));
        facts.number("low_usd", "USD", is_known.then_some(history.low));
        facts.number("vwap_usd", "USD", history.vwap());
    }
    let halt = seen.get::<TradingHalt>().copied().unwrap_or_default();
    let source = "what is known of the underlying";
    facts.begin("trading", source, now(seen.tick));
    facts.word("trading", Some(if halt.halted { "halted" } else { "open" }));
    let band = sources.band.is_quarantined();
    facts.word("price", Some(if band { "quarantined" } else { "believed" }));
}

fn quoted(quote: &Quote, is_fresh: bool, feed: &str, facts: &mut Facts) {
    let state = quote.state();
    let mut stamp = seen_at(quote.at, state != QuoteState::NoData, is_fresh);
    match state {
        QuoteState::OneSided => stamp.quality = Quality::OneSided,
        QuoteState::Crossed => stamp.quality = Quality::Crossed,
        QuoteState::Locked => stamp.quality = Quality::Locked,
        QuoteState::NoData | QuoteState::TwoSided => {}
    }
    facts.begin("market", format!("quote of {feed}"), stamp);
    facts.number("bid_usd", "USD", dollars(quote.bid));
    facts.number("ask_usd", "USD", dollars(quote.ask));
    facts.number("spread_usd", "USD", quote.spread().map(Price::dollars));
}

/// How good an input is that was stamped `at` and has no limit of its own.
fn seen_at(at: Timestamp, is_known: bool, is_fresh: bool) -> Stamp {
    Stamp {
        computed_at: at,
        valid_until: Timestamp::NEVER,
        quality: match (is_known, is_fresh) {
            (false, _) => Quality::NoData,
            (true, false) => Quality::Stale,
            (true, true) => Quality::Ok,
        },
    }
}

fn dollars(price: Price) -> Option<f64> {
    price.is_some().then(|| price.dollars())
}
