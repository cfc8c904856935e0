// Where the steps of a flow lie: layers from left to right, as a call goes through them.

import { Graph, layout } from "@dagrejs/dagre";

import { above, type Box, paths, type Run } from "./lines";
import type { Plan, PlanStep, PlanWay } from "./told";

export interface Layout {
  /** The part of the plane that it takes. */
  view: Box;
  nodes: Node[];
  edges: Edge[];
}

export interface Node extends Box {
  /** A step's name, or that of hanging up. */
  name: string;
  step: PlanStep | null;
}

export interface Edge {
  from: string;
  to: string;
  /** An SVG path. */
  path: string;
  /** What it says, and where. */
  label: { text: string; x: number; y: number } | null;
  /** Whether only wrong tries lead this way. */
  wrong: boolean;
}

/** The end that has no name: no step has this one. */
export const HANG_UP = "-";

const HEIGHT = 46;
const LETTER = 7.4;

export function lay(plan: Plan): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 16, ranksep: 38, edgesep: 12 });
  for (const step of inOrder(plan)) {
    const width = Math.max(step.name.length, step.kind.length) * LETTER + 28;
    graph.setNode(step.name, { width, height: HEIGHT });
  }
  const edges = merged(inOrder(plan).flatMap((step) => plan.ways.filter((way) => way.from === step.name)));
  if (edges.some((edge) => edge.to === HANG_UP)) {
    graph.setNode(HANG_UP, { width: 78, height: 30 });
  }
  for (const { from, to, label } of edges) {
    const width = label.length * 6.5 + 8;
    graph.setEdge(from, to, { width: label === "" ? 0 : width, height: 16, labelpos: "c" });
  }
  layout(graph);
  const boxes = new Map(graph.nodes().map((name) => [name, box(graph.node(name))]));
  const runs = edges.map(({ from, to }) => ({
    from: boxes.get(from) as Box,
    to: boxes.get(to) as Box,
    bends: graph.edge(from, to).points ?? [],
  }));
  const drawn = paths(runs);
  return {
    view: view([...boxes.values()], runs),
    nodes: [...boxes].map(([name, place]) => ({
      name,
      step: plan.steps.find((step) => step.name === name) ?? null,
      ...place,
    })),
    edges: edges.map(({ from, to, label, wrong }, index) => {
      const { x = 0, y = 0 } = from === to ? above(boxes.get(from) as Box) : graph.edge(from, to);
      return { from, to, wrong, label: label === "" ? null : { text: label, x, y }, path: drawn[index] ?? "" };
    }),
  };
}

/** What has to be seen for all of it to be seen, with room for a lit step's halo and a loop. */
function view(boxes: Box[], runs: Run[]): Box {
  const bends = runs.flatMap(({ from, to, bends }) => (from === to ? [] : bends));
  const xs = [...boxes.flatMap(({ x, width }) => [x, x + width]), ...bends.map(({ x }) => x)];
  const ys = [...boxes.flatMap(({ y, height }) => [y - 16, y + height]), ...bends.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs) - 8, Math.min(...ys) - 8];
  return { x, y, width: Math.max(...xs) + 8 - x, height: Math.max(...ys) + 8 - y };
}

/** The steps as a call comes to them: each before those that it leads to, where that can be. */
function inOrder(plan: Plan): PlanStep[] {
  const names = new Set([plan.start]);
  for (const name of names) {
    for (const way of plan.ways) {
      if (way.from === name && way.to !== null) {
        names.add(way.to);
      }
    }
  }
  const reached = [...names].flatMap((name) => plan.steps.find((step) => step.name === name) ?? []);
  return [...reached, ...plan.steps.filter((step) => !names.has(step.name))];
}

interface Merged {
  from: string;
  to: string;
  label: string;
  wrong: boolean;
}

/** One edge for all ways from one step to another. */
function merged(ways: PlanWay[]): Merged[] {
  const edges = new Map<string, PlanWay[]>();
  for (const way of ways) {
    const between = JSON.stringify([way.from, way.to]);
    edges.set(between, [...(edges.get(between) ?? []), way]);
  }
  return [...edges.values()].map((same) => {
    const [first] = same as [PlanWay];
    return {
      from: first.from,
      to: first.to ?? HANG_UP,
      label: same
        .map(reason)
        .filter((text) => text !== "")
        .join(", "),
      wrong: same.every((way) => way.when === "gave_up"),
    };
  });
}

/** What an edge says of a way. */
function reason(way: PlanWay): string {
  switch (way.when) {
    case "pressed":
      return way.keys ?? "";
    case "entered":
    case "then":
    case "gave_up":
    case "begins":
    case "returns":
      return "";
    case "busy":
      return "busy";
    case "no_answer":
      return "no answer";
    case "failed":
      return "failed";
    case "spoke":
      return "after";
    case "open":
    case "closed":
      return way.when;
    case "is":
    case "status":
      return way.word ?? "";
    case "otherwise":
      return "else";
    case "answered":
      return "ok";
  }
}

/** A way in words, for those who do not see the picture. */
export function spoken(way: PlanWay): string {
  const to = way.to ?? "hang up";
  switch (way.when) {
    case "pressed":
      return `${way.keys ?? ""} leads to ${to}`;
    case "entered":
      return `then ${to}`;
    case "then":
      return `then ${to}`;
    case "gave_up":
      return `after the last wrong try: ${to}`;
    case "spoke":
      return `after the conversation: ${to}`;
    case "busy":
    case "no_answer":
    case "failed":
    case "open":
    case "closed":
      return `${way.when.replace("_", " ")}: ${to}`;
    case "is":
      return `when it is ${way.word ?? ""}: ${to}`;
    case "status":
      return `status ${way.word ?? ""}: ${to}`;
    case "otherwise":
      return `otherwise: ${to}`;
    case "answered":
      return `answered: ${to}`;
    case "begins":
      return `begins with ${to}`;
    case "returns":
      return `returns to ${to}`;
  }
}

/** A laid-out node's corner and size; dagre gives its middle. */
function box(node: Box): Box {
  const { x, y, width, height } = node;
  return { x: x - width / 2, y: y - height / 2, width, height };
}
