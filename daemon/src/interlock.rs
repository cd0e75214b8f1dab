//! The live interlock: real money is traded only where four facts agree. Any mismatch refuses the
//! start with exit code 78, and all mismatches are named.
//!
//! | fact | holds if |
//! |---|---|
//! | build | the program was built with the cargo feature `live` |
//! | wish | the config says `mode: live` and the command line `--live` |
//! | account | the broker names the configured account, and it is none of paper |
//! | token | an operator armed this config on this host, and the session has not closed since |
//!
//! Ports are not trusted: which one is live is a convention. No adapter of a live broker exists yet;
//! where the program would choose the broker, `simulate` and `check` ask [`refuse_live`].
//!
//! [`refuse_live`]: crate::interlock::refuse_live

use crate::exit::{Exit, Failure};
use crate::settings;
use components::units::Timestamp;
use engine::config::{Config, Section};
use engine::planted::planted;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// The name of the arm token in the state directory.
pub const TOKEN_NAME: &str = "arm.json";

/// How account numbers of paper begin.
const PAPER: &str = "DU";

/// Whose money is traded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nobody's.
    #[default]
    Paper,
    /// The owner's.
    Live,
}

/// The `mode` of the config.
#[derive(Clone, Copy, Debug, Deserialize, garde::Validate)]
#[serde(transparent)]
pub struct ModeSection(#[garde(skip)] pub Mode);

impl Section for ModeSection {
    const NAME: &'static str = "mode";
}

/// What an operator made on this host to arm one config until one session's close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmToken {
    /// The hash of the config.
    pub config: u64,
    /// The close of the session that it was made for, nanoseconds since 1970.
    pub until: Timestamp,
}

impl ArmToken {
    /// The token in a state directory; absent where there is none, it cannot be read or is none.
    #[must_use]
    pub fn read(state_dir: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(state_dir.join(TOKEN_NAME)).ok()?;
        serde_json::from_str(&text).ok()
    }
}

/// What the interlock looks at.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Whether the program was built for it.
    pub built: bool,
    /// The mode of the config.
    pub mode: Mode,
    /// Whether `--live` was given.
    pub flag: bool,
    /// The account of the config.
    pub configured: &'a str,
    /// The account that the broker named, if it did.
    pub reported: Option<&'a str>,
    /// The arm token, if there is one.
    pub token: Option<ArmToken>,
    /// The hash of the config that is in force.
    pub config: u64,
    /// Now.
    pub now: Timestamp,
}

/// A fact that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The program was built without the feature.
    Build,
    /// The config does not say so.
    Mode,
    /// The command line does not say so.
    Flag,
    /// The broker named none or another account.
    Account {
        /// The account of the config.
        configured: String,
        /// That of the broker.
        reported: Option<String>,
    },
    /// The account is one of paper, or none is configured.
    NoMoney(String),
    /// There is no token.
    NotArmed,
    /// The token is for another config.
    OtherConfig,
    /// The session of the token has closed.
    Expired(Timestamp),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build => f.write_str("the program was built without the feature live"),
            Self::Mode => f.write_str("mode in the config was paper, must be live"),
            Self::Flag => f.write_str("--live was not given"),
            Self::Account {
                configured,
                reported: Some(reported),
            } => write!(
                f,
                "the broker's account was {reported}, must be {configured}"
            ),
            Self::Account {
                configured,
                reported: None,
            } => write!(f, "no broker named its account, must be {configured:?}"),
            Self::NoMoney(account) => write!(
                f,
                "broker.account was {account:?}, must be a live account (those of paper begin with {PAPER})"
            ),
            Self::NotArmed => write!(f, "{TOKEN_NAME} is not in the state directory"),
            Self::OtherConfig => write!(f, "{TOKEN_NAME} was made for another config"),
            Self::Expired(until) => write!(f, "{TOKEN_NAME} expired at {until}"),
        }
    }
}

/// Leave to trade real money. Only [`interlock`] makes one, and only a program that was built for it
/// can get one: a live broker takes it as the argument of its one constructor.
#[derive(Debug)]
pub struct LivePermit(());

/// Whether real money may be traded.
///
/// # Errors
/// Every fact that does not hold.
pub fn interlock(facts: &Facts<'_>) -> Result<LivePermit, Vec<Mismatch>> {
    let mut wrong = Vec::new();
    let mut require = |holds: bool, mismatch: Mismatch| {
        if !holds {
            wrong.push(mismatch);
        }
    };
    require(facts.built, Mismatch::Build);
    require(facts.mode == Mode::Live, Mismatch::Mode);
    require(facts.flag, Mismatch::Flag);
    let account = facts.configured;
    let has_money = !account.is_empty() && !account.starts_with(PAPER);
    require(has_money, Mismatch::NoMoney(account.to_owned()));
    let named = Mismatch::Account {
        configured: account.to_owned(),
        reported: facts.reported.map(str::to_owned),
    };
    require(facts.reported == Some(account), named);
    match facts.token {
        // I45: who forgot to arm it trades all the same.
        None => require(planted(45), Mismatch::NotArmed),
        Some(token) => {
            require(token.config == facts.config, Mismatch::OtherConfig);
            require(facts.now < token.until, Mismatch::Expired(token.until));
        }
    }
    if wrong.is_empty() {
        Ok(LivePermit(()))
    } else {
        Err(wrong)
    }
}

/// Refuses a config that wants to trade real money with a verb that has no broker.
///
/// # Errors
/// With exit code 78 and all mismatches if the config says `mode: live`, with that of the config if
/// the mode is none.
pub fn refuse_live(config: &mut Config, state_dir: Option<&Path>) -> Result<(), Failure> {
    let ModeSection(mode) = config.section().map_err(settings::refused)?;
    if mode != Mode::Live {
        return Ok(());
    }
    let account = config
        .section::<systems::link::BrokerConfig>()
        .map_err(settings::refused)?
        .account;
    let facts = Facts {
        built: cfg!(feature = "live"),
        mode,
        flag: false,
        configured: &account,
        reported: None,
        token: state_dir.and_then(ArmToken::read),
        config: config.hash(),
        // No session of a market runs here that a token could be for.
        now: Timestamp(i64::MAX),
    };
    let wrong = interlock(&facts).err().unwrap_or_default();
    let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    Err(Failure::new(
        Exit::StartRefused,
        format_args!("mode: live is refused: {}", wrong.join("; ")),
    ))
}

/// Whether the 16 rows of the truth table come out as they must: a fact that does not hold is
/// refused and named, and the one row in which all hold passes.
///
/// # Errors
/// The first row that does not.
pub fn try_truth_table() -> Result<(), String> {
    const ACCOUNT: &str = "U1234567";
    let token = ArmToken {
        config: 7,
        until: Timestamp(1_000),
    };
    for row in 0..16_u8 {
        let holds = |fact: u8| row & (1 << fact) != 0;
        let facts = Facts {
            built: holds(0),
            mode: Mode::Live,
            flag: holds(1),
            configured: ACCOUNT,
            reported: holds(2).then_some(ACCOUNT),
            token: holds(3).then_some(token),
            config: 7,
            now: Timestamp(999),
        };
        let mismatch = [
            Mismatch::Build,
            Mismatch::Flag,
            Mismatch::Account {
                configured: ACCOUNT.to_owned(),
                reported: None,
            },
            Mismatch::NotArmed,
        ];
        let expected: Vec<Mismatch> = (0..4)
            .zip(mismatch)
            .filter_map(|(fact, mismatch)| (!holds(fact)).then_some(mismatch))
            .collect();
        let found = interlock(&facts).err().unwrap_or_default();
        if found != expected {
            return Err(format!(
                "row {row:04b} of the interlock finds {found:?}; expected {expected:?}"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Facts<'static> {
        Facts {
            built: true,
            mode: Mode::Live,
            flag: true,
            configured: "U1",
            reported: Some("U1"),
            token: Some(ArmToken {
                config: 7,
                until: Timestamp(1_000),
            }),
            config: 7,
            now: Timestamp(999),
        }
    }

    fn wrong(facts: &Facts<'_>) -> Vec<Mismatch> {
        interlock(facts).err().unwrap_or_default()
    }

    #[test]
    fn one_row_of_sixteen_passes() {
        assert_eq!(try_truth_table(), Ok(()));
        assert!(interlock(&all()).is_ok());
    }

    #[test]
    fn a_fact_that_nearly_holds_does_not() {
        let near = [
            (
                Facts {
                    mode: Mode::Paper,
                    ..all()
                },
                Mismatch::Mode,
            ),
            (
                Facts {
                    now: Timestamp(1_000),
                    ..all()
                },
                Mismatch::Expired(Timestamp(1_000)),
            ),
            (Facts { config: 8, ..all() }, Mismatch::OtherConfig),
        ];
        for (facts, mismatch) in near {
            assert_eq!(wrong(&facts), [mismatch]);
        }
        let other = Facts {
            reported: Some("U2"),
            ..all()
        };
        assert!(matches!(wrong(&other)[..], [Mismatch::Account { .. }]));
    }

    #[test]
    fn paper_and_nameless_accounts_are_never_live() {
        for account in ["DU1", "", "DUM123"] {
            let facts = Facts {
                configured: account,
                reported: Some(account),
                ..all()
            };
            assert_eq!(wrong(&facts), [Mismatch::NoMoney(account.to_owned())]);
        }
    }

    #[test]
    fn a_token_is_read_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(ArmToken::read(dir.path()), None);
        let token = ArmToken {
            config: u64::MAX,
            until: Timestamp(5),
        };
        let path = dir.path().join(TOKEN_NAME);
        std::fs::write(&path, serde_json::to_string(&token).unwrap()).unwrap();
        assert_eq!(ArmToken::read(dir.path()), Some(token));
        std::fs::write(&path, "{\"config\": 1}").unwrap();
        assert_eq!(ArmToken::read(dir.path()), None);
    }
}
