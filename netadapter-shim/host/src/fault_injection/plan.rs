//! Which faults are to strike, and how a command line says so.

use super::Fault;
use super::sites::SiteBook;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use thiserror::Error;

const MILLION: u32 = 1_000_000;

/// One fault at one occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Strike {
    /// What goes wrong.
    pub fault: Fault,
    /// How often it could have gone wrong before.
    pub ordinal: u64,
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.fault, self.ordinal)
    }
}

/// A list of faults that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// There is no such fault.
    #[error("there is no fault `{0}`; `dhpnic simulate --list-faults` lists them")]
    UnknownFault(String),
    /// The probability makes no sense.
    #[error("`{0}`: a probability is a number between 0 and 1, as in `late-interrupt=0.05`")]
    Probability(String),
    /// The number of the occasion makes no sense.
    #[error("`{0}`: the occasion is a number, as in `pool-allocation#3`")]
    Ordinal(String),
}

/// Which faults strike.
#[derive(Clone, Debug, Default)]
pub enum Plan {
    /// None.
    #[default]
    None,
    /// Each kind with its probability, in millionths.
    Chance(BTreeMap<Fault, u32>),
    /// These, and no others.
    Exactly(BTreeSet<Strike>),
    /// The first failing call of each run whose place in the driver has not failed in any run.
    Systematic(Arc<SiteBook>),
}

impl Plan {
    /// All kinds, with their usual probabilities.
    pub fn all() -> Self {
        let usual = |&fault: &Fault| (fault, fault.usual_millionths());
        Self::Chance(Fault::ALL.iter().map(usual).collect())
    }

    /// These faults at these occasions.
    pub fn exactly(strikes: impl IntoIterator<Item = Strike>) -> Self {
        Self::Exactly(strikes.into_iter().collect())
    }
}

/// `none`, `all`, or a list: `late-interrupt,pool-allocation=0.01` gives kinds, with their usual
/// probability or another one; `pool-allocation#3,link-flap#0` gives occasions.
impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        match text.trim() {
            "none" | "" => return Ok(Self::None),
            "all" => return Ok(Self::all()),
            _ => {}
        }
        let items = || text.split(',').map(str::trim);
        if items().any(|item| item.contains('#')) {
            let strikes: Result<BTreeSet<_>, _> = items().map(strike).collect();
            return strikes.map(Self::Exactly);
        }
        let chances: Result<BTreeMap<_, _>, _> = items().map(chance).collect();
        chances.map(Self::Chance)
    }
}

fn strike(item: &str) -> Result<Strike, PlanError> {
    let wrong = || PlanError::Ordinal(item.to_owned());
    let (fault, ordinal) = item.split_once('#').ok_or_else(wrong)?;
    Ok(Strike {
        fault: fault.parse()?,
        ordinal: ordinal.parse().map_err(|_| wrong())?,
    })
}

fn chance(item: &str) -> Result<(Fault, u32), PlanError> {
    let Some((fault, probability)) = item.split_once('=') else {
        let fault: Fault = item.parse()?;
        return Ok((fault, fault.usual_millionths()));
    };
    let wrong = || PlanError::Probability(item.to_owned());
    let probability: f64 = probability.parse().map_err(|_| wrong())?;
    if !(0.0..=1.0).contains(&probability) {
        return Err(wrong());
    }
    // Within 0 and 1 by the check above.
    let millionths = (probability * f64::from(MILLION)).round() as u32;
    Ok((fault.parse()?, millionths))
}

/// A plan as the command line takes it.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, items: Vec<String>| match items.is_empty() {
            true => f.write_str("none"),
            false => f.write_str(&items.join(",")),
        };
        match self {
            Self::None => f.write_str("none"),
            Self::Chance(chances) if *chances == usual() => f.write_str("all"),
            Self::Chance(chances) => {
                let item = |(fault, &millionths): (&Fault, &u32)| {
                    format!("{fault}={}", f64::from(millionths) / f64::from(MILLION))
                };
                list(f, chances.iter().map(item).collect())
            }
            Self::Exactly(strikes) => list(f, strikes.iter().map(Strike::to_string).collect()),
            Self::Systematic(_) => f.write_str("systematic"),
        }
    }
}

fn usual() -> BTreeMap<Fault, u32> {
    match Plan::all() {
        Plan::Chance(chances) => chances,
        _ => BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plan_prints_is_the_same_plan_again() {
        for text in [
            "none",
            "all",
            "late-interrupt=0.05,link-flap=1",
            "pool-allocation#3,link-flap#0",
        ] {
            let plan: Plan = text.parse().unwrap();
            assert_eq!(plan.to_string(), text);
        }
    }

    #[test]
    fn a_kind_without_a_probability_has_its_usual_one() {
        let Ok(Plan::Chance(chances)) = "late-interrupt".parse() else {
            panic!("a list of kinds");
        };
        let usual = Fault::LateInterrupt.usual_millionths();
        assert_eq!(chances, BTreeMap::from([(Fault::LateInterrupt, usual)]));
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        let error = |text: &str| text.parse::<Plan>().unwrap_err().to_string();
        assert!(error("late-interupt").contains("`late-interupt`"));
        assert!(error("link-flap=1.5").contains("`link-flap=1.5`"));
        assert!(error("link-flap=nan").contains("`link-flap=nan`"));
        assert!(error("link-flap#x").contains("`link-flap#x`"));
        assert!(error("link-flap#1,late-interrupt").contains("`late-interrupt`"));
    }

    #[test]
    fn names_are_distinct_and_understood() {
        let names: BTreeSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), Fault::ALL.len());
        assert!(
            Fault::ALL
                .iter()
                .all(|fault| fault.name().parse() == Ok(*fault))
        );
    }
}
