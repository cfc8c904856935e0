// The masking view: two phones and the booking between them. Each rings the other by the booking's number.

import { useEffect, useReducer, useRef, useState } from "preact/hooks";

import { type Call, dialled, heard, idle, tell } from "./call";
import * as desk from "./desk";
import { wait } from "./speech";
import type { Booking, Command, Told } from "./told";

type Side = "a" | "b";

const NAMES: Record<Side, string> = { a: "Rider", b: "Driver" };

/** A booking's states, in words. */
const STATES: Record<string, string> = {
  active: "Active: calls connect",
  grace: "Closed, in grace: calls still connect",
  cooling: "Over: calls are told so, and the number rests",
  free: "Over: the number is free",
};

type Change = { told: Told } | { heard: number } | { become: Call };

function change(call: Call, by: Change): Call {
  if ("become" in by) {
    return by.become;
  }
  return "told" in by ? tell(call, by.told, performance.now()) : heard(call, by.heard);
}

/** The one call of the desk, and who makes it. */
function useCall(tellTrouble: (trouble: string) => void) {
  const [call, update] = useReducer(change, idle);
  const [caller, setCaller] = useState<Side>("a");
  const stop = useRef(() => {});
  useEffect(() => () => stop.current(), []);
  const live = call.phase !== "idle" && call.phase !== "over";
  const command = (what: Command): void => {
    if (call.session !== null && !call.closed) {
      desk.command(call.session, what).catch((error: Error) => tellTrouble(error.message));
    }
  };
  // What is said is heard for as long as saying it takes.
  const first = call.saying[0];
  const isLast = call.saying.length === 1;
  useEffect(() => {
    if (first === undefined) {
      return;
    }
    return wait(first.ms, () => {
      update({ heard: first.nth });
      if (isLast) {
        command({ do: "heard", nth: first.nth });
      }
    });
  }, [call.session, first?.nth, isLast]);
  return {
    call,
    caller,
    live,
    dial(side: Side, from: string, to: string) {
      tellTrouble("");
      stop.current();
      setCaller(side);
      update({ become: dialled });
      desk.dialMasked(from, to).then(
        (session) => {
          stop.current = desk.follow(
            session,
            (told) => update({ told }),
            () => tellTrouble("The server does not answer."),
          );
        },
        (error: Error) => {
          tellTrouble(error.message);
          update({ become: idle });
        },
      );
    },
    answer: () => command({ do: "meet", fate: "answers" }),
    decline: () => command({ do: "meet", fate: "busy" }),
    hangUp: (leg: number) => command({ do: "hang_up", leg }),
  };
}

export function Masking() {
  const [booking, setBooking] = useState<Booking | null>(null);
  const [trouble, setTrouble] = useState("");
  const phone = useCall(setTrouble);
  const made = (asked: Promise<Booking>): void => {
    setTrouble("");
    asked.then(setBooking, (error: Error) => setTrouble(error.message));
  };
  useEffect(() => made(desk.book()), []);
  return (
    <>
      <header class="top">
        <h1>
          <img src="/phone/icon.svg" alt="" width="28" height="28" /> Callwright <span>two phones</span>
        </h1>
        <nav aria-label="Pages">
          <a href="/phone">One phone and its flow</a>
        </nav>
      </header>
      <main class="masking">
        <Person side="a" booking={booking} phone={phone} />
        <section class="card booking" aria-labelledby="booking-title">
          <h2 id="booking-title">The booking</h2>
          <p role="status">{booking === null ? "There is none yet" : (STATES[booking.state] ?? booking.state)}</p>
          {booking !== null && (
            <dl>
              <dt>{NAMES.a} calls</dt>
              <dd>{booking.a.virtual_number}</dd>
              <dt>{NAMES.b} calls</dt>
              <dd>{booking.b.virtual_number}</dd>
            </dl>
          )}
          <p class="trouble" role="alert">
            {trouble}
          </p>
          <div class="acts">
            {booking?.state === "active" && (
              <>
                <button type="button" onClick={() => made(desk.closeBooking(booking.id, "completed"))}>
                  The trip is over
                </button>
                <button type="button" onClick={() => made(desk.closeBooking(booking.id, "cancelled"))}>
                  It is cancelled
                </button>
              </>
            )}
            <button type="button" onClick={() => made(desk.book())}>
              Book anew
            </button>
          </div>
        </section>
        <Person side="b" booking={booking} phone={phone} />
      </main>
    </>
  );
}

function Person(props: { side: Side; booking: Booking | null; phone: ReturnType<typeof useCall> }) {
  const { side, booking, phone } = props;
  const { call, caller, live } = phone;
  const own = booking?.[side];
  const calls = caller === side;
  const rings = !calls && call.phase === "dialling";
  const talks = !calls && call.phase === "bridged";
  const title = `${side}-title`;
  return (
    <section class={`card person ${rings ? "rings" : ""}`} aria-labelledby={title}>
      <div class="whom">
        <h2 id={title}>{NAMES[side]}</h2>
        <p>{own?.phone}</p>
      </div>
      <div class="screen">
        <p role="status">{calls ? callerSees(call, own?.virtual_number) : calleeSees(call, rings, talks)}</p>
        {calls && call.lines.filter((line) => line.who === "menu").map((line, at) => <p key={at}>{line.text}</p>)}
      </div>
      <div class="acts">
        {rings && (
          <>
            <button type="button" class="up" onClick={phone.answer}>
              Answer
            </button>
            <button type="button" class="down" onClick={phone.decline}>
              Decline
            </button>
          </>
        )}
        {live && calls && (
          <button type="button" class="down" onClick={() => phone.hangUp(0)}>
            Hang up
          </button>
        )}
        {talks && call.transfer !== null && (
          <button type="button" class="down" onClick={() => phone.hangUp(call.transfer?.leg ?? 1)}>
            Hang up
          </button>
        )}
        {!live && (
          <button
            type="button"
            class="up"
            disabled={own?.virtual_number == null}
            onClick={() => own?.virtual_number != null && phone.dial(side, own.phone, own.virtual_number)}
          >
            Call the {NAMES[side === "a" ? "b" : "a"].toLowerCase()}
          </button>
        )}
      </div>
    </section>
  );
}

function callerSees(call: Call, number: string | null | undefined): string {
  switch (call.phase) {
    case "idle":
      return "Ready to call";
    case "dialling":
      return `Calls ${number ?? ""}: it rings`;
    case "bridged":
      return `Talks with ${number ?? ""}`;
    case "over":
      return "The call is over";
    default:
      return `Calls ${number ?? ""}`;
  }
}

function calleeSees(call: Call, rings: boolean, talks: boolean): string {
  const from = shown(call);
  if (rings) {
    return `${from} calls`;
  }
  if (talks) {
    return `Talks with ${from}`;
  }
  return call.phase === "over" && from !== "" ? `Last call: ${from}` : "Ready to call";
}

/** The number that the called phone shows: the source that the callflow was answered with. */
function shown(call: Call): string {
  for (const webhook of call.webhooks) {
    for (const answer of webhook.answers) {
      const body = answer.body as { callflow?: { action: string; params?: { source?: string } }[] } | null;
      const placed = body?.callflow?.find((action) => action.action === "makeCall");
      if (placed?.params?.source !== undefined) {
        return `+${placed.params.source.replace("+", "")}`;
      }
    }
  }
  return "";
}
