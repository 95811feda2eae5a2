import { useEffect, useState } from "react";

/** How long typing may pause before the list is asked for, in milliseconds. */
const PAUSE = 200;

type Props = { label: string; value: string | undefined; change: (value: string | undefined) => void };

export function FilterText({ label, value, change }: Props) {
  const [text, setText] = useState(value ?? "");

  useEffect(() => setText(value ?? ""), [value]);
  useEffect(() => {
    const wanted = text.trim() || undefined;
    if (wanted === value) {
      return;
    }
    const timer = window.setTimeout(() => change(wanted), PAUSE);
    return () => window.clearTimeout(timer);
  }, [text, value, change]);

  return (
    <input
      type="search"
      className="filter-text"
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  );
}
