// The letter beside a button's words: the key of the keyboard that does the same.

export function Letter(props: { of: string }) {
  return <kbd aria-hidden="true">{props.of.toUpperCase()}</kbd>;
}
