// What the server tells of flows and calls: the shapes of its JSON (src/phone/plan.rs and src/phone/told.rs).

export interface Plan {
  id: string;
  name: string | null;
  version: string;
  /** The number that is called; null when the flow takes no calls. */
  number: string | null;
  start: string;
  /** The language that a call begins in comes first. */
  languages: { code: string; voice: string }[];
  steps: PlanStep[];
  ways: PlanWay[];
}

export interface PlanStep {
  name: string;
  kind: "menu" | "ask" | "message" | "connect" | "decide" | "lookup" | "use" | "return" | "end";
  says: string | null;
  secret: boolean;
}

export interface PlanWay {
  from: string;
  /** null hangs up. */
  to: string | null;
  when:
    | "pressed"
    | "entered"
    | "gave_up"
    | "then"
    | "busy"
    | "no_answer"
    | "failed"
    | "spoke"
    | "open"
    | "closed"
    | "is"
    | "otherwise"
    | "answered"
    | "status"
    | "begins"
    | "returns";
  /** The word or the status, where one makes a call take this way. */
  word: string | null;
  keys: string | null;
  language: string | null;
}

/** Where a call waits. */
export interface Waits {
  step: string;
  attempt: number;
  language: string;
  secret: boolean;
  variables: { name: string; value: string; secret: boolean }[];
}

export type Told = { ms: number } & (
  | { type: "began"; session: string; flow: string; from: string; to: string; at: string }
  | { type: "rings"; leg: number; destination: string }
  | { type: "connected"; leg: number }
  | { type: "says"; nth: number; text: string; voice: string; lasts_ms: number; listens: boolean }
  | { type: "plays"; nth: number; url: string; lasts_ms: number }
  | { type: "waits"; for_ms: number }
  | { type: "key"; key: string }
  | { type: "asks" }
  | { type: "gone"; leg: number; how: string }
  | { type: "over"; how: string }
  | { type: "sent"; number: number; kind: string; body: unknown }
  | { type: "answered"; number: number; status: number | null; body: unknown }
  | { type: "kept"; outcome: string; path: string[]; waits: Waits | null }
  | { type: "closed" }
);

/** A booking of the masking view (src/phone/masking.rs). */
export interface Booking {
  id: string;
  state: string;
  a: BookingSide;
  b: BookingSide;
}

export interface BookingSide {
  phone: string;
  virtual_number: string | null;
}

export type Fate = "answers" | "busy" | "no_answer" | "fails";

export type Command =
  | { do: "press"; keys: string }
  | { do: "heard"; nth: number }
  | { do: "hang_up"; leg: number }
  | { do: "meet"; fate: Fate }
  | { do: "deliver"; twice: boolean; late: boolean }
  | { do: "again"; number: number };
