//! The report as pictures (SVG). Each title says what its picture shows, from its own numbers.

use super::{
    Report, Scenario,
    report::{MinerResult, Run, Window, coins, rounded},
};
use plotters::{
    coord::{Shift, types::RangedCoordf64},
    prelude::*,
};
use std::{fs, io, ops::Range, path::Path, path::PathBuf};

const SIZE: (u32, u32) = (960, 600);
const FONT: &str = "sans-serif";
const GREY: RGBColor = RGBColor(120, 120, 120);
const BROWN: RGBColor = RGBColor(140, 90, 40);
/// The part of a picture that is left free for its legend.
const LEGEND: f64 = 0.17;
/// Miners whose uptime is so close to rho, in percent, are not named in the title: theirs is luck.
const CLOSE: f64 = 5.0;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// Writes all pictures into the folder `dir`, which is made where it is missing.
///
/// # Errors
/// The operating system's.
pub fn write(report: &Report, dir: &Path) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(dir)?;
    let write = |(name, svg): (&str, String)| {
        let path = dir.join(name);
        fs::write(&path, svg).map(|()| path)
    };
    draw(report).into_iter().map(write).collect()
}

/// All pictures: file name and SVG.
pub fn draw(report: &Report) -> Vec<(&'static str, String)> {
    vec![
        ("return.svg", picture(|area| returns(report, area))),
        ("donated.svg", picture(|area| donated(report, area))),
        ("concentration.svg", picture(|area| concentration(report, area))),
        ("inflation.svg", picture(|area| inflation(report, area))),
    ]
}

fn picture(draw: impl FnOnce(&Area<'_>) -> Drawn) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let drawn = area.fill(&WHITE).and_then(|()| draw(&area)).and_then(|()| area.present());
        drawn.expect("drawing into memory cannot fail");
    }
    svg
}

/// Colours that people with any colour vision can tell apart (Okabe and Ito).
const fn colour(scenario: Scenario) -> RGBColor {
    match scenario {
        Scenario::Quiet => RGBColor(86, 180, 233),
        Scenario::Busy => RGBColor(0, 0, 0),
        Scenario::Parttime => RGBColor(230, 159, 0),
        Scenario::Whale => RGBColor(213, 94, 0),
        Scenario::Crowd => RGBColor(0, 158, 115),
        Scenario::Greedy => RGBColor(204, 121, 167),
        Scenario::Rush => RGBColor(0, 114, 178),
    }
}

/// A range around `values` and `always`, with some room.
fn around(values: impl Iterator<Item = f64>, always: Range<f64>) -> Range<f64> {
    let (low, high) = values.fold((always.start, always.end), |(low, high), v| (low.min(v), high.max(v)));
    let room = ((high - low) * 0.05).max(1e-6);
    let below = if low == 0.0 { 0.0 } else { room };
    low - below..high + room
}

/// An empty chart with a title, and names of its axes.
fn chart<'a, 'b>(
    area: &'a Area<'b>,
    title: &str,
    (x, x_name): (Range<f64>, &str),
    (y, y_name): (Range<f64>, &str),
) -> Result<Chart<'a, 'b>, DrawingAreaErrorKind<io::Error>> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 19))
        .margin(14)
        .x_label_area_size(46)
        .y_label_area_size(72)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .x_desc(x_name)
        .y_desc(y_name)
        .x_label_formatter(&|value| tick(*value))
        .y_label_formatter(&|value| tick(*value))
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .axis_desc_style((FONT, 16))
        .label_style((FONT, 14))
        .draw()?;
    Ok(chart)
}

/// A number without needless zeros.
fn tick(value: f64) -> String {
    rounded(value).to_string()
}

fn line(
    chart: &mut Chart<'_, '_>,
    points: impl Iterator<Item = (f64, f64)>,
    (colour, width, name): (RGBColor, u32, &str),
) -> Drawn {
    let style = colour.stroke_width(width);
    chart
        .draw_series(LineSeries::new(points, style))?
        .label(name)
        .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    Ok(())
}

fn legend<'a, 'b: 'a>(chart: &mut Chart<'a, 'b>, position: SeriesLabelPosition) -> Drawn {
    chart
        .configure_series_labels()
        .position(position)
        .background_style(WHITE.mix(0.85))
        .border_style(GREY)
        .label_font((FONT, 14))
        .draw()
}

fn returns(report: &Report, area: &Area<'_>) -> Drawn {
    let rho = report.chain.rho;
    let bought = |run: &Run| run.miners.iter().filter(|m| m.slots > 0).cloned().collect::<Vec<_>>();
    let point = |miner: &MinerResult| (miner.up * 100.0, miner.return_on_given * 100.0);
    let all: Vec<_> = report.runs.iter().flat_map(bought).map(|miner| point(&miner)).collect();
    let x = around(all.iter().map(|(x, _)| *x), 60.0..100.0);
    let y = around(all.iter().map(|(_, y)| *y), -5.0..25.0);
    let title = title_of_returns(&all, rho * 100.0);
    let (x_name, y_name) = ("uptime of the miner's machine, %", "gain for 100 coins given, coins");
    let mut chart = chart(area, &title, (x.clone(), x_name), (y.clone(), y_name))?;
    let at = rho * 100.0;
    line(&mut chart, [(at, y.start), (at, y.end)].into_iter(), (GREY, 2, "uptime = rho"))?;
    line(&mut chart, [(x.start, 0.0), (x.end, 0.0)].into_iter(), (GREY, 1, "no gain, no loss"))?;
    // What a slot costs with its order fee, where all orders are filled and all others never fail.
    let expected = |u: f64| (u / 100.0 / (rho * 1.01) - 1.0) * 100.0;
    let from = x.start.max(expected_from(y.start, rho));
    let ends = [(from, expected(from)), (100.0, expected(100.0))];
    line(&mut chart, ends.into_iter(), (BROWN, 1, "if all others were always online"))?;
    for run in &report.runs {
        let style = colour(run.scenario).mix(0.75).filled();
        let points = bought(run).into_iter().map(|miner| Circle::new(point(&miner), 4, style));
        chart
            .draw_series(points)?
            .label(run.scenario.name())
            .legend(move |(x, y)| Circle::new((x + 9, y), 4, style));
    }
    legend(&mut chart, SeriesLabelPosition::UpperLeft)
}

/// The uptime at which the expected gain leaves the picture at its bottom.
fn expected_from(bottom: f64, rho: f64) -> f64 {
    (bottom / 100.0 + 1.0) * rho * 101.0
}

fn title_of_returns(points: &[(f64, f64)], rho: f64) -> String {
    let count = |of: &dyn Fn(&(f64, f64)) -> bool| points.iter().filter(|point| of(point)).count();
    let (above, below) = (count(&|p| p.0 > rho + CLOSE), count(&|p| p.0 < rho - CLOSE));
    let gain = count(&|p| p.0 > rho + CLOSE && p.1 > 0.0);
    let lose = count(&|p| p.0 < rho - CLOSE && p.1 < 0.0);
    let (high, low) = (rho + CLOSE, rho - CLOSE);
    format!(
        "{gain} of {above} miners with more than {high:.0} % uptime gain, {lose} of {below} below {low:.0} % lose"
    )
}

/// Sums of a run's windows so far: minted and donated, in coins.
fn sums(run: &Run) -> Vec<(f64, f64)> {
    let add = |sum: &mut (u64, u64), window: &Window| {
        *sum = (sum.0 + window.minted_units, sum.1 + window.donated_units);
        Some((coins(sum.0), coins(sum.1)))
    };
    let so_far = run.windows.iter().scan((0, 0), add);
    [(0.0, 0.0)].into_iter().chain(so_far).collect()
}

fn donated(report: &Report, area: &Area<'_>) -> Drawn {
    let curves: Vec<_> = report.runs.iter().map(|run| (run.scenario, sums(run))).collect();
    let all = || curves.iter().flat_map(|(_, points)| points.iter());
    let (x, y) = (around(all().map(|p| p.0), 0.0..1.0), around(all().map(|p| p.1), 0.0..1.0));
    let (low, high) = span(report.runs.iter().map(|run| run.totals.donated_of_minted * 100.0));
    let title = format!("Of 100 coins minted, {low:.0} to {high:.0} were donated again");
    let (x_name, y_name) = ("minted so far, coins", "donated so far, coins");
    let mut chart = chart(area, &title, (x.clone(), x_name), (y, y_name))?;
    let most = x.end;
    let name = format!("rho: {:.0} of 100", report.chain.rho * 100.0);
    line(&mut chart, [(0.0, 0.0), (most, most * report.chain.rho)].into_iter(), (GREY, 2, &name))?;
    for (scenario, points) in &curves {
        line(&mut chart, points.iter().copied(), (colour(*scenario), 2, scenario.name()))?;
    }
    legend(&mut chart, SeriesLabelPosition::LowerRight)
}

fn span(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

fn concentration(report: &Report, area: &Area<'_>) -> Drawn {
    let (upper, lower) = area.split_vertically(SIZE.1 / 2);
    let largest = |run: &&Run| run.totals.largest_share;
    let most = report.runs.iter().max_by(|a, b| largest(a).total_cmp(&largest(b)));
    let title = most.map_or(String::new(), |run| {
        let largest = run.totals.largest_share * 100.0;
        format!(
            "The largest miner of \u{201c}{}\u{201d} holds {largest:.0} % of the seats, by paying for them",
            run.scenario.name()
        )
    });
    over_time(report, &upper, &title, "largest share, % of seats", |w| w.largest_share * 100.0)?;
    let (low, high) = span(report.runs.iter().map(|run| run.totals.gini));
    let title = format!("Seats follow what was paid: Gini {low:.2} to {high:.2} over the whole time");
    over_time(report, &lower, &title, "Gini of seats, 0 to 1", |w| w.gini)
}

fn inflation(report: &Report, area: &Area<'_>) -> Drawn {
    let most = report.runs.iter().max_by(|a, b| a.totals.inflation.0.total_cmp(&b.totals.inflation.0));
    let title = most.map_or(String::new(), |run| {
        let (first, last) = run.totals.inflation;
        format!(
            "Inflation falls: {:.3} % an epoch at first, {:.3} % at last in \u{201c}{}\u{201d}",
            first * 100.0,
            last * 100.0,
            run.scenario.name()
        )
    });
    over_time(report, area, &title, "minted in an epoch, % of all coins", |w| w.inflation * 100.0)
}

/// A curve for each scenario over the epochs.
fn over_time(report: &Report, area: &Area<'_>, title: &str, y_name: &str, of: fn(&Window) -> f64) -> Drawn {
    let windows = || report.runs.iter().flat_map(|run| run.windows.iter());
    let x = around(windows().map(|window| (window.epoch + window.epochs) as f64), 0.0..1.0);
    let (x, y) = (x.start..x.end * (1.0 + LEGEND), around(windows().map(of), 0.0..0.0));
    let mut chart = chart(area, title, (x, "epoch"), (y, y_name))?;
    for run in &report.runs {
        let points = run.windows.iter().map(|w| (w.epoch as f64 + w.epochs as f64 / 2.0, of(w)));
        line(&mut chart, points, (colour(run.scenario), 2, run.scenario.name()))?;
    }
    legend(&mut chart, SeriesLabelPosition::UpperRight)
}
