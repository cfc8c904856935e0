// The page: the phone, the flow that it calls, and the webhooks that go to and fro.

import { useEffect, useState } from "preact/hooks";

import { plans } from "./desk";
import { FlowView } from "./flow-view";
import { Handset } from "./handset";
import { Choices } from "./choices";
import { useKeyboard } from "./keyboard";
import { useSettings } from "./settings";
import type { Plan } from "./told";
import { usePhone } from "./use-call";
import { Webhooks } from "./webhooks";

export function Page() {
  const [flows, setFlows] = useState<Plan[]>([]);
  const [settings, change] = useSettings();
  useEffect(() => {
    plans().then(setFlows, () => setFlows([]));
  }, []);
  const callable = flows.filter((flow) => flow.number !== null);
  const chosen = callable.find((flow) => flow.id === settings.flow) ?? callable[0];
  const phone = usePhone(settings, chosen);
  const { call } = phone;
  const shown = flows.find((flow) => flow.id === call.flow && phone.live) ?? chosen;
  useKeyboard(phone, settings.shortcuts, change, settings);

  return (
    <>
      <header class="top">
        <h1>
          <img src="/phone/icon.svg" alt="" width="28" height="28" /> Callwright <span>phone</span>
        </h1>
        <nav aria-label="Parts of the page">
          <a href="#handset">Phone</a>
          <a href="#flow">Flow</a>
          <a href="#webhooks">Webhooks</a>
          <a href="/phone/masking">Two phones</a>
        </nav>
      </header>
      <main>
        <div class="desk">
          <Handset phone={phone} plan={shown} settings={settings} change={change} />
          <Choices flows={callable} plan={chosen} live={phone.live} settings={settings} change={change} />
        </div>
        <div class="record">
          {shown && <FlowView plan={shown} call={call} />}
          <Webhooks webhooks={call.webhooks} open={phone.live} again={phone.again} />
        </div>
      </main>
    </>
  );
}
