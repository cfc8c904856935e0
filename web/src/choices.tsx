// What a call is like: whom it goes to, who calls and when, and what goes wrong on its way.

import type { Change, Settings } from "./settings";
import type { Fate, Plan } from "./told";
import { FATES } from "./transfer";

export function Choices(props: {
  flows: Plan[];
  plan: Plan | undefined;
  live: boolean;
  settings: Settings;
  change: Change;
}) {
  const { flows, plan, live, settings, change } = props;
  const languages = reachable(plan);
  return (
    <section class="card choices" aria-labelledby="choices-title">
      <h2 id="choices-title">The call</h2>
      <fieldset disabled={live}>
        <legend class="unseen">Before it begins</legend>
        <label>
          Flow
          <select value={plan?.id ?? ""} onChange={(event) => change({ flow: event.currentTarget.value })}>
            {flows.map((flow) => (
              <option key={flow.id} value={flow.id}>
                {flow.name ?? flow.id}
              </option>
            ))}
          </select>
        </label>
        <label>
          Caller
          <input
            type="tel"
            value={settings.from}
            autocomplete="off"
            onChange={(event) => change({ from: event.currentTarget.value })}
          />
        </label>
        <label>
          Time
          <input
            type="datetime-local"
            aria-describedby="now"
            value={settings.at}
            onChange={(event) => change({ at: event.currentTarget.value })}
          />
        </label>
        <small id="now">Without a time the call begins now.</small>
      </fieldset>
      <fieldset>
        <legend class="unseen">While it lasts</legend>
        <label>
          Language
          <select
            value={languages.includes(settings.language) ? settings.language : ""}
            disabled={languages.length === 0}
            onChange={(event) => change({ language: event.currentTarget.value })}
          >
            <option value="">
              {languages.length === 0 ? `${plan?.languages[0]?.code ?? ""} only` : "I choose by key"}
            </option>
            {languages.map((code) => (
              <option key={code} value={code}>
                {code}: its key is pressed for me
              </option>
            ))}
          </select>
        </label>
        <label>
          A transfer
          <select
            value={settings.outcome}
            onChange={(event) => change({ outcome: event.currentTarget.value as Fate | "" })}
          >
            <option value="">Ask me when it rings</option>
            {FATES.map(([fate, name]) => (
              <option key={fate} value={fate}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <div class="toggles" role="group" aria-label="The webhooks that follow">
          <span>Webhooks</span>
          <Toggle name="Twice" on={settings.twice} set={(twice) => change({ twice })} />
          <Toggle name="Late" on={settings.late} set={(late) => change({ late })} />
        </div>
        <div class="toggles" role="group" aria-label="This page">
          <span>This page</span>
          <Toggle name="Tones" on={settings.tones} set={(tones) => change({ tones })} />
          <Toggle name="Shortcuts" on={settings.shortcuts} set={(shortcuts) => change({ shortcuts })} />
        </div>
      </fieldset>
    </section>
  );
}

function Toggle(props: { name: string; on: boolean; set: (on: boolean) => void }) {
  return (
    <button type="button" class="toggle" aria-pressed={props.on} onClick={() => props.set(!props.on)}>
      {props.name}
    </button>
  );
}

/** The languages that a key of the flow leads to. */
function reachable(plan: Plan | undefined): string[] {
  const codes = plan?.ways.flatMap((way) => (way.language === null ? [] : [way.language])) ?? [];
  return [...new Set(codes)];
}
