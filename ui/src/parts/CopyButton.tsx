import { useEffect, useState } from "react";

/** How long a button says that it has copied, in milliseconds. */
const SAID = 2_000;

export function CopyButton({ text, label = "Copy" }: { text: string | (() => Promise<string>); label?: string }) {
  const [state, setState] = useState<"rest" | "copied" | "failed">("rest");

  useEffect(() => {
    if (state === "rest") {
      return;
    }
    const timer = window.setTimeout(() => setState("rest"), SAID);
    return () => window.clearTimeout(timer);
  }, [state]);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : await text());
      setState("copied");
    } catch {
      setState("failed");
    }
  }

  return (
    <button type="button" className="button small" onClick={() => void copy()}>
      <span aria-live="polite">{state === "rest" ? label : state === "copied" ? "Copied" : "Could not copy"}</span>
    </button>
  );
}
