//! Where boxes lie, so that ways run downwards and cross little: ranks by the longest way from the beginning, an order within each by
//! the middle of the neighbours (Sugiyama's method), and places that draw towards them.

use std::collections::BTreeSet;

/// How often the order is bettered, downwards and upwards in turn.
const SWEEPS: usize = 12;

/// Between two boxes of a rank.
const GAP: f64 = 24.0;

/// A graph that has been arranged: a place for each box, and a line for each way.
#[derive(Debug)]
pub(super) struct Arranged {
    /// The middle of each box, in boxes' widths' units, and its rank.
    pub(super) boxes: Vec<(f64, usize)>,
    /// The points that each way passes between its ends, each in the middle of a rank.
    pub(super) bends: Vec<Vec<(f64, usize)>>,
    /// How many ranks there are.
    pub(super) ranks: usize,
}

/// A box, or the place where a long way passes a rank.
struct Node {
    width: f64,
    rank: usize,
    x: f64,
    above: Vec<usize>,
    below: Vec<usize>,
}

/// Arranges boxes of these `widths`, of which the `first` is where all begins, and the `ways` between them.
pub(super) fn arrange(widths: &[f64], first: usize, ways: &[(usize, usize)]) -> Arranged {
    let down = downwards(widths.len(), first, ways);
    let ranks = ranks(widths.len(), &down);
    let mut nodes: Vec<Node> = widths
        .iter()
        .zip(&ranks)
        .map(|(width, rank)| Node {
            width: *width,
            rank: *rank,
            x: 0.0,
            above: Vec::new(),
            below: Vec::new(),
        })
        .collect();
    let bends: Vec<_> = down.iter().map(|way| bend(&mut nodes, *way)).collect();
    let count = ranks.iter().max().map_or(0, |most| most + 1);
    let mut order: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (at, node) in nodes.iter().enumerate() {
        order[node.rank].push(at);
    }
    for sweep in 0..SWEEPS {
        settle(&mut nodes, &mut order, sweep % 2 == 0);
    }
    let place = |at: &usize| (nodes[*at].x, nodes[*at].rank);
    let bends = down
        .iter()
        .zip(&bends)
        .zip(ways)
        .map(|((down, bends), way)| {
            let mut points: Vec<_> = bends.iter().map(place).collect();
            if down != way {
                points.reverse();
            }
            points
        });
    Arranged {
        boxes: (0..widths.len()).map(|at| place(&at)).collect(),
        bends: bends.collect(),
        ranks: count,
    }
}

/// The ways, those turned round that lead back to where a call came from.
fn downwards(boxes: usize, first: usize, ways: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut back = BTreeSet::new();
    let (mut done, mut open) = (vec![false; boxes], vec![false; boxes]);
    for root in std::iter::once(first).chain(0..boxes) {
        if root >= boxes || done[root] {
            continue;
        }
        let mut stack = vec![(root, 0)];
        open[root] = true;
        while let Some((at, next)) = stack.pop() {
            let found = ways
                .iter()
                .enumerate()
                .skip(next)
                .find(|(_, way)| way.0 == at);
            let Some((nth, way)) = found else {
                (open[at], done[at]) = (false, true);
                continue;
            };
            stack.push((at, nth + 1));
            if open[way.1] {
                back.insert(nth);
            } else if !done[way.1] {
                open[way.1] = true;
                stack.push((way.1, 0));
            }
        }
    }
    let turned = |(nth, way): (usize, &(usize, usize))| match back.contains(&nth) {
        true => (way.1, way.0),
        false => *way,
    };
    ways.iter().enumerate().map(turned).collect()
}

/// The longest way to each box.
fn ranks(boxes: usize, down: &[(usize, usize)]) -> Vec<usize> {
    let mut ranks = vec![0; boxes];
    for _ in 0..boxes {
        let mut moved = false;
        for (from, to) in down.iter().filter(|(from, to)| from != to) {
            if ranks[*to] <= ranks[*from] {
                ranks[*to] = ranks[*from] + 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    ranks
}

/// Makes room for a way in each rank that it passes.
fn bend(nodes: &mut Vec<Node>, (from, to): (usize, usize)) -> Vec<usize> {
    let mut bends = Vec::new();
    let mut last = from;
    for rank in nodes[from].rank + 1..nodes[to].rank {
        bends.push(nodes.len());
        nodes[last].below.push(bends[bends.len() - 1]);
        nodes.push(Node {
            width: 8.0,
            rank,
            x: 0.0,
            above: vec![last],
            below: Vec::new(),
        });
        last = nodes.len() - 1;
    }
    if from != to {
        nodes[last].below.push(to);
        nodes[to].above.push(last);
    }
    bends
}

/// Orders each rank by where its neighbours are, and places it as near to them as it can lie.
fn settle(nodes: &mut [Node], order: &mut [Vec<usize>], downwards: bool) {
    let ranks: Vec<usize> = match downwards {
        true => (0..order.len()).collect(),
        false => (0..order.len()).rev().collect(),
    };
    for rank in ranks {
        let wanted = |nodes: &[Node], at: usize| {
            let near = match downwards {
                true => &nodes[at].above,
                false => &nodes[at].below,
            };
            match near.len() {
                0 => nodes[at].x,
                count => near.iter().map(|near| nodes[*near].x).sum::<f64>() / count as f64,
            }
        };
        let mut row: Vec<_> = order[rank]
            .iter()
            .map(|at| (wanted(nodes, *at), *at))
            .collect();
        row.sort_by(|a, b| a.0.total_cmp(&b.0));
        place(nodes, &row);
        order[rank] = row.into_iter().map(|(_, at)| at).collect();
    }
}

/// Places a row from left to right, then moves all of it back to the middle of where it wanted to be.
fn place(nodes: &mut [Node], row: &[(f64, usize)]) {
    let mut left = f64::NEG_INFINITY;
    for (wanted, at) in row {
        let half = nodes[*at].width / 2.0;
        nodes[*at].x = wanted.max(left + half);
        left = nodes[*at].x + half + GAP;
    }
    let off: f64 = row.iter().map(|(wanted, at)| nodes[*at].x - wanted).sum();
    let off = off / row.len().max(1) as f64;
    for (_, at) in row {
        nodes[*at].x -= off;
    }
}

#[cfg(test)]
mod tests {
    use super::arrange;

    #[test]
    fn boxes_of_a_rank_do_not_overlap_and_ways_run_downwards() {
        // A diamond with a way back, a way to itself and a long way past a rank.
        let ways = [
            (0, 1),
            (0, 2),
            (1, 3),
            (2, 3),
            (3, 0),
            (3, 3),
            (0, 4),
            (3, 4),
        ];
        let widths = [100.0, 80.0, 120.0, 60.0, 90.0];
        let arranged = arrange(&widths, 0, &ways);
        let ranks: Vec<_> = arranged.boxes.iter().map(|(_, rank)| *rank).collect();
        assert_eq!((ranks, arranged.ranks), (vec![0, 1, 1, 2, 3], 4));
        let (one, two) = (arranged.boxes[1].0, arranged.boxes[2].0);
        assert!((one - two).abs() >= 100.0, "{one} {two}");
        assert_eq!(arranged.bends[6].len(), 2, "it passes two ranks");
        assert_eq!(
            arranged.bends[4]
                .iter()
                .map(|bend| bend.1)
                .collect::<Vec<_>>(),
            [1],
            "upwards"
        );
    }
}
