//! The results as text, for people.

use super::measure::{Measurement, ProcessorShare};
use super::run::{Loss, Outcome};
use std::fmt::{self, Display, Write};

/// Width of a label.
const LABEL: usize = 24;
/// Width of a column of numbers.
const COLUMN: usize = 14;

/// An outcome as text.
pub struct Table<'a>(pub &'a Outcome);

impl Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = self.0;
        writeln!(f, "{:LABEL$}{}", "driver", outcome.image)?;
        writeln!(f, "{:LABEL$}{}", "traffic", outcome.traffic)?;
        writeln!(f, "{:LABEL$}{}", "rebalance policy", outcome.policy)?;
        writeln!(f)?;
        summary(f, &outcome.phases)?;
        writeln!(f)?;
        per_processor(f, &outcome.phases)?;
        writeln!(f)?;
        timeline(f, outcome)?;
        writeln!(f)?;
        loss(f, outcome)
    }
}

fn heading(f: &mut fmt::Formatter<'_>, label: &str, phases: &[Measurement]) -> fmt::Result {
    write!(f, "{label:LABEL$}")?;
    for position in 0..phases.len() {
        write!(f, "{:>COLUMN$}", phase_name(position, phases.len()))?;
    }
    writeln!(f)
}

fn phase_name(position: usize, phases: usize) -> String {
    match position {
        0 => "before".into(),
        _ if phases == 2 => "after".into(),
        step => format!("after step {step}"),
    }
}

fn row(
    f: &mut fmt::Formatter<'_>,
    label: &str,
    phases: &[Measurement],
    value: impl Fn(&Measurement) -> u64,
) -> fmt::Result {
    write!(f, "{label:LABEL$}")?;
    for phase in phases {
        write!(f, "{:>COLUMN$}", thousands(value(phase)))?;
    }
    writeln!(f)
}

fn summary(f: &mut fmt::Formatter<'_>, phases: &[Measurement]) -> fmt::Result {
    heading(f, "", phases)?;
    row(f, "processors", phases, |phase| phase.processors.into())?;
    row(f, "receive queues", phases, |phase| phase.rx_queues.into())?;
    row(f, "indirection entries", phases, |phase| {
        phase.indirection_entries.into()
    })?;
    row(f, "packets measured", phases, |phase| phase.packets)?;
    row(f, "packets/s, projected", phases, |phase| {
        phase.packets_per_second_projected() as u64
    })?;
    row(f, "packets/s, wall clock", phases, |phase| {
        phase.packets_per_second_wall() as u64
    })?;
    if let [first, .., last] = phases {
        let before = first.packets_per_second_projected();
        let gain = last.packets_per_second_projected() / before.max(f64::MIN_POSITIVE);
        writeln!(f, "{:LABEL$}{gain:>COLUMN$.2}", "projected, last / first")?;
    }
    writeln!(
        f,
        "projected: all packets in the busy time of the busiest processor; the device and"
    )?;
    writeln!(
        f,
        "the traffic source are left out, and share this host's cores with the processors"
    )
}

fn per_processor(f: &mut fmt::Formatter<'_>, phases: &[Measurement]) -> fmt::Result {
    type Column = (&'static str, fn(&ProcessorShare) -> u64);
    let columns: [Column; 3] = [
        ("packets", |share| share.packets),
        ("DPCs", |share| share.dpcs),
        ("busy, µs", |share| share.busy_ns / 1000),
    ];
    let Some(last) = phases.last() else {
        return Ok(());
    };
    for (name, value) in columns {
        heading(f, &format!("{name} per processor"), phases)?;
        for processor in &last.per_processor {
            let label = format!("  {}:{}", processor.group, processor.number);
            write!(f, "{label:LABEL$}")?;
            for phase in phases {
                let share = phase
                    .per_processor
                    .iter()
                    .find(|s| s.index == processor.index);
                let text = share.map_or_else(|| "-".into(), |share| thousands(value(share)));
                write!(f, "{text:>COLUMN$}")?;
            }
            writeln!(f)?;
        }
    }
    Ok(())
}

fn timeline(f: &mut fmt::Formatter<'_>, outcome: &Outcome) -> fmt::Result {
    let Some(first) = outcome.events.first() else {
        return Ok(());
    };
    writeln!(f, "timeline of the hot add, in ms")?;
    for event in &outcome.events {
        let at_ms = (event.at_ns - first.at_ns) as f64 / 1e6;
        let name = event.name.replace('_', " ");
        write!(f, "{at_ms:>12.3}  {name}")?;
        if let Some(processor) = event.processor {
            write!(f, ", processor {processor}")?;
        }
        writeln!(f)?;
    }
    for refusal in &outcome.refusals {
        writeln!(f, "              {refusal}")?;
    }
    Ok(())
}

fn loss(f: &mut fmt::Formatter<'_>, outcome: &Outcome) -> fmt::Result {
    let loss: &Loss = &outcome.loss;
    match outcome.blackout_ns {
        Some(blackout_ns) => {
            writeln!(
                f,
                "{:LABEL$}{:>COLUMN$.3} ms",
                "blackout",
                blackout_ns as f64 / 1e6
            )?;
        }
        None => writeln!(f, "{:LABEL$}{:>COLUMN$}", "blackout", "none")?,
    }
    let rows = [
        ("entries moved", outcome.entries_moved),
        ("accepted by device", loss.accepted),
        ("delivered to protocols", loss.delivered),
        ("discarded while pausing", loss.discarded),
        ("lost", loss.lost),
        ("damaged", loss.damaged),
        ("out of order", loss.misordered + loss.on_second_queue),
        ("dropped while paused", loss.dropped_by_device),
        ("sent", outcome.sent.submitted),
        ("sent, on the wire", outcome.sent.transmitted),
    ];
    for (label, value) in rows {
        writeln!(f, "{label:LABEL$}{:>COLUMN$}", thousands(value))?;
    }
    Ok(())
}

/// A number with its thousands set apart.
fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        // Writing to a String never fails.
        let _ = text.write_char(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_set_apart_from_the_right() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ];
        for (value, text) in cases {
            assert_eq!(thousands(value), text);
        }
    }
}
