//! Charts, as drawings in the page.

use super::markup::{escape, put};
use super::scale::{Stretched, short, ticks};
use crate::trace::analysis::{Analysis, Bucket, ChangeReport, HeatMap, Imbalance};
use crate::trace::output::table::Cell;
use std::fmt::Write;

const WIDTH: f64 = 1000.0;

/// From here on a cell has the next shade.
const HEAT_STEPS: [f64; 6] = [0.005, 0.05, 0.15, 0.3, 0.5, 0.75];
const HEAT_LEFT: f64 = 60.0;
const HEAT_TOP: f64 = 22.0;

/// Processors above this have thinner rows.
const TALL_ROWS_MAX: usize = 48;

fn open(out: &mut String, caption: &str, height: f64, description: &str) {
    put!(
        out,
        "<figure tabindex=\"0\"><figcaption>{}</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
         aria-label=\"{}\">\n",
        escape(caption),
        escape(description)
    );
}

fn close(out: &mut String) {
    out.push_str("</svg></figure>\n");
}

/// Processor × time.
pub(super) fn heat(out: &mut String, caption: &str, map: &HeatMap, analysis: &Analysis) {
    let row_height = if map.rows.len() > TALL_ROWS_MAX {
        6.0
    } else {
        16.0
    };
    let bottom = HEAT_TOP + row_height * map.rows.len() as f64;
    let busiest = map.rows.iter().map(|row| {
        let mean = row.shares.iter().sum::<f64>() / row.shares.len().max(1) as f64;
        (mean, row.cpu)
    });
    let busiest = busiest.max_by(|a, b| a.0.total_cmp(&b.0));
    let description = busiest.map_or_else(String::new, |(mean, cpu)| {
        format!(
            "{caption}: {} processors; the busiest is {cpu} with {:.1} % on average.",
            map.rows.len(),
            mean * 100.0
        )
    });
    open(out, caption, bottom + 44.0, &description);
    let right = WIDTH - HEAT_LEFT - 10.0;
    for (number, row) in map.rows.iter().enumerate() {
        let top = HEAT_TOP + row_height * number as f64;
        heat_row(out, row.cpu, &row.shares, top, row_height, right);
        if row_height > 10.0 || number % 4 == 0 {
            let middle = top + row_height / 2.0 + 4.0;
            put!(
                out,
                "<text x=\"{:.0}\" y=\"{middle:.1}\" text-anchor=\"end\">CPU {}</text>\n",
                HEAT_LEFT - 6.0,
                row.cpu
            );
        }
    }
    let span = analysis.file.span_ns.max(1) as f64 / 1e9;
    for tick in ticks(span, 10.0) {
        let x = HEAT_LEFT + tick / span * right;
        put!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{} s</text>\n",
            bottom + 14.0,
            short(tick)
        );
    }
    for (change, number) in analysis.changes.iter().zip(1..) {
        let x = HEAT_LEFT + change.at_ns as f64 / 1e9 / span * right;
        put!(
            out,
            "<line class=\"change\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"16\" y2=\"{bottom:.1}\"/>\
             <text class=\"change-name\" x=\"{x:.1}\" y=\"12\" text-anchor=\"{}\">{}</text>\n",
            if x > WIDTH * 0.6 { "end" } else { "start" },
            // More names than these would lie over each other.
            escape(
                if analysis.changes.len() <= 2 {
                    change.name.clone()
                } else {
                    number.to_string()
                }
                .as_str()
            )
        );
    }
    heat_legend(out, bottom + 26.0);
    close(out);
}

/// A row of cells; neighbours of the same shade are one.
fn heat_row(out: &mut String, cpu: u16, shares: &[f64], top: f64, height: f64, width: f64) {
    put!(
        out,
        "<g><title>CPU {cpu}</title><rect class=\"h0\" x=\"{HEAT_LEFT:.0}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
        height - 1.0
    );
    let cell = width / shares.len().max(1) as f64;
    let shade = |share: f64| HEAT_STEPS.partition_point(|step| *step <= share);
    let mut start = 0;
    while start < shares.len() {
        let level = shade(shares[start]);
        let same = shares[start..]
            .iter()
            .take_while(|share| shade(**share) == level)
            .count();
        if level > 0 {
            put!(
                out,
                "<rect class=\"h{level}\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                HEAT_LEFT + start as f64 * cell,
                same as f64 * cell,
                height - 1.0
            );
        }
        start += same;
    }
    out.push_str("</g>\n");
}

fn heat_legend(out: &mut String, top: f64) {
    let mut x = HEAT_LEFT;
    for level in 0..=HEAT_STEPS.len() {
        let text = match level {
            0 => format!("below {} %", short(HEAT_STEPS[0] * 100.0)),
            level => format!("from {} %", short(HEAT_STEPS[level - 1] * 100.0)),
        };
        put!(
            out,
            "<rect class=\"h{level}\" x=\"{x:.0}\" y=\"{top:.0}\" width=\"14\" height=\"12\"/>\
             <text x=\"{:.0}\" y=\"{:.0}\">{text}</text>\n",
            x + 18.0,
            top + 10.0
        );
        x += 110.0;
    }
}

/// Bars of a histogram, on a logarithmic axis.
struct Bars {
    step: f64,
    most: u64,
}

const BARS_TOP: f64 = 24.0;
const BARS_TALL: f64 = 170.0;
const BARS_LEFT: f64 = 60.0;
const BARS_BOTTOM: f64 = BARS_TOP + BARS_TALL;

impl Bars {
    fn x(&self, number: usize) -> f64 {
        BARS_LEFT + number as f64 * self.step
    }

    fn tall(&self, count: u64) -> f64 {
        let log = |count: f64| (count + 1.0).log10();
        log(count as f64) / log(self.most as f64) * BARS_TALL
    }

    fn bar(&self, out: &mut String, number: usize, bucket: &Bucket, class: &str) {
        let (x, tall) = (self.x(number), self.tall(bucket.count));
        let class = if bucket.over_guidance { "over" } else { class };
        let upper = bucket
            .upper_us
            .map_or_else(|| "more".to_owned(), |upper| upper.to_string());
        put!(
            out,
            "<g><title>{} to {upper} µs: {}</title><rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"/></g>",
            bucket.lower_us,
            bucket.count,
            x + 3.0,
            BARS_BOTTOM - tall,
            self.step - 6.0
        );
        if bucket.count > 0 {
            put!(
                out,
                "<text class=\"strong\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                x + self.step / 2.0,
                BARS_BOTTOM - tall - 4.0,
                Cell::Count(bucket.count).for_people()
            );
        }
        put!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
            BARS_BOTTOM + 14.0,
            bucket.lower_us
        );
    }
}

/// How many took how long.
pub(super) fn histogram(
    out: &mut String,
    what: &str,
    class: &str,
    guidance_us: u64,
    buckets: &[Bucket],
) {
    let most = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(0);
    if most == 0 {
        return;
    }
    let over = buckets.iter().filter(|bucket| bucket.over_guidance);
    let over = Cell::Count(over.map(|bucket| bucket.count).sum()).for_people();
    let caption = format!("{what} duration: {over} took longer than {guidance_us} µs");
    let description = format!("{caption}. The numbers are in the table below.");
    open(out, &caption, BARS_BOTTOM + 40.0, &description);
    let step = (WIDTH - BARS_LEFT - 10.0) / buckets.len() as f64;
    let bars = Bars { step, most };
    for (number, bucket) in buckets.iter().enumerate() {
        bars.bar(out, number, bucket, class);
        if bucket.lower_us == guidance_us {
            let x = bars.x(number);
            put!(
                out,
                "<line class=\"guidance\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{BARS_TOP}\" y2=\"{BARS_BOTTOM}\"/>\
                 <text class=\"guidance-name\" x=\"{:.1}\" y=\"14\">guidance {guidance_us} µs</text>\n",
                x + 4.0
            );
        }
    }
    let right = WIDTH - 10.0;
    put!(
        out,
        "<line class=\"axis\" x1=\"{BARS_LEFT}\" x2=\"{right}\" y1=\"{BARS_BOTTOM}\" y2=\"{BARS_BOTTOM}\"/>\
         <text x=\"{right}\" y=\"{:.0}\" text-anchor=\"end\">µs; heights are logarithmic</text>\n",
        BARS_BOTTOM + 32.0
    );
    close(out);
}

/// What happened after a change, step by step.
pub(super) fn timeline(out: &mut String, change: &ChangeReport) {
    const LEFT: f64 = 400.0;
    const ROW: f64 = 20.0;
    const TOP: f64 = 24.0;
    if change.timeline.is_empty() {
        return;
    }
    let ms = |ns: i64| ns as f64 / 1e6;
    let last = change
        .timeline
        .iter()
        .map(|step| step.offset_ns)
        .max()
        .unwrap_or(0);
    let scale = Stretched::new(ms(last));
    let bottom = TOP + ROW * change.timeline.len() as f64;
    let caption = format!(
        "{}: milliseconds since it began; the scale is stretched at its start",
        change.name
    );
    let description = format!(
        "{} steps, the last after {:.3} ms. They are in the table below.",
        change.timeline.len(),
        ms(last)
    );
    open(out, &caption, bottom + 10.0, &description);
    let x = |ns: i64| LEFT + scale.at(ms(ns)) * (WIDTH - LEFT - 90.0);
    for tick in scale.ticks() {
        let x = x((tick * 1e6) as i64);
        put!(
            out,
            "<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
             <text x=\"{x:.1}\" y=\"16\" text-anchor=\"middle\">{}</text>\n",
            short(tick)
        );
    }
    let mut before = 0;
    for (number, step) in change.timeline.iter().enumerate() {
        let y = TOP + ROW * (number as f64 + 0.5);
        let shown: String = step.what.chars().take(62).collect();
        let cut = if shown.len() < step.what.len() {
            "…"
        } else {
            ""
        };
        put!(
            out,
            "<g><title>{}</title><text class=\"strong\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}{cut}</text>\
             <line class=\"lane\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <circle class=\"dot\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{:.3}</text></g>\n",
            escape(&step.what),
            LEFT - 12.0,
            y + 4.0,
            escape(&shown),
            x(before),
            x(step.offset_ns),
            x(step.offset_ns),
            x(step.offset_ns) + 8.0,
            y + 4.0,
            ms(step.offset_ns)
        );
        before = step.offset_ns;
    }
    close(out);
}

/// Each processor's share before and after.
pub(super) fn shares(out: &mut String, before: &Imbalance, after: &Imbalance) {
    const LEFT: f64 = 60.0;
    const ROW: f64 = 34.0;
    const TOP: f64 = 26.0;
    let mut cpus: Vec<_> = before.cpus.iter().chain(&after.cpus).copied().collect();
    cpus.sort_unstable();
    cpus.dedup();
    let of = |row: &Imbalance, cpu: u16| {
        let number = row.cpus.iter().position(|other| *other == cpu);
        number.map(|number| row.shares[number])
    };
    let caption = format!("Share of {} by processor, before and after", after.what);
    let description = format!(
        "Maximum to mean: {:.2} before, {:.2} after. The numbers are in the table below.",
        before.max_to_mean, after.max_to_mean
    );
    open(
        out,
        &caption,
        TOP + ROW * cpus.len() as f64 + 4.0,
        &description,
    );
    let both = [("before", before), ("after", after)];
    for (number, (name, _)) in both.iter().enumerate() {
        let x = LEFT + number as f64 * 90.0;
        put!(
            out,
            "<rect class=\"{name}\" x=\"{x:.0}\" y=\"4\" width=\"14\" height=\"12\"/><text x=\"{:.0}\" y=\"14\">{name}</text>\n",
            x + 18.0
        );
    }
    for (number, cpu) in cpus.iter().enumerate() {
        let top = TOP + ROW * number as f64;
        put!(
            out,
            "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">CPU {cpu}</text>\n",
            LEFT - 6.0,
            top + 19.0
        );
        for (offset, (name, row)) in [0.0, 14.0].into_iter().zip(both) {
            let Some(share) = of(row, *cpu) else {
                continue;
            };
            let width = share * (WIDTH - LEFT - 90.0);
            put!(
                out,
                "<rect class=\"{name}\" x=\"{LEFT}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"12\"/>\
                 <text class=\"strong\" x=\"{:.1}\" y=\"{:.1}\">{:.1} %</text>\n",
                top + offset,
                LEFT + width + 6.0,
                top + offset + 10.0,
                share * 100.0
            );
        }
    }
    close(out);
}
