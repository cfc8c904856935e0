// The lines of a drawing: from box to box, each leaving and arriving level, none on top of another where they meet a box.

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  width: number;
  height: number;
}

/** A line to be drawn: from a box to another, through bends. */
export interface Run {
  from: Box;
  to: Box;
  bends: Point[];
}

/** The paths of `runs`, as SVG has them. */
export function paths(runs: Run[]): string[] {
  const ports = new Map<Run, { out: number; into: number }>();
  for (const [box, side] of sides(runs)) {
    const ends = endsAt(runs, box, side);
    ends.forEach(({ run, end }, at) => {
      const y = box.y + (box.height * (at + 1)) / (ends.length + 1);
      ports.set(run, { out: 0, into: 0, ...ports.get(run), [end]: y });
    });
  }
  return runs.map((run) => {
    const { out, into } = ports.get(run) ?? { out: 0, into: 0 };
    return run.from === run.to ? loop(run.from) : line(run, out, into);
  });
}

type Side = "left" | "right";

function isForward({ from, to }: Run): boolean {
  return to.x > from.x;
}

/** The sides of boxes, each once. */
function sides(runs: Run[]): [Box, Side][] {
  const boxes = new Set(runs.flatMap(({ from, to }) => [from, to]));
  return [...boxes].flatMap((box): [Box, Side][] => [
    [box, "left"],
    [box, "right"],
  ]);
}

/** The ends of runs at a side of a box, in the order of the heights that they go to. */
function endsAt(runs: Run[], box: Box, side: Side): { run: Run; end: "out" | "into" }[] {
  const ends: { run: Run; end: "out" | "into"; toward: number }[] = [];
  for (const run of runs) {
    const { from, to, bends } = run;
    const leaves: Side = isForward(run) ? "right" : "left";
    if (from === to) {
      continue;
    }
    if (from === box && leaves === side) {
      ends.push({ run, end: "out", toward: bends[1]?.y ?? to.y });
    }
    if (to === box && leaves !== side) {
      ends.push({ run, end: "into", toward: bends.at(-2)?.y ?? from.y });
    }
  }
  return ends.toSorted((a, b) => a.toward - b.toward);
}

function line(run: Run, out: number, into: number): string {
  const { from, to, bends } = run;
  const forward = isForward(run);
  const stops = [
    { x: forward ? from.x + from.width : from.x, y: out },
    ...bends.slice(1, -1),
    { x: forward ? to.x : to.x + to.width, y: into },
  ];
  const parts = stops.map((stop, index) => {
    const last = stops[index - 1];
    if (last === undefined) {
      return `M${at(stop)}`;
    }
    const middle = (last.x + stop.x) / 2;
    return `C${at({ x: middle, y: last.y })} ${at({ x: middle, y: stop.y })} ${at(stop)}`;
  });
  return parts.join(" ");
}

/** The top of a line that leads back to where it comes from. */
export function above(box: Box): Point {
  return { x: box.x + box.width / 2, y: box.y - 16 };
}

/** A line back to where it comes from, over the top. */
function loop(box: Box): string {
  const [left, right, top] = [box.x + box.width * 0.3, box.x + box.width * 0.7, box.y];
  const high = top - 21;
  return `M${at({ x: left, y: top })} C${at({ x: left, y: high })} ${at({ x: right, y: high })} ${at({ x: right, y: top })}`;
}

function at(point: Point): string {
  return `${point.x.toFixed(1)},${point.y.toFixed(1)}`;
}
