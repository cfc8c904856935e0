// What the person at the phone has chosen, kept by the browser for the next time.

import { useEffect, useState } from "preact/hooks";

import type { Fate } from "./told";

export interface Settings {
  flow: string;
  /** Who calls: a made-up number. */
  from: string;
  /** When the call begins, as an input of date and time has it; empty is now. */
  at: string;
  /** The language whose key is pressed by itself; empty leaves that to the person. */
  language: string;
  /** What becomes of a transfer; empty asks. */
  outcome: Fate | "";
  twice: boolean;
  late: boolean;
  readAloud: boolean;
  tones: boolean;
  /** Whether the keys of the keyboard are the phone's wherever the focus is. */
  shortcuts: boolean;
}

const usual: Settings = {
  flow: "",
  from: "+6591234567",
  at: "",
  language: "",
  outcome: "",
  twice: false,
  late: false,
  readAloud: true,
  tones: true,
  shortcuts: true,
};

const KEPT_AS = "callwright.phone";

export type Change = (change: Partial<Settings>) => void;

export function useSettings(): [Settings, Change] {
  const [settings, set] = useState(recalled);
  useEffect(() => {
    localStorage.setItem(KEPT_AS, JSON.stringify(settings));
  }, [settings]);
  return [settings, (change) => set((before) => ({ ...before, ...change }))];
}

/** The settings of the last time; a call's own wishes, time and mischief, are not carried on. */
function recalled(): Settings {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}") as Partial<Settings>;
    return { ...usual, ...kept, at: "", twice: false, late: false };
  } catch {
    return usual;
  }
}
