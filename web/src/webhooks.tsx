// The webhooks in and out: what the platform would have sent, and what the server answered.

import { Json } from "./json";
import { words, type Webhook } from "./call";

export function Webhooks(props: { webhooks: Webhook[]; open: boolean; again: (number: number) => void }) {
  const { webhooks, open, again } = props;
  return (
    <section id="webhooks" class="card webhooks" aria-labelledby="webhooks-title">
      <div class="title">
        <h2 id="webhooks-title">Webhooks</h2>
        <p>{webhooks.length === 0 ? "none yet" : `${webhooks.length}, the newest first`}</p>
      </div>
      <ol reversed>
        {webhooks.toReversed().map((webhook) => (
          <Item key={webhook.number} webhook={webhook} open={open} again={again} />
        ))}
      </ol>
    </section>
  );
}

function Item(props: { webhook: Webhook; open: boolean; again: (number: number) => void }) {
  const { webhook, open, again } = props;
  const { number, kind, body, answers } = webhook;
  const first = answers[0];
  return (
    <li class={kind === "VCA" ? "action" : ""}>
      <details>
        <summary>
          <span class="kind">{kind}</span>
          <span class="about">
            {about(webhook)} <small>{outcome(webhook)}</small>
          </span>
          <span class="when">
            {seconds(webhook.ms)}
            <small>{first === undefined ? "…" : `${first.status ?? "no answer"} in ${first.ms - webhook.ms} ms`}</small>
          </span>
        </summary>
        <div class="bodies">
          <figure>
            <figcaption>In: what the platform sends</figcaption>
            <Json of={body} label={`Webhook ${number + 1}, in`} />
          </figure>
          <figure>
            <figcaption>Out: what the server answers</figcaption>
            {first === undefined ? (
              <p>not answered yet</p>
            ) : (
              <Json of={first.body} label={`Webhook ${number + 1}, out`} />
            )}
          </figure>
        </div>
        <button type="button" disabled={!open} onClick={() => again(number)}>
          Send this webhook again
        </button>
      </details>
    </li>
  );
}

interface Payload {
  callStatus?: string;
  sessionStatus?: string;
  status?: string;
  eventData?: { dtmf?: string | null };
}

/** What a webhook says has happened. */
function about(webhook: Webhook): string {
  const { payload = {} } = webhook.body as { payload?: Payload };
  const happened = words(payload.callStatus ?? payload.sessionStatus ?? payload.status ?? webhook.kind);
  const keys = payload.eventData?.dtmf;
  return keys === undefined || keys === null ? happened : `${happened}: ${keys}`;
}

/** What came of it: the actions of the answer, and whether a repeated one was answered alike. */
function outcome(webhook: Webhook): string {
  const [first, ...others] = webhook.answers;
  const { callflow = [] } = (first?.body ?? {}) as { callflow?: { action: string }[] };
  const actions = callflow.map(({ action }) => action).join(", ");
  if (webhook.deliveries === 1) {
    return actions;
  }
  const same = others.every(({ body }) => JSON.stringify(body) === JSON.stringify(first?.body));
  const times = `sent ${webhook.deliveries} times, ${same ? "answered alike" : "ANSWERED DIFFERENTLY"}`;
  return actions === "" ? times : `${actions} · ${times}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
