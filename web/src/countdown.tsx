// How long the flow still waits for a key.

import { useEffect, useState } from "preact/hooks";

const ROUND = 2 * Math.PI * 15;

export function Countdown(props: { until: number; ms: number }) {
  const left = useLeft(props.until);
  const part = Math.max(0, Math.min(1, left / props.ms));
  return (
    <span class="countdown" aria-hidden="true">
      <svg viewBox="0 0 36 36" width="36" height="36">
        <circle class="track" cx="18" cy="18" r="15" />
        <circle
          class="rest"
          cx="18"
          cy="18"
          r="15"
          stroke-dasharray={`${part * ROUND} ${ROUND}`}
          transform="rotate(-90 18 18)"
        />
      </svg>
      <b>{Math.ceil(left / 1000)}</b>
    </span>
  );
}

/** The milliseconds until then, four times a second. */
function useLeft(until: number): number {
  const left = (): number => Math.max(0, until - performance.now());
  const [shown, show] = useState(left);
  useEffect(() => {
    show(left());
    const timer = setInterval(() => show(left()), 250);
    return () => clearInterval(timer);
  }, [until]);
  return shown;
}
