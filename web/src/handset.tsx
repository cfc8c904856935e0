// The handset: what is heard, what is to be done, the keys.

import { useEffect, useRef } from "preact/hooks";

import type { Call, Line } from "./call";
import { Countdown } from "./countdown";
import { LETTERS } from "./keyboard";
import { Letter } from "./letter";
import type { Change, Settings } from "./settings";
import { canSay, languageOf } from "./speech";
import type { Plan } from "./told";
import { Transfer } from "./transfer";
import type { Phone } from "./use-call";

const KEYS: [key: string, letters: string, name?: string][] = [
  ["1", ""],
  ["2", "ABC"],
  ["3", "DEF"],
  ["4", "GHI"],
  ["5", "JKL"],
  ["6", "MNO"],
  ["7", "PQRS"],
  ["8", "TUV"],
  ["9", "WXYZ"],
  ["*", "", "star"],
  ["0", ""],
  ["#", "", "hash"],
];

export function Handset(props: { phone: Phone; plan: Plan | undefined; settings: Settings; change: Change }) {
  const { phone, plan, settings, change } = props;
  const { call, live } = phone;
  return (
    <section id="handset" class="card handset" aria-labelledby="handset-title">
      <div class="whom">
        <h2 id="handset-title">{plan?.name ?? plan?.id ?? "No flow takes calls"}</h2>
        <p>{plan?.number}</p>
      </div>
      <div class="screen">
        <Status call={call} />
        <Transcript lines={call.lines} aloud={settings.readAloud && canSay(voiceOf(plan))} />
        <p class="entry">
          {call.entry !== "" && <span class="unseen">Keys pressed: </span>}
          <span>{call.entry}</span>
        </p>
      </div>
      <p class="trouble" role="alert">
        {phone.trouble}
      </p>
      <Transfer phone={phone} />
      <div class="keys" role="group" aria-label="Keys">
        {KEYS.map(([key, letters, name]) => (
          <button
            aria-keyshortcuts={LETTERS.skip.toUpperCase()}
            key={key}
            type="button"
            class="key"
            disabled={!live}
            aria-label={name}
            onClick={() => phone.press(key)}
          >
            {key} <small>{letters}</small>
          </button>
        ))}
      </div>
      <div class="acts">
        <button type="button" disabled={call.saying.length === 0} onClick={phone.skip}>
          Skip <Letter of={LETTERS.skip} />
        </button>
        {live ? (
          <button
            aria-keyshortcuts={LETTERS.hangUp.toUpperCase()}
            type="button"
            class="down"
            onClick={() => phone.hangUp()}
          >
            Hang up <Letter of={LETTERS.hangUp} />
          </button>
        ) : (
          <button
            aria-keyshortcuts={LETTERS.call.toUpperCase()}
            type="button"
            class="up"
            disabled={plan === undefined}
            onClick={phone.dial}
          >
            {call.phase === "over" ? "Call again" : "Call"} <Letter of={LETTERS.call} />
          </button>
        )}
        <button
          aria-keyshortcuts={LETTERS.mute.toUpperCase()}
          type="button"
          aria-pressed={!settings.readAloud}
          onClick={() => change({ readAloud: !settings.readAloud })}
        >
          Mute <Letter of={LETTERS.mute} />
        </button>
      </div>
      {call.session !== null && (
        <a class="save" href={`/phone/calls/${call.session}/test`} download={`${call.flow}.test.toml`}>
          Save this call as a test
        </a>
      )}
    </section>
  );
}

function Status(props: { call: Call }) {
  const { call } = props;
  return (
    <div class={`status ${call.phase}`}>
      <p role="status">{status(call)}</p>
      {call.silence && <Countdown until={call.silence.until} ms={call.silence.ms} />}
    </div>
  );
}

function status(call: Call): string {
  switch (call.phase) {
    case "idle":
      return "Ready to call";
    case "ringing":
      return "It rings";
    case "thinking":
      return "The flow decides";
    case "speaking":
      return call.listens ? "The menu speaks, and listens" : "The menu speaks";
    case "listening":
      return "Your turn: press a key";
    case "dialling":
      return `Transfer: ${call.transfer?.number ?? ""} rings`;
    case "bridged":
      return `Connected with ${call.transfer?.number ?? ""}`;
    case "over":
      return "The call is over";
  }
}

function Transcript(props: { lines: Line[]; aloud: boolean }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const log = end.current;
    if (log !== null) {
      log.scrollTop = log.scrollHeight;
    }
  }, [props.lines.length]);
  // Where the prompts are read aloud by the page, a screen reader need not say them as well.
  return (
    <div
      class="lines"
      ref={end}
      role="log"
      aria-label="The call so far"
      aria-live={props.aloud ? "off" : "polite"}
      tabIndex={0}
    >
      {props.lines.length === 0 && <p class="hint">What you hear will stand here.</p>}
      {props.lines.map((line, at) => (
        <p key={at} class={line.who} lang={line.voice === "" ? undefined : languageOf(line.voice)}>
          {line.who === "caller" && <span class="unseen">You pressed </span>}
          {line.text}
        </p>
      ))}
    </div>
  );
}

function voiceOf(plan: Plan | undefined): string {
  return plan?.languages[0]?.voice ?? "";
}
