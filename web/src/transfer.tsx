// The other end of a transfer: what becomes of it is for the person at this phone to say.

import { LETTERS } from "./keyboard";
import { Letter } from "./letter";
import type { Fate } from "./told";
import type { Phone } from "./use-call";

export const FATES: [fate: Fate, name: string, letter: string][] = [
  ["answers", "They answer", LETTERS.answers],
  ["busy", "Busy", LETTERS.busy],
  ["no_answer", "No answer", LETTERS.noAnswer],
  ["fails", "It fails", LETTERS.fails],
];

export function Transfer(props: { phone: Phone }) {
  const { phone } = props;
  const { phase, transfer } = phone.call;
  if (transfer === null) {
    return null;
  }
  return (
    <div class="transfer" role="group" aria-label={`Transfer to ${transfer.number}`}>
      {phase === "dialling" &&
        FATES.map(([fate, name, letter]) => (
          <button aria-keyshortcuts={letter.toUpperCase()} key={fate} type="button" onClick={() => phone.meet(fate)}>
            {name} <Letter of={letter} />
          </button>
        ))}
      {phase === "bridged" && (
        <button type="button" onClick={() => phone.hangUp(transfer.leg)}>
          They hang up
        </button>
      )}
    </div>
  );
}
