//! What each processor did.

use super::{CpuRow, Parts};
use crate::trace::measure::phase::CpuTimes;
use std::collections::BTreeMap;

/// Each processor over the whole trace.
pub(super) fn rows(parts: &Parts<'_>) -> Vec<CpuRow> {
    let mut cpus: BTreeMap<u16, CpuTimes> = BTreeMap::new();
    for phase in &parts.measured.phases {
        for (cpu, times) in &phase.cpus {
            cpus.entry(*cpu).or_default().merge(times);
        }
    }
    for cpu in parts.survey.processors.keys() {
        cpus.entry(*cpu).or_default();
    }
    let rows = cpus.iter();
    rows.map(|(cpu, times)| row(parts, *cpu, times)).collect()
}

fn row(parts: &Parts<'_>, cpu: u16, times: &CpuTimes) -> CpuRow {
    // A processor that was added has been there for a part of the time.
    let there_ns = parts.survey.processors.get(&cpu).map_or(0, |seen| {
        let to = parts.since(seen.last).min(parts.span_ns());
        to - parts.since(seen.first).max(0)
    });
    let there_ns = there_ns.max(1) as f64;
    let percent = |ns: u64| ns as f64 * 100.0 / there_ns;
    let number = parts.survey.numbers.get(usize::from(cpu));
    let busy = times.known_ns.saturating_sub(times.idle_ns) as f64;
    CpuRow {
        cpu,
        group_number: number.map(|number| format!("{}:{}", number.group, number.number)),
        dpc_count: times.dpc.count,
        dpc_ns: times.dpc.exclusive_ns,
        dpc_percent: percent(times.dpc.exclusive_ns),
        isr_count: times.isr.count,
        isr_ns: times.isr.exclusive_ns,
        isr_percent: percent(times.isr.exclusive_ns),
        threaded_dpc_count: times.threaded.count,
        threaded_dpc_ns: times.threaded.exclusive_ns,
        busy_percent: (times.known_ns > 0).then(|| busy * 100.0 / times.known_ns as f64),
        switches_per_second: times.switches as f64 * 1e9 / there_ns,
    }
}
