// JSON to read: indented, its parts told apart.

const PARTS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export function Json(props: { of: unknown; label: string }) {
  const text = typeof props.of === "string" ? props.of : JSON.stringify(props.of, null, 2);
  return (
    <pre tabIndex={0} role="region" aria-label={props.label}>
      {coloured(text)}
    </pre>
  );
}

function coloured(text: string) {
  const shown = [];
  let end = 0;
  for (const match of text.matchAll(PARTS)) {
    const [whole, string, colon] = match;
    shown.push(text.slice(end, match.index));
    const kind = string === undefined ? "plain" : colon === undefined ? "text" : "name";
    shown.push(<span class={kind}>{whole}</span>);
    end = match.index + whole.length;
  }
  shown.push(text.slice(end));
  return shown;
}
