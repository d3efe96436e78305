//! Where numbers stand on an axis.

/// Round steps for about `count` marks up to `end`.
pub(super) fn ticks(end: f64, count: f64) -> Vec<f64> {
    if !end.is_finite() || end <= 0.0 {
        return vec![0.0];
    }
    let raw = end / count;
    let power = 10_f64.powf(raw.log10().floor());
    let factors = [1.0, 2.0, 5.0, 10.0];
    let factor = factors.into_iter().find(|factor| factor * power >= raw);
    let step = factor.unwrap_or(10.0) * power;
    let marks = (end / step + 1e-9).floor() as usize;
    (0..=marks).map(|mark| mark as f64 * step).collect()
}

/// A number without needless zeros.
pub(super) fn short(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// Times from 0 on, of which small ones matter as much as large ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretched {
    end: f64,
}

/// Up to here the scale is even.
const EVEN_MS: f64 = 0.1;

impl Stretched {
    pub(super) fn new(end_ms: f64) -> Self {
        Self {
            end: end_ms.max(EVEN_MS),
        }
    }

    /// From 0 to 1.
    pub(super) fn at(self, ms: f64) -> f64 {
        let place = |ms: f64| (1.0 + ms.max(0.0) / EVEN_MS).log10();
        place(ms) / place(self.end)
    }

    pub(super) fn ticks(self) -> Vec<f64> {
        let powers = (-1..9).map(|power| 10_f64.powi(power));
        let marks = powers.filter(|mark| *mark <= self.end);
        [0.0].into_iter().chain(marks).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round() {
        assert_eq!(
            ticks(5.0, 10.0),
            (0..=10).map(|n| f64::from(n) * 0.5).collect::<Vec<_>>()
        );
        assert_eq!(ticks(0.0, 10.0), [0.0]);
        assert_eq!(ticks(f64::NAN, 10.0), [0.0]);
        assert_eq!((short(0.5), short(20.0)), ("0.5".into(), "20".into()));
    }

    #[test]
    fn a_stretched_scale_begins_and_ends_at_its_ends() {
        let scale = Stretched::new(100.0);
        assert!(scale.at(0.0).abs() < 1e-9 && (scale.at(100.0) - 1.0).abs() < 1e-9);
        assert!(scale.at(1.0) > 0.3);
        assert_eq!(scale.ticks().len(), 5);
    }
}
