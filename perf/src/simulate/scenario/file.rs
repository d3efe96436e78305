//! Reads a scenario's file.

use super::check::Possible;
use super::{Policy, Scenario, ScenarioError, Step};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

/// The file as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    processors: Option<u32>,
    maximum_processors: Option<u32>,
    memory_mib: Option<u64>,
    flows: Option<u32>,
    frame_size: Option<usize>,
    policy: Option<Policy>,
    #[serde(default)]
    keywords: BTreeMap<String, String>,
    #[serde(default)]
    step: Vec<Spanned<WrittenStep>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    r#do: Spanned<String>,
    packets: Option<u64>,
    mib: Option<u64>,
    processor: Option<u32>,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// If it is no TOML, has a key that does not exist, or its steps cannot happen in this order.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let at = |range: Option<Range<usize>>, what: String| ScenarioError {
            line: line_of(text, range.map_or(0, |range| range.start)),
            what,
        };
        let written: Written =
            toml::from_str(text).map_err(|error| at(error.span(), error.message().to_owned()))?;
        let usual = Self::default();
        let processors = written.processors.unwrap_or(usual.processors);
        let maximum = usual.maximum_processors.max(processors);
        let mut scenario = Self {
            processors,
            maximum_processors: written.maximum_processors.unwrap_or(maximum),
            memory_mib: written.memory_mib.unwrap_or(usual.memory_mib),
            flows: written.flows.unwrap_or(usual.flows),
            frame_size: written.frame_size.unwrap_or(usual.frame_size),
            policy: written.policy.unwrap_or_default(),
            keywords: written.keywords,
            steps: Vec::with_capacity(written.step.len()),
        };
        let mut possible = Possible::new(&scenario).map_err(|what| at(None, what))?;
        for spanned in written.step {
            let span = Some(spanned.span());
            let step = read_step(spanned.into_inner()).map_err(|what| at(span.clone(), what))?;
            possible.take(step).map_err(|what| at(span, what))?;
            scenario.steps.push(step);
        }
        Ok(scenario)
    }
}

fn read_step(written: WrittenStep) -> Result<Step, String> {
    let name = written.r#do.into_inner();
    let mut packets = written.packets;
    let mut mib = written.mib;
    let mut processor = written.processor;
    let missing = |key: &str| format!("step `{name}` needs `{key}`");
    let step = match name.as_str() {
        "traffic" => Step::Traffic {
            packets: packets.take().ok_or_else(|| missing("packets"))?,
        },
        "add-processor" => Step::AddProcessor,
        "add-memory" => Step::AddMemory {
            mib: mib.take().ok_or_else(|| missing("mib"))?,
        },
        "cancel-stop" => Step::CancelStop,
        "link-down" => Step::LinkDown,
        "link-up" => Step::LinkUp,
        "sleep" => Step::Sleep,
        "resume" => Step::Resume,
        "hot-replace" => Step::HotReplace {
            processor: processor.take().ok_or_else(|| missing("processor"))?,
        },
        "surprise-remove" => Step::SurpriseRemove,
        _ => return Err(format!("there is no step `{name}`")),
    };
    let left = [
        ("packets", packets.is_some()),
        ("mib", mib.is_some()),
        ("processor", processor.is_some()),
    ];
    match left.iter().find(|(_, left)| *left) {
        Some((key, _)) => Err(format!("step `{name}` has no `{key}`")),
        None => Ok(step),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|&b| b == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (usize, String) {
        let ScenarioError { line, what } = Scenario::parse(text).unwrap_err();
        (line, what)
    }

    #[test]
    fn a_scenario_is_read_as_it_is_written() {
        let text = "processors = 2\npolicy = \"stay-out\"\n[keywords]\nReceiveBuffers = \"128\"\n\
            [[step]]\ndo = \"traffic\"\npackets = 500\n[[step]]\ndo = \"add-processor\"\n\
            [[step]]\ndo = \"hot-replace\"\nprocessor = 2\n";
        let scenario = Scenario::parse(text).unwrap();
        assert_eq!(scenario.processors, 2);
        assert_eq!(scenario.policy, Policy::StayOut);
        assert_eq!(scenario.keywords["ReceiveBuffers"], "128");
        let steps = [
            Step::Traffic { packets: 500 },
            Step::AddProcessor,
            Step::HotReplace { processor: 2 },
        ];
        assert_eq!(scenario.steps, steps);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for seed in 0..200 {
            let scenario = Scenario::random(seed);
            let text = scenario.to_toml();
            assert_eq!(Scenario::parse(&text).as_ref(), Ok(&scenario), "{text}");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let (line, what) = error("processors = 1\n\nprocesors = 2\n");
        assert_eq!(line, 3);
        assert!(what.contains("`procesors`"), "{what}");
        let (line, what) = error("[[step]]\ndo = \"traffic\"\npackets = 5\npackages = 5\n");
        assert_eq!(line, 4);
        assert!(what.contains("`packages`"), "{what}");
    }

    #[test]
    fn a_step_that_makes_no_sense_is_named_with_its_line() {
        let step = |text: &str| format!("processors = 1\n[[step]]\n{text}\n");
        for (text, expected) in [
            ("do = \"trafic\"", "there is no step `trafic`"),
            ("do = \"traffic\"", "step `traffic` needs `packets`"),
            (
                "do = \"add-processor\"\nmib = 4",
                "step `add-processor` has no `mib`",
            ),
        ] {
            let (line, what) = error(&step(text));
            assert_eq!((line, what.as_str()), (2, expected));
        }
    }

    #[test]
    fn an_impossible_sequence_is_named_with_its_line() {
        let (line, what) = error("[[step]]\ndo = \"sleep\"\n[[step]]\ndo = \"add-processor\"\n");
        assert_eq!(line, 3);
        assert!(what.contains("sleeps"), "{what}");
    }

    #[test]
    fn what_is_no_toml_is_refused_with_its_line() {
        assert_eq!(error("processors = 1\nflows = = 2\n").0, 2);
    }
}
