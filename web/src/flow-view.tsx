// The flow: drawn, with the step that waits lit and the way taken marked; and told, for those who read it.

import { useEffect, useMemo, useRef } from "preact/hooks";

import type { Call } from "./call";
import { type Edge, HANG_UP, lay, type Node, spoken } from "./layout";
import type { Box } from "./lines";
import type { Plan, Waits } from "./told";

export function FlowView(props: { plan: Plan; call: Call }) {
  const { plan } = props;
  const call = props.call.flow === plan.id ? props.call : null;
  return (
    <section id="flow" class="card flow" aria-labelledby="flow-title">
      <div class="title">
        <h2 id="flow-title">
          The flow <code>{`${plan.id}@${plan.version.slice(0, 6)}`}</code>
        </h2>
        <p class="legend" aria-hidden="true">
          <span>
            <i class="now" /> here
          </span>
          <span>
            <i class="passed" /> the way taken
          </span>
          <span>
            <i class="wrong" /> after wrong tries
          </span>
        </p>
      </div>
      <Drawing plan={plan} call={call} />
      <Variables waits={call?.waits ?? null} />
      <details>
        <summary>The steps as a list</summary>
        <Steps plan={plan} call={call} />
      </details>
    </section>
  );
}

function Drawing(props: { plan: Plan; call: Call | null }) {
  const { plan, call } = props;
  const drawn = useMemo(() => lay(plan), [plan]);
  const { view } = drawn;
  const frame = useRef<HTMLDivElement>(null);
  const lit = call?.step ?? null;
  const node = drawn.nodes.find((one) => one.name === (lit ?? plan.start));
  useEffect(() => {
    if (node !== undefined) {
      reveal(frame.current, node, view);
    }
  }, [node]);
  const passed = passedEdges(call);
  // The edges passed come last: they lie over the others.
  const edges = drawn.edges.toSorted((a, b) => Number(passed.has(name(a))) - Number(passed.has(name(b))));
  return (
    <div
      class="drawing"
      ref={frame}
      tabIndex={0}
      role="region"
      aria-label="Drawing of the flow; the steps as a list follow below"
    >
      <svg
        width={view.width}
        height={view.height}
        viewBox={`${view.x} ${view.y} ${view.width} ${view.height}`}
        aria-hidden="true"
      >
        <Arrow id="arrow" />
        <Arrow id="arrow-passed" />
        {edges.map((edge) => (
          <Way key={name(edge)} edge={edge} passed={passed.has(name(edge))} />
        ))}
        {drawn.nodes.map((one) => (
          <Step key={one.name} node={one} lit={one.name === lit} passed={call?.way.includes(one.name) ?? false} />
        ))}
      </svg>
    </div>
  );
}

function Arrow(props: { id: string }) {
  return (
    <marker
      id={props.id}
      class={props.id}
      viewBox="0 0 8 8"
      refX="7"
      refY="4"
      markerWidth="8"
      markerHeight="8"
      markerUnits="userSpaceOnUse"
      orient="auto"
    >
      <path d="M0,0.5 L7.5,4 L0,7.5 z" />
    </marker>
  );
}

function Way(props: { edge: Edge; passed: boolean }) {
  const { edge, passed } = props;
  const kinds = ["way", edge.wrong ? "wrong" : "", passed ? "passed" : ""].join(" ");
  return (
    <g class={kinds}>
      <path d={edge.path} marker-end={passed ? "url(#arrow-passed)" : "url(#arrow)"} />
      {edge.label && (
        <text x={edge.label.x} y={edge.label.y + 4} text-anchor="middle">
          {edge.label.text}
        </text>
      )}
    </g>
  );
}

function Step(props: { node: Node; lit: boolean; passed: boolean }) {
  const { node, lit, passed } = props;
  const kinds = ["step", node.step?.kind ?? "hang-up", lit ? "lit" : "", passed ? "passed" : ""].join(" ");
  const middle = node.x + node.width / 2;
  return (
    <g class={kinds} data-step={node.name}>
      {lit && (
        <rect class="halo" x={node.x - 4} y={node.y - 4} width={node.width + 8} height={node.height + 8} rx="13" />
      )}
      <rect x={node.x} y={node.y} width={node.width} height={node.height} rx="9" />
      {node.step === null ? (
        <text class="kind" x={middle} y={node.y + node.height / 2 + 4} text-anchor="middle">
          hang up
        </text>
      ) : (
        <>
          <text class="kind" x={middle} y={node.y + 17} text-anchor="middle">
            {node.step.kind}
          </text>
          <text class="name" x={middle} y={node.y + 34} text-anchor="middle">
            {node.name}
          </text>
        </>
      )}
    </g>
  );
}

function Variables(props: { waits: Waits | null }) {
  const variables = props.waits?.variables ?? [];
  if (variables.length === 0) {
    return null;
  }
  return (
    <dl class="variables" aria-label="Variables">
      {variables.map(({ name, value, secret }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{secret ? <span aria-label="a secret">{value}</span> : value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Steps(props: { plan: Plan; call: Call | null }) {
  const { plan, call } = props;
  return (
    <ol class="steps">
      {plan.steps.map((step) => {
        const here = step.name === call?.step;
        const passed = call?.way.includes(step.name) ?? false;
        return (
          <li key={step.name} aria-current={here ? "step" : undefined}>
            <b>{step.name}</b> <small>{step.kind}</small>
            {here ? <em> here</em> : passed && <em> passed</em>}
            {step.says !== null && <p>{step.says}</p>}
            <ul>
              {plan.ways
                .filter((way) => way.from === step.name)
                .map((way, at) => (
                  <li key={at}>{spoken(way)}</li>
                ))}
            </ul>
          </li>
        );
      })}
    </ol>
  );
}

function name(edge: { from: string; to: string }): string {
  return JSON.stringify([edge.from, edge.to]);
}

/** The edges that the call has gone along. */
function passedEdges(call: Call | null): Set<string> {
  const way = call?.way ?? [];
  const pairs = way.slice(1).map((to, at) => name({ from: way[at] ?? HANG_UP, to }));
  const last = way.at(-1);
  if (call?.phase === "over" && last !== undefined) {
    pairs.push(name({ from: last, to: HANG_UP }));
  }
  return new Set(pairs);
}

/** Scrolls `frame`, which shows `view`, so that `node` is in its middle. */
function reveal(frame: HTMLDivElement | null, node: Node, view: Box): void {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  frame?.scrollTo({
    left: node.x - view.x + node.width / 2 - frame.clientWidth / 2,
    top: node.y - view.y + node.height / 2 - frame.clientHeight / 2,
    behavior: still ? "auto" : "smooth",
  });
}
