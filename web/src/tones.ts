// The tones of a telephone, made here: the pair of each key (ITU-T Q.23), and ringing.

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477];
const KEYS = ["123", "456", "789", "*0#"];

/** Silence and ringing, in seconds; Singapore's. */
const RING = { hertz: 425, bursts: [0, 0.6], burst: 0.4, period: 3 };

let context: AudioContext | null = null;

/** The tone of `key`. */
export function keyTone(key: string): void {
  const row = KEYS.findIndex((keys) => keys.includes(key));
  const low = ROWS[row];
  const high = COLUMNS[KEYS[row]?.indexOf(key) ?? -1];
  if (low !== undefined && high !== undefined) {
    burst(low, 0, 0.12);
    burst(high, 0, 0.12);
  }
}

/** Rings until it is told to stop. */
export function ring(): () => void {
  const once = (): void => RING.bursts.forEach((at) => burst(RING.hertz, at, RING.burst));
  once();
  const timer = setInterval(once, RING.period * 1000);
  return () => clearInterval(timer);
}

/** The call is over. */
export function hangUpTone(): void {
  burst(425, 0, 0.2);
  burst(425, 0.4, 0.2);
}

function burst(hertz: number, after: number, seconds: number): void {
  context ??= new AudioContext();
  const begin = context.currentTime + after;
  const gain = context.createGain();
  gain.gain.setValueAtTime(0, begin);
  gain.gain.linearRampToValueAtTime(0.06, begin + 0.01);
  gain.gain.setValueAtTime(0.06, begin + seconds - 0.02);
  gain.gain.linearRampToValueAtTime(0, begin + seconds);
  const tone = context.createOscillator();
  tone.frequency.value = hertz;
  tone.connect(gain).connect(context.destination);
  tone.start(begin);
  tone.stop(begin + seconds);
}
