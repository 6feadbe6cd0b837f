//! The day as a picture: SVG, written by hand. Three lines over one axis are a page of text; a plotting library would
//! bring fonts, colour models and bitmaps along for them.

use std::fmt::Write as _;

use crate::outbound::Slice;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 160.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 40.0;
const GAP: f64 = 46.0;
/// In microseconds.
const HOUR: f64 = 3.6e9;
const QUARTER: f64 = 9e8;

/// One of the pictures.
struct Panel<'a> {
    title: &'a str,
    color: &'a str,
    unit: &'a str,
    values: Vec<f64>,
    /// A line that should not be crossed.
    limit: Option<f64>,
    /// The greatest value that is shown; `None`: what there is.
    top: Option<f64>,
}

/// Occupancy, lines and abandonment over the day. `opens`: the hour at which it begins; `cap`: in percent.
pub fn plot(title: &str, slices: &[Slice], opens: f64, cap: f64) -> String {
    let values = |of: &dyn Fn(&Slice) -> f64| slices.iter().map(of).collect::<Vec<_>>();
    // A quarter of an hour has too few answers: abandonment is shown as it stands since the morning.
    let mut sum = Slice::default();
    let so_far = slices.iter().map(|it| {
        sum += *it;
        100.0 * sum.abandonment()
    });
    let panels = [
        Panel {
            title: "occupancy",
            color: "#1b6ca8",
            unit: "%",
            values: values(&|it| 100.0 * it.occupancy()),
            limit: None,
            top: Some(100.0),
        },
        Panel {
            title: "lines in set-up for each agent",
            color: "#2e7d32",
            unit: "",
            values: values(&Slice::lines_per_agent),
            limit: None,
            top: None,
        },
        Panel {
            title: "live answers abandoned since the start",
            color: "#b23b3b",
            unit: "%",
            values: so_far.collect(),
            limit: Some(cap),
            top: None,
        },
    ];
    // Several days lie one over the other: a slice is as wide as its share of them all.
    let days = slices.first().map_or(1.0, |it| it.span as f64 / QUARTER);
    let hours: Vec<f64> = slices
        .iter()
        .scan(opens, |at, it| {
            *at += it.span as f64 / days / HOUR;
            Some(*at)
        })
        .collect();
    let height = TOP + panels.len() as f64 * (HEIGHT + GAP) + 10.0;
    let width = LEFT + WIDTH + 20.0;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" font-family="sans-serif" font-size="12"><title>{0}</title><rect width="100%" height="100%" fill="white"/><text x="{LEFT}" y="20" font-size="16">{0}</text>"#,
        escaped(title)
    );
    for (n, panel) in panels.iter().enumerate() {
        panel.draw(&mut svg, TOP + n as f64 * (HEIGHT + GAP), opens, &hours);
    }
    svg.push_str("</svg>\n");
    svg
}

impl Panel<'_> {
    fn draw(&self, svg: &mut String, y: f64, opens: f64, hours: &[f64]) {
        let most = self.values.iter().copied().chain(self.limit).fold(0.0, f64::max);
        let top = self.top.unwrap_or_else(|| rounded(most * 1.1));
        let closes = hours.last().copied().unwrap_or(opens + 1.0);
        let x = |hour: f64| LEFT + WIDTH * (hour - opens) / (closes - opens).max(1e-9);
        let at = |value: f64| y + HEIGHT * (1.0 - (value / top).clamp(0.0, 1.0));
        let _ = writeln!(svg, r#"<text x="{LEFT}" y="{:.1}">{}</text>"#, y - 6.0, self.title);
        for part in [0.0, 0.5, 1.0] {
            let (value, line) = (top * part, at(top * part));
            let _ = writeln!(
                svg,
                r##"<line x1="{LEFT}" x2="{:.1}" y1="{line:.1}" y2="{line:.1}" stroke="#ddd"/><text x="{:.1}" y="{:.1}" text-anchor="end">{}{}</text>"##,
                LEFT + WIDTH,
                LEFT - 6.0,
                line + 4.0,
                (value * 100.0).round() / 100.0,
                self.unit,
            );
        }
        let mut hour = opens.ceil();
        while hour <= closes + 1e-9 {
            let _ = writeln!(
                svg,
                r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{hour:.0}:00</text>"#,
                x(hour),
                y + HEIGHT + 15.0
            );
            hour += 1.0;
        }
        if let Some(limit) = self.limit {
            let line = at(limit);
            let _ = writeln!(
                svg,
                r##"<line x1="{LEFT}" x2="{:.1}" y1="{line:.1}" y2="{line:.1}" stroke="#666" stroke-dasharray="6 4"/>"##,
                LEFT + WIDTH
            );
        }
        let points: Vec<String> = hours
            .iter()
            .zip(&self.values)
            .map(|(hour, value)| format!("{:.1},{:.1}", x(*hour), at(*value)))
            .collect();
        let _ = writeln!(
            svg,
            r#"<polyline points="{}" fill="none" stroke="{}" stroke-width="2"/>"#,
            points.join(" "),
            self.color
        );
    }
}

/// The next of 1, 2, 5, 10, …: an axis that people can read.
fn rounded(value: f64) -> f64 {
    let value = value.max(0.01);
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    steps.into_iter().map(|it| it * power).find(|it| *it >= value).unwrap_or(value)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
