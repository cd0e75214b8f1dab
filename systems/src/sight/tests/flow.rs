//! What is traded, seen and hidden.

use super::{Place, assert_absent, assert_numbers, assert_word, stamp};
use components::contract::{ContractId, OptionTerms};
use components::flow_clusters::{FlowCluster, FlowClusters, FlowKind};
use components::hidden::{HiddenLiquidity, Iceberg};
use components::liquidity::{ChainLiquidity, Illiquid, Liquidity, Slippage};
use components::market::{QuoteState, Side};
use components::options_flow::{ContractVolume, OptionsFlow, UnusualContract, UnusualReason};
use components::quality::Quality;
use components::units::{Cash, Price, Timestamp};

#[test]
fn liquidity_is_shown_with_what_it_lacks() {
    let mut liquidity = Liquidity {
        state: QuoteState::TwoSided,
        spread_bps: Some(2.5),
        depth_usd: Some(1e6),
        score: Some(61.0),
        chain: ChainLiquidity {
            contracts: 400,
            quoted: 390,
            spread_share: None,
            near: 0,
        },
        stamp: stamp(Quality::Ok),
        ..Liquidity::default()
    };
    liquidity.bid_depth[0] = 3;
    liquidity.bid_depth[4] = 40;
    liquidity.ask_depth[9] = 99;
    liquidity.slippage[0] = Slippage {
        shares: 1_000,
        buy_bps: Some(1.5),
        sell_bps: None,
    };
    let sight = Place::new().with(liquidity).sight();
    assert_word(&sight, "liquidity", "liquidity_state", "ok");
    assert_numbers(
        &sight,
        &[
            ("liquidity", "liquidity_score", "0 to 100", 61.0),
            ("liquidity", "spread_bps", "basis points", 2.5),
            ("liquidity", "bid_depth_l1", "shares", 3.0),
            ("liquidity", "bid_depth_l5", "shares", 40.0),
            ("liquidity", "ask_depth_l10", "shares", 99.0),
            ("liquidity", "depth_5_usd", "USD", 1e6),
            ("liquidity", "slippage_buy_1000", "basis points", 1.5),
            ("liquidity", "options_quoted", "contracts", 390.0),
        ],
    );
    assert!(sight.fact("slippage_buy_0").is_none());
    assert_absent(
        &sight,
        &[
            (
                "slippage_sell_1000",
                Some("the book does not hold so many shares"),
            ),
            (
                "options_spread",
                Some("none of delta 0.25 to 0.75 is quoted on both sides"),
            ),
        ],
    );
    let bare = Liquidity {
        state: QuoteState::OneSided,
        reason: Some(Illiquid::NoBids),
        stamp: stamp(Quality::OneSided),
        ..Liquidity::default()
    };
    let sight = Place::new().with(bare).sight();
    assert_word(&sight, "liquidity", "liquidity_state", "no_bids");
    assert_absent(&sight, &[("spread_bps", None)]);
    let sight = Place::new().with(Liquidity::default()).sight();
    assert_absent(
        &sight,
        &[("liquidity_state", None), ("options_listed", None)],
    );
}

#[test]
fn the_flow_of_options_is_shown_by_side() {
    let terms = OptionTerms::from_osi("SPY   260302C00500000").unwrap();
    let mut flow = OptionsFlow {
        call_volume: 30,
        put_volume: 60,
        put_call_volume: Some(2.0),
        call_interest: 10,
        put_interest: 5,
        put_call_interest: Some(0.5),
        zero_day_share: Some(0.1),
        bought: Cash::from_dollars(1_234.5),
        sold: Cash::from_dollars(10.0),
        sided_share: Some(0.9),
        delta_covered: Some(0.8),
        unusual_count: 1,
        stamp: stamp(Quality::Ok),
        sided: stamp(Quality::Ok),
        ..OptionsFlow::default()
    };
    flow.unusual[0] = Some(UnusualContract {
        contract: ContractId(0),
        terms,
        volume: ContractVolume {
            contracts: 700,
            ..ContractVolume::default()
        },
        interest: 20,
        ratio: Some(35.0),
        reason: UnusualReason::OverInterest,
    });
    let sight = Place::new().with(flow).sight();
    assert_numbers(
        &sight,
        &[
            ("options", "call_volume", "contracts", 30.0),
            ("options", "put_call_volume", "puts per call", 2.0),
            ("options", "put_interest", "contracts", 5.0),
            ("options", "put_call_interest", "puts per call", 0.5),
            ("options", "zero_day_share", "0 to 1", 0.1),
            ("options", "premium_bought_usd", "USD", 1_234.5),
            ("options", "premium_sold_usd", "USD", 10.0),
            ("options", "sided_share", "0 to 1", 0.9),
            ("options", "unusual_contracts", "contracts", 1.0),
        ],
    );
    let words = format!("{}: 700 traded, 20 open", terms.osi());
    assert_word(&sight, "options", "unusual_1", &words);
    let why = Some("no trade with a side has a delta");
    assert_absent(&sight, &[("options_delta_shares", why)]);
    // Volumes may be there where the feed brings no trades.
    flow.sided.quality = Quality::NoData;
    (flow.bought, flow.put_call_volume) = (None, None);
    let sight = Place::new().with(flow).sight();
    assert_numbers(&sight, &[("options", "call_volume", "contracts", 30.0)]);
    assert_absent(
        &sight,
        &[
            ("premium_bought_usd", Some("no trade has a side")),
            ("put_call_volume", Some("no call was traded")),
        ],
    );
}

#[test]
fn hidden_volume_is_shown_with_its_icebergs() {
    let mut hidden = HiddenLiquidity {
        prints: 40,
        exchange_shares: 900,
        inside_shares: 90,
        beyond_shares: 60,
        refilled_shares: 30,
        ratio: Some(0.2),
        imbalance: Some(0.5),
        side: Some(Side::Buy),
        stamp: stamp(Quality::Ok),
        ..HiddenLiquidity::default()
    };
    hidden.icebergs[0] = Some(Iceberg {
        side: Side::Sell,
        price: Price(1_002_500),
        refills: 6,
        at: Timestamp(0),
    });
    let sight = Place::new().with(hidden).sight();
    assert_numbers(
        &sight,
        &[
            ("hidden", "hidden_ratio", "0 to 1", 0.2),
            ("hidden", "hidden_imbalance", "-1 to 1", 0.5),
            ("hidden", "exchange_executions", "trades", 40.0),
            ("hidden", "exchange_shares", "shares", 900.0),
            ("hidden", "inside_shares", "shares", 90.0),
            ("hidden", "beyond_shares", "shares", 60.0),
            ("hidden", "refilled_shares", "shares", 30.0),
        ],
    );
    assert_word(&sight, "hidden", "hidden_side", "buy");
    assert_word(&sight, "hidden", "iceberg_1", "sell 100.25, 6 refills");
    let few = HiddenLiquidity {
        prints: 2,
        stamp: stamp(Quality::NoData),
        ..HiddenLiquidity::default()
    };
    let sight = Place::new().with(few).sight();
    let why = Some("too few executions");
    assert_numbers(&sight, &[("hidden", "exchange_executions", "trades", 2.0)]);
    assert_absent(&sight, &[("hidden_ratio", why), ("hidden_side", why)]);
}

#[test]
fn kinds_of_flow_are_shown() {
    let cluster = |share| FlowCluster {
        share,
        trades: 8,
        size: 120.0,
        alignment: 1.5,
        pause_ms: 20.0,
        one_sided: 0.7,
    };
    let clusters = FlowClusters {
        trades: 24,
        clusters: Some([cluster(0.5), cluster(0.3), cluster(0.2)]),
        silhouette: Some(0.4),
        hedging_goes_with: Some(FlowKind::Reversion),
        fits: 3,
        stamp: stamp(Quality::Ok),
    };
    let sight = Place::new().with(clusters).sight();
    assert_numbers(
        &sight,
        &[
            ("clusters", "clustered_trades", "trades", 24.0),
            ("clusters", "cluster_fits", "fits", 3.0),
            ("clusters", "cluster_silhouette", "-1 to 1", 0.4),
            ("clusters", "momentum_share", "0 to 1", 0.5),
            ("clusters", "hedging_share", "0 to 1", 0.3),
            ("clusters", "reversion_share", "0 to 1", 0.2),
            ("clusters", "reversion_trades", "trades", 8.0),
            ("clusters", "reversion_size", "shares", 120.0),
            (
                "clusters",
                "reversion_alignment",
                "standard deviations",
                1.5,
            ),
            ("clusters", "reversion_pause", "ms", 20.0),
            ("clusters", "reversion_one_sided", "0 to 1", 0.7),
        ],
    );
    assert_word(&sight, "clusters", "hedging_goes_with", "reversion");
    let alike = FlowClusters {
        clusters: None,
        hedging_goes_with: None,
        stamp: stamp(Quality::IllConditioned),
        ..clusters
    };
    let sight = Place::new().with(alike).sight();
    let why = Some("clusters do not differ enough to be named");
    assert_absent(&sight, &[("momentum_share", why)]);
}
