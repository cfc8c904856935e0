// Where the steps of a flow lie: layers from left to right, as a call goes through them.

import { Graph, layout } from "@dagrejs/dagre";

import type { Plan, PlanStep, PlanWay } from "./told";

export interface Layout {
  width: number;
  height: number;
  nodes: Node[];
  edges: Edge[];
}

export interface Node {
  /** A step's name; empty for hanging up. */
  name: string;
  step: PlanStep | null;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Edge {
  from: string;
  to: string;
  /** An SVG path. */
  path: string;
  /** Where an arrow points to, and from where. */
  label: { text: string; x: number; y: number } | null;
  /** Whether only wrong tries lead this way. */
  wrong: boolean;
}

/** The end that has no name. */
export const HANG_UP = "";

const HEIGHT = 46;
const LETTER = 7.4;

export function lay(plan: Plan): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 16, ranksep: 44, edgesep: 12, marginx: 8, marginy: 8 });
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
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    nodes: graph.nodes().map((name) => ({
      name,
      step: plan.steps.find((step) => step.name === name) ?? null,
      ...box(graph.node(name)),
    })),
    edges: edges.map(({ from, to, label, wrong }) => {
      const laid = graph.edge(from, to);
      const place = label === "" ? null : { text: label, x: laid.x ?? 0, y: laid.y ?? 0 };
      const [leaves, reaches] = [box(graph.node(from)), box(graph.node(to))];
      const path = from === to ? loop(leaves) : line(leaves, reaches, laid.points ?? []);
      return { from, to, wrong, label: place, path };
    }),
  };
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
      label: same.map(reason).filter((text) => text !== "").join(", "),
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
      return "";
    case "busy":
      return "busy";
    case "no_answer":
      return "no answer";
    case "failed":
      return "failed";
    case "spoke":
      return "after";
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
      return `${way.when.replace("_", " ")}: ${to}`;
  }
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

function box(node: Box): Box {
  const { x, y, width, height } = node;
  return { x: x - width / 2, y: y - height / 2, width, height };
}

/** A line from the side of `from` that faces `to`, through `bends`, which leaves and arrives level. */
function line(from: Box, to: Box, bends: Point[]): string {
  const forward = to.x > from.x;
  const out = { x: forward ? from.x + from.width : from.x, y: from.y + from.height / 2 };
  const into = { x: forward ? to.x : to.x + to.width, y: to.y + to.height / 2 };
  const stops = [out, ...bends.slice(1, -1), into];
  return stops
    .map((point, index) => {
      const last = stops[index - 1];
      if (last === undefined) {
        return `M${at(point)}`;
      }
      const middle = (last.x + point.x) / 2;
      return `C${at({ x: middle, y: last.y })} ${at({ x: middle, y: point.y })} ${at(point)}`;
    })
    .join(" ");
}

/** A line back to where it comes from. */
function loop(of: Box): string {
  const [left, right, top] = [of.x + of.width * 0.3, of.x + of.width * 0.7, of.y];
  return `M${at({ x: left, y: top })} C${at({ x: left, y: top - 22 })} ${at({ x: right, y: top - 22 })} ${at({ x: right, y: top })}`;
}

interface Point {
  x: number;
  y: number;
}

function at(point: Point): string {
  return `${point.x.toFixed(1)},${point.y.toFixed(1)}`;
}
