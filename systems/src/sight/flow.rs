//! Flow: VPIN, book, shapes of trades, the closing auction.

use super::{Facts, Seen, was_computed};
use components::closing::{ClosingProjection, ClosingSource};
use components::flow::{Imbalance, Vpin};
use components::market::Side;
use components::patterns::{Participants, TradePatterns};

pub(super) fn show(seen: &Seen<'_>, facts: &mut Facts) {
    if let Some(vpin) = seen.get::<Vpin>() {
        facts.begin("flow", "trades in buckets of equal volume", vpin.stamp);
        facts.number("vpin", "0 to 1", vpin.value);
        facts.number("vpin_lee_ready", "0 to 1", vpin.lee_ready);
        facts.number("vpin_tick_rule", "0 to 1", vpin.tick_rule);
        facts.number("vpin_cdf", "0 to 1", vpin.cdf);
        let bucket = (vpin.bucket_volume > 0).then_some(vpin.bucket_volume as f64);
        facts.number("vpin_bucket", "shares", bucket);
        let buckets = was_computed(&vpin.stamp).then_some(vpin.buckets as f64);
        facts.number("vpin_buckets", "buckets", buckets);
    }
    if let Some(book) = seen.get::<Imbalance>() {
        facts.begin("book", "order book", book.stamp);
        facts.number("obi_l1", "-1 to 1", book.level1);
        facts.number("obi_l5", "-1 to 1", book.level5);
        facts.number("log_pressure", "", book.log_pressure);
        facts.number("microprice_usd", "USD", book.microprice_dollars);
        facts.number("slope_imbalance", "-1 to 1", book.slope);
        facts.number("order_flow_10s", "of mean depth", book.order_flow_10s);
        facts.number("obi_velocity", "per second", book.velocity_per_s);
        facts.number("obi_volatility", "", book.volatility);
    }
    if let Some(shapes) = seen.get::<TradePatterns>() {
        facts.begin("trades", "trades of the last minute", shapes.stamp);
        let trades = was_computed(&shapes.stamp).then_some(f64::from(shapes.trades));
        facts.number("trades", "trades", trades);
        facts.number("odd_ratio", "0 to 1", shapes.odd_ratio);
        facts.number("sweep_ratio", "0 to 1", shapes.sweep_ratio);
        facts.number("block_ratio", "0 to 1", shapes.block_ratio);
        facts.number("toxicity", "0 to 1", shapes.toxicity);
        facts.because("there is no VPIN");
        facts.word("flow_label", shapes.label.map(|label| label.name()));
        facts.because("VPIN has no past values to compare with");
    }
    if let Some(who) = seen.get::<Participants>() {
        facts.begin("trades", "a heuristic over the last minute", who.stamp);
        facts.otherwise("no such trade in the window");
        facts.number("retail_share", "0 to 1", who.retail_share);
        facts.number("retail_imbalance", "-1 to 1", who.retail_imbalance);
        facts.number("institutional_share", "0 to 1", who.institutional_share);
        facts.number(
            "institutional_imbalance",
            "-1 to 1",
            who.institutional_imbalance,
        );
    }
    if let Some(closing) = seen.get::<ClosingProjection>() {
        let source = match closing.source {
            ClosingSource::None => "nothing before the end of the session",
            ClosingSource::Published => "the imbalance that is published",
            ClosingSource::Tape => "signed volume of the tape",
        };
        facts.begin("closing", source, closing.stamp);
        facts.number("closing_imbalance", "shares", closing.projected_shares);
        facts.word("closing_side", closing.side.map(Side::name));
        facts.number("closing_confidence", "0 to 1", closing.confidence);
        facts.number("closing_published", "shares", closing.published_shares);
    }
}
