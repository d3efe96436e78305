//! Modules, functions, and how long they took.

use super::{Bucket, CpuRow, FunctionRow, Latency, ModuleRow, Parts};
use crate::trace::measure::durations::{BOUNDS_US, Durations};
use crate::trace::measure::phase::{PhaseTimes, Share};
use crate::trace::measure::routines::{Kind, Routine};
use crate::trace::survey::total;
use crate::trace::symbols::Symbols;
use std::collections::{BTreeMap, HashMap};

/// What addresses outside of every known image are called.
pub(super) const UNKNOWN: &str = "unknown";

fn module_name(parts: &Parts<'_>, module: Option<usize>) -> String {
    let name = module.map(|number| &parts.survey.images.modules()[number].name);
    name.map_or_else(|| UNKNOWN.to_owned(), Clone::clone)
}

/// Each routine, the longest total first.
pub(super) fn functions(parts: &Parts<'_>, symbols: &mut Symbols) -> Vec<FunctionRow> {
    resolve(parts, symbols);
    let routines = parts.measured.routines.list().iter();
    let mut rows: Vec<_> = routines
        .filter(|routine| routine.durations.count > 0)
        .map(|routine| row(parts, routine, symbols))
        .collect();
    rows.sort_by(|a, b| {
        let order = b.exclusive_ns.cmp(&a.exclusive_ns);
        order.then_with(|| (&a.module, &a.function).cmp(&(&b.module, &b.function)))
    });
    rows
}

/// Looks up the names of all routines, module by module.
fn resolve(parts: &Parts<'_>, symbols: &mut Symbols) {
    let mut offsets: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for routine in parts.measured.routines.list() {
        if let (Some(address), Some(number)) = (routine.address, routine.module) {
            let module = &parts.survey.images.modules()[number];
            // No image is longer than 4 GiB.
            offsets
                .entry(number)
                .or_default()
                .push((address - module.base) as u32);
        }
    }
    for (number, offsets) in offsets {
        symbols.resolve(&parts.survey.images.modules()[number], &offsets);
    }
}

fn row(parts: &Parts<'_>, routine: &Routine, symbols: &Symbols) -> FunctionRow {
    let module = routine
        .module
        .map(|number| &parts.survey.images.modules()[number]);
    let function = match (routine.address, module) {
        (None, _) => "(all other routines)".to_owned(),
        (Some(address), None) => format!("{address:#x}"),
        (Some(address), Some(module)) => {
            let offset = address - module.base;
            let name = symbols.name(module, offset);
            name.map_or_else(|| format!("+{offset:#x}"), str::to_owned)
        }
    };
    let durations = &routine.durations;
    FunctionRow {
        module: module_name(parts, routine.module),
        function,
        kind: routine.kind,
        count: durations.count,
        total_ns: durations.total_ns,
        exclusive_ns: routine.exclusive_ns,
        average_ns: durations.mean_ns(),
        p50_ns: durations.percentile_ns(50.0),
        p99_ns: durations.percentile_ns(99.0),
        max_ns: durations.max_ns,
        over: durations.over,
        unclaimed: routine.unclaimed,
    }
}

/// Each module, the longest total first.
pub(super) fn modules(
    parts: &Parts<'_>,
    functions: &[FunctionRow],
    processors: &[CpuRow],
) -> Vec<ModuleRow> {
    // A module that was loaded twice has one row.
    let mut shares: BTreeMap<String, HashMap<u16, [Share; 2]>> = BTreeMap::new();
    for (module, cpus) in &parts.measured.modules {
        let row = shares.entry(module_name(parts, *module)).or_default();
        for (cpu, both) in cpus {
            for (sum, share) in row.entry(*cpu).or_default().iter_mut().zip(both) {
                sum.merge(*share);
            }
        }
    }
    let over = |module: &str, is_isr: bool| {
        let rows = functions.iter().filter(|row| row.module == module);
        let rows = rows.filter(|row| (row.kind == Kind::Isr) == is_isr);
        rows.filter(|row| row.kind != Kind::ThreadedDpc)
            .map(|row| row.over)
            .sum()
    };
    let mut rows: Vec<_> = shares
        .iter()
        .map(|(module, cpus)| {
            let sum = |which: usize, of: fn(&Share) -> u64| {
                total(cpus.values().map(|both| of(&both[which])))
            };
            let per_cpu_ns = processors.iter().map(|row| {
                let both = cpus.get(&row.cpu).copied().unwrap_or_default();
                total(both.iter().map(|share| share.exclusive_ns))
            });
            ModuleRow {
                module: module.clone(),
                dpc_count: sum(0, |share| share.count),
                dpc_ns: sum(0, |share| share.exclusive_ns),
                dpc_over: over(module, false),
                isr_count: sum(1, |share| share.count),
                isr_ns: sum(1, |share| share.exclusive_ns),
                isr_over: over(module, true),
                per_cpu_ns: per_cpu_ns.collect(),
            }
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.dpc_ns.saturating_add(row.isr_ns)));
    rows
}

/// How many took how long, over the whole trace.
pub(super) fn histogram(parts: &Parts<'_>, of: fn(&PhaseTimes) -> &Durations) -> Vec<Bucket> {
    let mut counts = [0_u64; BOUNDS_US.len() + 1];
    let mut guidance_us = 0;
    for phase in &parts.measured.phases {
        let durations = of(phase);
        guidance_us = durations.guidance_ns() / 1000;
        for (sum, count) in counts.iter_mut().zip(durations.buckets) {
            *sum += count;
        }
    }
    let total: u64 = counts.iter().sum();
    let lowers = [0].into_iter().chain(BOUNDS_US);
    let uppers = BOUNDS_US.into_iter().map(Some).chain([None]);
    lowers
        .zip(uppers)
        .zip(counts)
        .map(|((lower_us, upper_us), count)| Bucket {
            lower_us,
            upper_us,
            count,
            percent: count as f64 * 100.0 / total.max(1) as f64,
            over_guidance: lower_us >= guidance_us,
        })
        .collect()
}

/// From the interrupt to the DPC.
pub(super) fn latency(parts: &Parts<'_>) -> Latency {
    let latency = &parts.measured.latency;
    Latency {
        measured_from: if parts.measured.is_queue_latency {
            "DPC queue"
        } else {
            "end of ISR"
        },
        count: latency.count,
        average_ns: latency.mean_ns(),
        p50_ns: latency.percentile_ns(50.0),
        p99_ns: latency.percentile_ns(99.0),
        max_ns: latency.max_ns,
    }
}
