// A call as the page knows it: a pure function of what was told. The views show it, the effects act on it.

import type { Told, Waits } from "./told";

export interface Call {
  /** null before the first word of the server. */
  session: string | null;
  flow: string;
  from: string;
  to: string;
  at: string;
  phase: Phase;
  /** What is being said, the first now, the others after it. */
  saying: Utterance[];
  /** Whether keys are taken while it is said. */
  listens: boolean;
  /** Until when keys are waited for, on the clock that `tell` was given, and for how long from the start. */
  silence: { until: number; ms: number } | null;
  /** The keys of the entry in progress. */
  entry: string;
  /** What was said on the call, and what was done to it. */
  lines: Line[];
  /** Where the call waits; null once it waits no more. */
  waits: Waits | null;
  /** The step that is lit. */
  step: string | null;
  /** The steps passed, in order. */
  way: string[];
  /** Who was called by a transfer, the last one. */
  transfer: { leg: number; number: string } | null;
  webhooks: Webhook[];
  /** How it ended. */
  ending: string | null;
  closed: boolean;
}

export type Phase = "idle" | "ringing" | "thinking" | "speaking" | "listening" | "dialling" | "bridged" | "over";

export interface Utterance {
  nth: number;
  text: string;
  voice: string;
  ms: number;
}

export interface Line {
  who: "menu" | "caller" | "line";
  text: string;
  voice: string;
}

export interface Webhook {
  number: number;
  kind: string;
  ms: number;
  body: unknown;
  /** One for each time it was sent. */
  deliveries: number;
  answers: { status: number | null; body: unknown; ms: number }[];
}

export const idle: Call = {
  session: null,
  flow: "",
  from: "",
  to: "",
  at: "",
  phase: "idle",
  saying: [],
  listens: false,
  silence: null,
  entry: "",
  lines: [],
  waits: null,
  step: null,
  way: [],
  transfer: null,
  webhooks: [],
  ending: null,
  closed: false,
};

/** A call that the server has yet to hear of. */
export const dialled: Call = { ...idle, phase: "ringing" };

/** The call after `told`, at `now` on the page's clock. */
export function tell(call: Call, told: Told, now: number): Call {
  switch (told.type) {
    case "began": {
      const { session, flow, from, to, at } = told;
      return { ...idle, session, flow, from, to, at, phase: "ringing" };
    }
    case "rings":
      return {
        ...quiet(call),
        phase: "dialling",
        transfer: { leg: told.leg, number: told.destination },
        lines: said(call, "line", `Calling ${told.destination}`),
      };
    case "connected":
      return told.leg === 0 ? call : { ...call, phase: "bridged", lines: said(call, "line", "They answered") };
    case "says":
      return {
        ...call,
        phase: "speaking",
        silence: null,
        entry: "",
        listens: told.listens,
        saying: [...call.saying, utterance(told.nth, told.text, told.voice, told.lasts_ms)],
        lines: said(call, "menu", told.text, told.voice),
      };
    case "plays":
      return {
        ...call,
        phase: "speaking",
        silence: null,
        listens: false,
        saying: [...call.saying, utterance(told.nth, "", "", told.lasts_ms)],
        lines: said(call, "line", `Plays ${told.url}`),
      };
    case "waits":
      return {
        ...quiet(call),
        phase: "listening",
        entry: call.entry,
        silence: { until: now + told.for_ms, ms: told.for_ms },
      };
    case "key":
      return { ...quiet(call), entry: call.entry + told.key };
    case "asks":
      return {
        ...quiet(call),
        phase: call.phase === "ringing" ? "ringing" : "thinking",
        entry: "",
        lines: pressed(call),
      };
    case "gone":
      return told.leg === 0 ? call : { ...call, transfer: null, lines: said(call, "line", parted(told.how)) };
    case "over":
      return {
        ...quiet(call),
        phase: "over",
        waits: null,
        transfer: null,
        ending: told.how,
        lines: said(call, "line", `The call is over: ${words(told.how)}`),
      };
    case "sent":
      return { ...call, webhooks: sent(call.webhooks, told) };
    case "answered":
      return { ...call, webhooks: answered(call.webhooks, told) };
    case "kept":
      return kept(call, told.path, told.waits);
    case "closed":
      return { ...call, closed: true };
  }
}

/** The call after the page has said the `nth` thing to its end. */
export function heard(call: Call, nth: number): Call {
  return { ...call, saying: call.saying.filter((one) => one.nth > nth) };
}

function utterance(nth: number, text: string, voice: string, ms: number): Utterance {
  return { nth, text, voice, ms };
}

/** The same with nothing being said and no keys waited for. */
function quiet(call: Call): Call {
  return { ...call, saying: [], listens: false, silence: null };
}

function said(call: Call, who: Line["who"], text: string, voice = ""): Line[] {
  return [...call.lines, { who, text, voice }];
}

/** What the caller did at the prompt that is over. */
function pressed(call: Call): Line[] {
  if (call.entry !== "") {
    return said(call, "caller", call.entry);
  }
  return call.phase === "listening" ? said(call, "caller", "(silence)") : call.lines;
}

function kept(call: Call, path: string[], waits: Waits | null): Call {
  const step = waits?.step ?? path.at(-1) ?? call.step;
  return { ...call, waits, step, way: [...call.way, ...path] };
}

function sent(webhooks: Webhook[], told: Told & { type: "sent" }): Webhook[] {
  const { number, kind, body, ms } = told;
  const known = webhooks.find((one) => one.number === number);
  if (known === undefined) {
    return [...webhooks, { number, kind, ms, body, deliveries: 1, answers: [] }];
  }
  return webhooks.map((one) => (one === known ? { ...one, deliveries: one.deliveries + 1 } : one));
}

function answered(webhooks: Webhook[], told: Told & { type: "answered" }): Webhook[] {
  const { number, status, body, ms } = told;
  return webhooks.map((one) =>
    one.number === number ? { ...one, answers: [...one.answers, { status, body, ms }] } : one,
  );
}

function parted(how: string): string {
  return how === "COMPLETED" ? "They hung up" : `The transfer ended: ${words(how)}`;
}

/** The platform's word for people. */
export function words(how: string): string {
  return how.toLowerCase().replaceAll("_", " ");
}
