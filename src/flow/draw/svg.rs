//! A flow drawn as SVG: boxes from the top down, lines between them, in light and dark.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::arrange::{Arranged, arrange};
use super::{opening, reason};
use crate::flow::Flow;
use crate::flow::chart::{When, ways};

/// How wide half a wide letter is, in the size of the names.
const LETTER: f64 = 7.2;
/// How high a box is.
const HIGH: f64 = 44.0;
/// From one rank to the next.
const DOWN: f64 = 104.0;
/// How far beside a way down the way back up runs.
const ASIDE: f64 = 28.0;
/// Around everything.
const MARGIN: f64 = 28.0;

const STYLE: &str = "\
svg{font:12px ui-sans-serif,system-ui,sans-serif;background:#fff}\
rect,.end{fill:#fff;stroke:#57606a}.menu,.ask{fill:#ddf4ff;stroke:#0969da}.connect{fill:#dafbe1;stroke:#1a7f37}\
text{fill:#1f2328;text-anchor:middle}.name{font-weight:600}.says{fill:#57606a;font-size:11px}\
.way{fill:none;stroke:#57606a}.gives{stroke-dasharray:4 3;stroke:#8c959f}.why{font-size:11px;paint-order:stroke;stroke:#fff;stroke-width:4px}\
#tip{fill:#57606a}\
@media(prefers-color-scheme:dark){svg{background:#0d1117}rect,.end{fill:#161b22;stroke:#8b949e}\
.menu,.ask{fill:#0c2d6b;stroke:#58a6ff}.connect{fill:#0f3d1e;stroke:#3fb950}text{fill:#e6edf3}.says{fill:#9da7b3}\
.way{stroke:#8b949e}.why{stroke:#0d1117}#tip{fill:#8b949e}}";

/// A box: a step, or the end of the call without one.
struct Box {
    kind: &'static str,
    name: String,
    says: String,
}

/// `flow` as an SVG document.
pub fn svg(flow: &Flow) -> String {
    let (boxes, lines) = parts(flow);
    let widths: Vec<_> = boxes.iter().map(Box::width).collect();
    let first = flow.steps.keys().position(|name| *name == flow.start);
    let ends: Vec<_> = lines.keys().copied().collect();
    let arranged = arrange(&widths, first.unwrap_or(0), &ends);
    let left = edge(&arranged, &widths, -1.0);
    let wide = edge(&arranged, &widths, 1.0) - left + 2.0 * MARGIN;
    let high = (arranged.ranks.max(1) - 1) as f64 * DOWN + HIGH + 2.0 * MARGIN;
    let place = |(x, rank): (f64, usize)| (x - left + MARGIN, rank as f64 * DOWN + MARGIN);
    let mut text = String::new();
    // Writing to a text does not fail: here and below.
    let _ = writeln!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide:.0} {high:.0}\" width=\"{wide:.0}\" height=\"{high:.0}\" role=\"img\">"
    );
    let title = flow.name.as_deref().unwrap_or(flow.id.as_str());
    let _ = writeln!(
        text,
        "<title>{}</title><style>{STYLE}</style>",
        escaped(title)
    );
    text.push_str("<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\"/></marker></defs>\n");
    for (nth, ((from, to), whys)) in lines.iter().enumerate() {
        let ends = (place(arranged.boxes[*from]), place(arranged.boxes[*to]));
        let bends: Vec<_> = arranged.bends[nth]
            .iter()
            .map(|bend| place(*bend))
            .collect();
        line(&mut text, ends, &bends, widths[*from], whys);
    }
    for (nth, it) in boxes.iter().enumerate() {
        it.draw(&mut text, place(arranged.boxes[nth]), widths[nth]);
    }
    text.push_str("</svg>\n");
    text
}

/// Why a call goes one way, and whether only for giving up.
type Whys = (Vec<String>, bool);

/// The boxes, and the ways between them, those between the same two as one line.
fn parts(flow: &Flow) -> (Vec<Box>, BTreeMap<(usize, usize), Whys>) {
    let mut boxes: Vec<_> = flow
        .steps
        .iter()
        .map(|(name, step)| Box {
            kind: step.kind(),
            name: name.to_string(),
            says: opening(flow, step).unwrap_or_default(),
        })
        .collect();
    let mut lines: BTreeMap<_, Whys> = BTreeMap::new();
    let at = |name| flow.steps.keys().position(|known| known == name);
    let hang_up = boxes.len();
    for way in ways(flow) {
        let to = way.to.map_or(Some(hang_up), at);
        let (Some(from), Some(to)) = (at(way.from), to) else {
            continue;
        };
        let line = lines.entry((from, to)).or_insert((Vec::new(), true));
        line.0
            .extend(Some(reason(way.when)).filter(|why| !why.is_empty()));
        line.1 &= way.when == When::GaveUp;
    }
    if lines.keys().any(|(_, to)| *to == hang_up) {
        boxes.push(Box {
            kind: "end",
            name: "hang up".to_owned(),
            says: String::new(),
        });
    }
    (boxes, lines)
}

/// The outermost edge on one side.
fn edge(arranged: &Arranged, widths: &[f64], side: f64) -> f64 {
    let boxes = arranged.boxes.iter().zip(widths);
    let boxes = boxes.map(|((x, _), width)| x + side * width / 2.0);
    let bends = arranged
        .bends
        .iter()
        .flatten()
        .map(|(x, _)| x + side * 20.0);
    let all = boxes.chain(bends).map(|x| x * side);
    all.fold(f64::NEG_INFINITY, f64::max) * side
}

/// A line from the bottom of a box to the top of another, or beside the box back to itself.
fn line(
    text: &mut String,
    (from, to): ((f64, f64), (f64, f64)),
    bends: &[(f64, f64)],
    width: f64,
    (whys, gives_up): &Whys,
) {
    let upwards = to.1 < from.1;
    let (begin, end) = match upwards {
        false => ((from.0, from.1 + HIGH), to),
        // Beside the way down, which may run between the same two.
        true => ((from.0 + ASIDE, from.1), (to.0 + ASIDE, to.1 + HIGH)),
    };
    let mut path = format!("M{:.1} {:.1}", begin.0, begin.1);
    let mut why = ((begin.0 + end.0) / 2.0, (begin.1 + end.1) / 2.0);
    if from == to {
        let (x, y) = (from.0 + width / 2.0, from.1 + HIGH / 2.0);
        path = format!("M{x:.1} {:.1}c34 -14 34 28 0 14", y - 8.0);
        why = (x + 30.0, y + 4.0);
    } else {
        let bends = bends.iter().map(|(x, y)| (*x, y + HIGH / 2.0));
        let mut last = begin;
        for (nth, next) in bends.chain([end]).enumerate() {
            let middle = f64::midpoint(last.1, next.1);
            let _ = write!(
                path,
                "C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {:.1}",
                last.0, next.0, next.0, next.1
            );
            if nth == 0 {
                why = (f64::midpoint(last.0, next.0), middle + 4.0);
            }
            last = next;
        }
    }
    let class = if *gives_up { "way gives" } else { "way" };
    let _ = writeln!(
        text,
        "<path class=\"{class}\" marker-end=\"url(#tip)\" d=\"{path}\"/>"
    );
    if !whys.is_empty() {
        let whys = escaped(&whys.join(", "));
        let _ = writeln!(
            text,
            "<text class=\"why\" x=\"{:.1}\" y=\"{:.1}\">{whys}</text>",
            why.0, why.1
        );
    }
}

impl Box {
    fn width(&self) -> f64 {
        let letters = self.title().width().max(self.says.width());
        letters as f64 * LETTER + 24.0
    }

    fn title(&self) -> String {
        match self.name.as_str() {
            "hang up" => self.name.clone(),
            name => format!("{} {name}", self.kind),
        }
    }

    fn draw(&self, text: &mut String, (x, y): (f64, f64), width: f64) {
        let round = if self.kind == "end" { 22 } else { 4 };
        let _ = writeln!(
            text,
            "<rect class=\"{}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{HIGH}\" rx=\"{round}\"/>",
            self.kind,
            x - width / 2.0
        );
        let line = if self.says.is_empty() { 27.0 } else { 18.0 };
        let _ = writeln!(
            text,
            "<text class=\"name\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
            y + line,
            escaped(&self.title())
        );
        if !self.says.is_empty() {
            let _ = writeln!(
                text,
                "<text class=\"says\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                y + 34.0,
                escaped(&self.says)
            );
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
