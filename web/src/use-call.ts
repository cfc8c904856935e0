// The call on this page: takes what the server tells, and does what follows from it, aloud and by command.

import { useEffect, useReducer, useRef, useState } from "preact/hooks";

import { type Call, dialled, heard, idle, tell } from "./call";
import * as desk from "./desk";
import type { Settings } from "./settings";
import { say, wait } from "./speech";
import type { Command, Fate, Plan, Told } from "./told";
import { hangUpTone, keyTone, ring } from "./tones";

export interface Phone {
  call: Call;
  /** Whether a call is up. */
  live: boolean;
  /** Why the last wish was not fulfilled. */
  trouble: string;
  dial(): void;
  press(key: string): void;
  skip(): void;
  hangUp(leg?: number): void;
  meet(fate: Fate): void;
  again(number: number): void;
}

/** How long a transfer rings when its outcome was chosen beforehand, in milliseconds. */
const RINGS_MS = 2500;

type Change = { told: Told } | { heard: number } | { become: Call };

function change(call: Call, by: Change): Call {
  if ("become" in by) {
    return by.become;
  }
  return "told" in by ? tell(call, by.told, performance.now()) : heard(call, by.heard);
}

export function usePhone(settings: Settings, plan: Plan | undefined): Phone {
  const [call, update] = useReducer(change, idle);
  const [trouble, setTrouble] = useState("");
  const stop = useRef(() => {});
  const live = call.session !== null && call.phase !== "over";

  const follow = (session: string): void => {
    stop.current();
    const told = (event: Told): void => {
      setTrouble("");
      update({ told: event });
    };
    stop.current = desk.follow(session, told, (forGood) => {
      setTrouble(forGood ? "This call is no longer known." : "The server does not answer; it is asked again.");
      if (forGood) {
        history.replaceState(null, "", location.pathname);
        update({ become: idle });
      }
    });
    history.replaceState(null, "", `#${session}`);
  };
  const command = (what: Command): void => {
    if (call.session !== null && !call.closed) {
      desk.command(call.session, what).catch((error: Error) => setTrouble(error.message));
    }
  };

  // A page that is loaded again goes on with its call.
  useEffect(() => {
    if (location.hash.length > 1) {
      follow(location.hash.slice(1));
    }
    return () => stop.current();
  }, []);

  useSpeech(call, settings.readAloud, (nth, isLast) => {
    update({ heard: nth });
    if (isLast) {
      command({ do: "heard", nth });
    }
  });
  useTones(call, settings.tones);

  useEffect(() => {
    if (call.phase !== "dialling" || settings.outcome === "") {
      return;
    }
    const fate = settings.outcome;
    return wait(RINGS_MS, () => command({ do: "meet", fate }));
  }, [call.phase, settings.outcome]);

  // The chosen language is chosen as a caller does it: by its key, at the first prompt that takes one.
  const key = live && call.listens ? keyOf(call, plan, settings.language) : undefined;
  useEffect(() => {
    if (key !== undefined) {
      command({ do: "press", keys: key });
    }
  }, [key, call.waits?.step]);

  const { twice, late } = settings;
  useEffect(() => {
    if (live) {
      command({ do: "deliver", twice, late });
    }
  }, [twice, late]);

  return {
    call,
    live,
    trouble,
    dial() {
      if (plan === undefined || live) {
        return;
      }
      setTrouble("");
      update({ become: dialled });
      const at = settings.at === "" ? null : new Date(settings.at).toISOString();
      desk.dial({ flow: plan.id, from: settings.from, at, twice, late }).then(follow, (error: Error) => {
        setTrouble(error.message);
        update({ become: idle });
      });
    },
    press(key) {
      if (!live) {
        return;
      }
      if (settings.tones) {
        keyTone(key);
      }
      command({ do: "press", keys: key });
    },
    skip() {
      const last = call.saying.at(-1);
      if (last !== undefined) {
        update({ heard: last.nth });
        command({ do: "heard", nth: last.nth });
      }
    },
    hangUp: (leg = 0) => command({ do: "hang_up", leg }),
    meet: (fate) => command({ do: "meet", fate }),
    again: (number) => command({ do: "again", number }),
  };
}

/** Says what is to be said, one after another, and tells when each was said. */
function useSpeech(call: Call, aloud: boolean, done: (nth: number, isLast: boolean) => void): void {
  const first = call.saying[0];
  const isLast = call.saying.length === 1;
  const told = useRef(done);
  told.current = done;
  useEffect(() => {
    if (first === undefined) {
      return;
    }
    const said = (): void => told.current(first.nth, isLast);
    return aloud ? say(first.text, first.voice, first.ms, said) : wait(first.ms, said);
  }, [call.session, first?.nth, isLast, aloud]);
}

function useTones(call: Call, wanted: boolean): void {
  const rings = call.phase === "dialling" || call.phase === "ringing";
  useEffect(() => (wanted && rings ? ring() : undefined), [rings, wanted]);
  useEffect(() => {
    if (wanted && call.phase === "over") {
      hangUpTone();
    }
  }, [call.phase, call.session]);
}

function keyOf(call: Call, plan: Plan | undefined, language: string): string | undefined {
  const { waits } = call;
  if (language === "" || waits === null || waits.language === language) {
    return undefined;
  }
  const leads = plan?.ways.find((way) => way.from === waits.step && way.language === language);
  return leads?.keys ?? undefined;
}
