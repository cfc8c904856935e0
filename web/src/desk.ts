// The server's side of the phone: what it knows is fetched, what happens comes as events, what the caller does is posted.

import type { Booking, Command, Plan, Told } from "./told";

export async function plans(): Promise<Plan[]> {
  return (await asked("flows")).json();
}

/** Makes a call and gives its session. */
export async function dial(call: {
  flow: string;
  from: string;
  at: string | null;
  twice: boolean;
  late: boolean;
}): Promise<string> {
  const answer = await asked("calls", call);
  const { session } = (await answer.json()) as { session: string };
  return session;
}

/** Makes a booking between the two people of the masking view. */
export async function book(): Promise<Booking> {
  return (await asked("masking/book", {})).json();
}

export async function closeBooking(id: string, reason: string): Promise<Booking> {
  return (await asked("masking/close", { id, reason })).json();
}

/** Makes a call to a booking's number and gives its session. */
export async function dialMasked(from: string, to: string): Promise<string> {
  const answer = await asked("masking/calls", { from, to });
  const { session } = (await answer.json()) as { session: string };
  return session;
}

/** The command under way. */
let before: Promise<void> = Promise.resolve();

/** Sends a command behind those before it: keys come in the order that they were pressed. */
export function command(session: string, what: Command): Promise<void> {
  const sent = before.then(async () => void (await asked(`calls/${session}`, what)));
  before = sent.catch(() => {});
  return sent;
}

/** Follows a call from its beginning, and tells when the server is away, perhaps for good; gives what stops that. */
export function follow(session: string, told: (event: Told) => void, away: (forGood: boolean) => void): () => void {
  const source = new EventSource(`/phone/calls/${session}/events`);
  source.onmessage = (message) => {
    const event = JSON.parse(message.data as string) as Told;
    if (event.type === "closed") {
      source.close();
    }
    told(event);
  };
  source.onerror = () => away(source.readyState === EventSource.CLOSED);
  return () => source.close();
}

async function asked(path: string, body?: unknown): Promise<Response> {
  const init =
    body === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`/phone/${path}`, init);
  if (!answer.ok) {
    const problem = (await answer.json()) as { title: string; detail: string };
    throw new Error(`${problem.title}: ${problem.detail}`);
  }
  return answer;
}
