//! A stretch of time in numbers: the whole trace, or what was before and after a change.

use super::{Comparison, Metric, Parts};
use crate::trace::measure::phase::PhaseTimes;
use crate::trace::survey::total;

/// The whole trace in numbers.
pub(super) fn totals(parts: &Parts<'_>) -> Vec<Metric> {
    let mut whole = PhaseTimes::new();
    for phase in &parts.measured.phases {
        whole.merge(phase);
    }
    let mut metrics = Stretch::new(&whole, parts.span_ns()).metrics(parts.focus);
    metrics.retain(|metric| metric.value > 0.0);
    metrics
}

/// Numbers before the first change and after the last; none if nothing changed.
pub(super) fn comparison(parts: &Parts<'_>) -> Vec<Comparison> {
    let mut steady = parts.steady();
    let (Some(before), Some(after)) = (steady.next(), steady.next_back()) else {
        return Vec::new();
    };
    let metrics = |(_, times, length_ns): (_, &PhaseTimes, i64)| {
        Stretch::new(times, length_ns).metrics(parts.focus)
    };
    let pairs = metrics(before).into_iter().zip(metrics(after));
    let rows = pairs.map(|(before, after)| Comparison {
        what: before.what,
        unit: before.unit,
        before: before.value,
        after: after.value,
        ratio: (before.value > 0.0).then(|| after.value / before.value),
    });
    // What neither side has says nothing.
    rows.filter(|row| row.before > 0.0 || row.after > 0.0)
        .collect()
}

/// A stretch of time.
struct Stretch<'a> {
    times: &'a PhaseTimes,
    seconds: f64,
}

impl<'a> Stretch<'a> {
    fn new(times: &'a PhaseTimes, length_ns: i64) -> Self {
        Self {
            times,
            seconds: length_ns.max(1) as f64 / 1e9,
        }
    }

    /// Always the same numbers in the same order.
    fn metrics(&self, focus: Option<&str>) -> Vec<Metric> {
        let times = self.times;
        let rate = |count: u64| count as f64 / self.seconds;
        let us = |ns: u64| ns as f64 / 1e3;
        let mut metrics = vec![
            metric("length", "s", self.seconds),
            metric("processors with DPCs or ISRs", "", self.working()),
            metric("DPC+ISR, all processors", "%", self.percent_of_all()),
            metric("DPC+ISR, busiest processor", "%", self.percent_of_busiest()),
            metric("DPCs", "/s", rate(times.dpcs.count)),
            metric("ISRs", "/s", rate(times.isrs.count)),
            metric("DPC duration, mean", "µs", times.dpcs.mean_ns() / 1e3),
            metric(
                "DPC duration, P99",
                "µs",
                us(times.dpcs.percentile_ns(99.0)),
            ),
            metric("DPC duration, maximum", "µs", us(times.dpcs.max_ns)),
            metric("DPCs over 100 µs", "/s", rate(times.dpcs.over)),
            metric("ISRs over 25 µs", "/s", rate(times.isrs.over)),
            metric("context switches", "/s", rate(self.switches())),
        ];
        if let Some(focus) = focus {
            metrics.extend(self.of_focus(focus));
        }
        metrics
    }

    fn of_focus(&self, focus: &str) -> Vec<Metric> {
        let times = self.times;
        let rate = |count: u64| count as f64 / self.seconds;
        let us = |ns: u64| ns as f64 / 1e3;
        let named = |what: &str, unit, value| metric(&format!("{focus}: {what}"), unit, value);
        let latency = us(times.focus_latency.percentile_ns(99.0));
        vec![
            named("DPCs", "/s", rate(times.focus_dpcs.count)),
            named("DPC time, all processors", "%", self.focus_percent()),
            named("processors with its DPCs", "", self.focus_working()),
            named(
                "DPC duration, P99",
                "µs",
                us(times.focus_dpcs.percentile_ns(99.0)),
            ),
            named("interrupt to DPC, P99", "µs", latency),
            named(
                "longest time without a DPC",
                "ms",
                times.focus_gap_ns as f64 / 1e6,
            ),
            named("packets counted", "/s", rate(self.packets())),
        ]
    }

    fn spent(&self) -> impl Iterator<Item = f64> {
        let cpus = self.times.cpus.values();
        cpus.map(|cpu| (cpu.dpc.exclusive_ns as f64 + cpu.isr.exclusive_ns as f64) / 1e9)
    }

    fn working(&self) -> f64 {
        self.spent().filter(|spent| *spent > 0.0).count() as f64
    }

    fn percent_of_all(&self) -> f64 {
        let count = self.times.cpus.len().max(1) as f64;
        self.spent().sum::<f64>() * 100.0 / self.seconds / count
    }

    fn percent_of_busiest(&self) -> f64 {
        self.spent().fold(0.0, f64::max) * 100.0 / self.seconds
    }

    fn switches(&self) -> u64 {
        self.times.cpus.values().map(|cpu| cpu.switches).sum()
    }

    fn packets(&self) -> u64 {
        total(self.times.cpus.values().map(|cpu| cpu.packets))
    }

    fn focus_percent(&self) -> f64 {
        let cpus = self.times.cpus.values();
        let spent = total(cpus.map(|cpu| cpu.focus_dpc.exclusive_ns));
        let count = self.times.cpus.len().max(1) as f64;
        spent as f64 / 1e7 / self.seconds / count
    }

    fn focus_working(&self) -> f64 {
        let cpus = self.times.cpus.values();
        cpus.filter(|cpu| cpu.focus_dpc.count > 0).count() as f64
    }
}

fn metric(what: &str, unit: &'static str, value: f64) -> Metric {
    Metric {
        what: what.to_owned(),
        unit,
        value,
    }
}
