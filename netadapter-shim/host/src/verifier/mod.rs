//! The rules of Windows that the host checks, all in one registry.
//!
//! A rule is added by one entry in the `rules!` table of its area (`executive/rules.rs`,
//! `kernel/rules.rs`, `wdf/rules.rs`, …): what it demands as the doc comment, its name, and the
//! title of the page or source file that states it. It is broken by `violation(&rules::NAME, …)`,
//! or, if the entry says `warning`, reported by `warn(&rules::NAME, …)`. Each rule needs a broken
//! variant that it catches: a deed in `tests/rulebreaker/src/deeds.rs`, or a unit test of the host
//! whose assertion names it. `tests/rules.rs` checks all of that.

use crate::{executive, kernel, machine, netcx, pnp, wdf};

/// What happens when a rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The machine stops.
    Error,
    /// It is reported, and the machine goes on.
    Warning,
}

impl Level {
    /// The level in one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A documented rule that the host checks.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The rule's name.
    pub name: &'static str,
    /// Title of the page, or name of the public source file, that states it.
    pub page: &'static str,
    /// What happens when it is broken.
    pub level: Level,
    /// What it demands, in one sentence.
    pub demand: &'static str,
}

/// Declares the rules of an area, each as a constant, and `RULES`, the table of them all.
macro_rules! rules {
    ($($(#[doc = $demand:literal])+ $name:ident $(($level:ident))? = $page:expr;)*) => {
        $(
            $(#[doc = $demand])+
            pub(crate) const $name: $crate::verifier::Rule = $crate::verifier::Rule {
                name: stringify!($name),
                page: $page,
                level: $crate::verifier::rules!(@level $($level)?),
                demand: concat!($($demand),+).trim_ascii(),
            };
        )*

        /// All of them.
        pub(crate) const RULES: &[&$crate::verifier::Rule] = &[$(&$name),*];
    };
    (@level) => { $crate::verifier::Level::Error };
    (@level warning) => { $crate::verifier::Level::Warning };
}
pub(crate) use rules;

/// Every rule, by area.
const TABLES: &[&[&Rule]] = &[
    executive::rules::RULES,
    machine::rules::RULES,
    kernel::rules::RULES,
    pnp::rules::RULES,
    wdf::rules::RULES,
    wdf::io::rules::RULES,
    netcx::rules::RULES,
];

/// Every rule that the host checks.
pub fn registry() -> impl Iterator<Item = &'static Rule> {
    TABLES.iter().copied().flatten().copied()
}
