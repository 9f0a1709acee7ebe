//! Figures, ratios, and the table that they are printed in.

use std::time::Duration;

use crate::load::Outcome;

/// What one round of something gave.
#[derive(Debug, Clone, Default)]
pub(crate) struct Round {
    /// Things done in a second.
    pub(crate) rate: f64,
    /// CPU time of the server for each, in microseconds.
    pub(crate) server: Option<f64>,
    /// CPU time of the database's own processes for each, in microseconds.
    pub(crate) database: Option<f64>,
    /// The middle latency, in milliseconds.
    pub(crate) p50: f64,
    /// The latency that one in a hundred exceeds, in milliseconds.
    pub(crate) p99: f64,
    /// The most memory that the server held, in MiB.
    pub(crate) peak: Option<f64>,
    /// Answers that were not good.
    pub(crate) errors: u64,
    /// Requests that were not answered in time.
    pub(crate) timeouts: u64,
}

impl Round {
    /// From what a load gave, and the CPU time that was used meanwhile.
    pub(crate) fn of(outcome: &Outcome, server: Duration, database: Option<Duration>) -> Self {
        let done = real(outcome.latencies.len());
        let each = |time: Duration| time.as_secs_f64() * 1e6 / done.max(1.0);
        Self {
            rate: done / outcome.elapsed.as_secs_f64(),
            server: Some(each(server)),
            database: database.map(each),
            p50: percentile(&outcome.latencies, 50),
            p99: percentile(&outcome.latencies, 99),
            peak: None,
            errors: outcome.errors,
            timeouts: outcome.timeouts,
        }
    }

    /// All CPU time for each thing done, in microseconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.server.unwrap_or_default() + self.database.unwrap_or_default()
    }
}

/// The middle one of each figure of several rounds; errors and time-outs of all of them, and
/// the highest peak.
fn middle(rounds: &[Round]) -> Round {
    let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    let all = |figure: fn(&Round) -> Option<f64>| {
        let known: Option<Vec<f64>> = rounds.iter().map(figure).collect();
        known.map(median)
    };
    Round {
        rate: of(|round| round.rate),
        server: all(|round| round.server),
        database: all(|round| round.database),
        p50: of(|round| round.p50),
        p99: of(|round| round.p99),
        peak: rounds.iter().filter_map(|round| round.peak).reduce(f64::max),
        errors: rounds.iter().map(|round| round.errors).sum(),
        timeouts: rounds.iter().map(|round| round.timeouts).sum(),
    }
}

/// By what a ratio is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Things done in a second: where the disk takes part, CPU time says little.
    Rate,
    /// Things done in a second, and CPU time too: the generator shares the cores, which draws
    /// a ratio of rates towards one.
    RateAndCpu,
}

/// A comparison of rounds in pairs: ours, and its ceiling right after it.
pub(crate) struct Comparison<'a> {
    /// What is compared.
    pub(crate) name: &'a str,
    /// What it is compared with.
    pub(crate) ceiling_name: &'a str,
    /// Our rounds.
    pub(crate) ours: &'a [Round],
    /// The ceiling's rounds, in the same order.
    pub(crate) ceiling: &'a [Round],
}

impl Comparison<'_> {
    /// How the rates compare: the middle of the ratios of each pair.
    fn by_rate(&self) -> f64 {
        self.middle(|ours, ceiling| ours.rate / ceiling.rate)
    }

    /// How the CPU times compare, so that more is better here too.
    fn by_cpu(&self) -> f64 {
        self.middle(|ours, ceiling| ceiling.cpu() / ours.cpu())
    }

    /// How many times the CPU time is that of the other.
    pub(crate) fn growth(&self) -> f64 {
        self.middle(|ours, other| ours.cpu() / other.cpu())
    }

    fn middle(&self, ratio: impl Fn(&Round, &Round) -> f64) -> f64 {
        let pairs = self.ours.iter().zip(self.ceiling);
        median(pairs.map(|(ours, ceiling)| ratio(ours, ceiling)).collect())
    }
}

/// Everything that is to be printed.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<String>,
    summary: Vec<String>,
    has_heading: bool,
}

const HEADING: [&str; 9] =
    ["", "per second", "server µs", "db µs", "p50 ms", "p99 ms", "peak MiB", "errors", "timeouts"];

impl Report {
    /// Begins a group of rows.
    pub(crate) fn group(&mut self, title: &str) {
        self.lines.push(String::new());
        self.lines.push(title.to_owned());
        self.has_heading = false;
    }

    /// A row of figures.
    pub(crate) fn figures(&mut self, name: &str, rounds: &[Round]) {
        if !std::mem::replace(&mut self.has_heading, true) {
            self.lines.push(columns(&HEADING.map(str::to_owned)));
        }
        let it = middle(rounds);
        let known = |figure: Option<f64>| figure.map_or("-".to_owned(), short);
        self.lines.push(columns(&[
            format!("  {name}"),
            short(it.rate),
            known(it.server),
            known(it.database),
            short(it.p50),
            short(it.p99),
            known(it.peak),
            it.errors.to_string(),
            it.timeouts.to_string(),
        ]));
    }

    /// Two rows of figures, and their ratio against its target.
    pub(crate) fn compare(&mut self, it: &Comparison<'_>, target: f64, basis: Basis) {
        self.figures(it.name, it.ours);
        self.figures(it.ceiling_name, it.ceiling);
        let (by_rate, by_cpu) = (it.by_rate(), it.by_cpu());
        let said = match basis {
            Basis::Rate => {
                format!("{by_rate:.2} by rate; target {target}: {}", verdict(by_rate >= target))
            }
            Basis::RateAndCpu => {
                let verdict = match (by_rate >= target, by_cpu >= target) {
                    (true, false) => "MISSED by CPU, met by rate",
                    (false, true) => "MISSED by rate, met by CPU",
                    (met, _) => verdict(met),
                };
                format!("{by_rate:.2} by rate, {by_cpu:.2} by CPU; target {target}: {verdict}")
            }
        };
        self.say(&format!("{}: {said}", it.name), true);
    }

    /// One more ceiling under the same rows: it has no target and tells where the time goes.
    pub(crate) fn beside(&mut self, it: &Comparison<'_>) {
        self.figures(it.ceiling_name, it.ceiling);
        let (by_rate, by_cpu) = (it.by_rate(), it.by_cpu());
        let said = format!("{by_rate:.2} by rate, {by_cpu:.2} by CPU; no target");
        self.say(&format!("{} to {}: {said}", it.name, it.ceiling_name), false);
    }

    /// Whether a figure is at most its limit.
    pub(crate) fn at_most(&mut self, name: &str, figure: f64, unit: &str, limit: f64) {
        let met = verdict(figure <= limit);
        self.say(
            &format!("{name}: {} {unit}; target at most {limit} {unit}: {met}", short(figure)),
            true,
        );
    }

    /// Whether a figure is at least as high as it must be.
    pub(crate) fn at_least(&mut self, name: &str, figure: f64, limit: f64) {
        let met = verdict(figure >= limit);
        self.say(&format!("{name}: {}; target at least {limit}: {met}", short(figure)), true);
    }

    /// Whether something that must hold does.
    pub(crate) fn holds(&mut self, what: &str, met: bool) {
        self.say(&format!("{what}: {}", verdict(met)), true);
    }

    /// Something that the reader should know.
    pub(crate) fn note(&mut self, text: &str) {
        self.say(text, false);
    }

    fn say(&mut self, line: &str, is_judged: bool) {
        self.lines.push(format!("  => {line}"));
        if is_judged {
            self.summary.push(line.to_owned());
        }
    }

    /// The whole report: the rows, then every ratio with its target once more.
    pub(crate) fn text(&self) -> String {
        let mut lines = self.lines.clone();
        lines.push(String::new());
        lines.push("Targets".to_owned());
        lines.extend(self.summary.iter().map(|line| format!("  {line}")));
        lines.join("\n")
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

fn columns(cells: &[String; 9]) -> String {
    let [name, rest @ ..] = cells;
    let rest: String = rest.iter().map(|cell| format!("{cell:>11}")).collect();
    format!("{name:<46}{rest}")
}

/// Three digits or so, which is more than the noise allows.
fn short(figure: f64) -> String {
    match figure.abs() {
        ..10.0 => format!("{figure:.2}"),
        10.0..1000.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}

/// The middle one; nought of none.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    let (lower, upper) = (figures.len().saturating_sub(1) / 2, figures.len() / 2);
    let at = |index: usize| figures.get(index).copied().unwrap_or_default();
    f64::midpoint(at(lower), at(upper))
}

/// The latency that so many in a hundred do not exceed, in milliseconds, of sorted ones.
pub(crate) fn percentile(sorted: &[Duration], hundredths: usize) -> f64 {
    let index = (sorted.len() * hundredths).div_ceil(100).saturating_sub(1);
    sorted.get(index).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
}

/// A count as a figure.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "counts are below 2^53")]
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(Vec::new()), 0.0);
        let sorted: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&sorted, 50), 100.0);
        assert_eq!(percentile(&sorted, 99), 198.0);
    }

    #[test]
    fn a_ratio_is_that_of_its_rounds() {
        let round = |rate, server| Round { rate, server: Some(server), ..Round::default() };
        let (ours, ceiling) = ([round(80.0, 12.0)], [round(100.0, 9.0)]);
        let mut report = Report::default();
        let it = Comparison { name: "a", ceiling_name: "b", ours: &ours, ceiling: &ceiling };
        report.compare(&it, 0.8, Basis::RateAndCpu);
        report.at_most("c", 6.0, "µs", 5.0);
        let text = report.text();
        assert!(text.contains("a: 0.80 by rate, 0.75 by CPU; target 0.8: MISSED by CPU"), "{text}");
        assert!(text.contains("c: 6.00 µs; target at most 5 µs: MISSED"), "{text}");
    }
}
