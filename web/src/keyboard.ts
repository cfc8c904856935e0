// The keys of the keyboard as the phone's: digits, star, hash, and a letter for each button.

import { useEffect, useRef } from "preact/hooks";

import type { Change, Settings } from "./settings";
import type { Phone } from "./use-call";

/** The letter of each button, as its label shows it. */
export const LETTERS = {
  call: "c",
  hangUp: "h",
  skip: "s",
  mute: "m",
  answers: "a",
  busy: "b",
  noAnswer: "n",
  fails: "f",
} as const;

export function useKeyboard(phone: Phone, on: boolean, change: Change, settings: Settings): void {
  const act = useRef((_: string): boolean => false);
  act.current = (key) => pressed(key, phone, change, settings);
  useEffect(() => {
    if (!on) {
      return;
    }
    const listen = (event: KeyboardEvent): void => {
      const typing = event.target instanceof Element && event.target.closest("input, select, textarea");
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || typing) {
        return;
      }
      if (act.current(event.key)) {
        event.preventDefault();
      }
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [on]);
}

/** Does what `key` stands for; tells whether it stands for anything now. */
function pressed(key: string, phone: Phone, change: Change, settings: Settings): boolean {
  const { live, call } = phone;
  if (/^[0-9*#]$/.test(key)) {
    phone.press(key);
    return live;
  }
  const rings = call.phase === "dialling";
  switch (key.toLowerCase()) {
    case LETTERS.call:
      phone.dial();
      return !live;
    case LETTERS.hangUp:
      phone.hangUp();
      return live;
    case LETTERS.skip:
      phone.skip();
      return live;
    case LETTERS.mute:
      change({ readAloud: !settings.readAloud });
      return true;
    case LETTERS.answers:
      phone.meet("answers");
      return rings;
    case LETTERS.busy:
      phone.meet("busy");
      return rings;
    case LETTERS.noAnswer:
      phone.meet("no_answer");
      return rings;
    case LETTERS.fails:
      phone.meet("fails");
      return rings;
    default:
      return false;
  }
}
