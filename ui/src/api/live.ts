// Changes as they happen: what a page shows is asked for again when the server says that it changed.
import type { QueryClient } from "@tanstack/react-query";

/** Changes are gathered for so long, in milliseconds, before pages ask again: a sync brings thousands at once. */
const GATHER = 1_500;

/** Which answers a change makes old, by its type. */
const CONCERNED: Record<string, string[]> = {
  verdict: ["summary", "components", "history", "overview"],
  service: ["summary", "services", "components", "owners", "history", "overview"],
  source: ["sources", "summary"],
};

export type Connection = "open" | "lost";

/** Listens until the answer is called; says whether the server is heard. */
export function listen(client: QueryClient, say: (connection: Connection) => void): () => void {
  const events = new EventSource("/api/v1/events");
  const old = new Set<string>();
  let timer: number | undefined;

  function mark(keys: string[]): void {
    keys.forEach((key) => old.add(key));
    timer ??= window.setTimeout(() => {
      timer = undefined;
      for (const key of old) {
        void client.invalidateQueries({ queryKey: [key] });
      }
      old.clear();
    }, GATHER);
  }

  for (const [type, keys] of Object.entries(CONCERNED)) {
    events.addEventListener(type, () => mark(keys));
  }
  events.addEventListener("reset", () => mark(Object.values(CONCERNED).flat()));
  let heard = false;
  events.addEventListener("open", () => {
    // What happened while nobody listened is not known.
    if (heard) {
      mark(Object.values(CONCERNED).flat());
    }
    heard = true;
    say("open");
  });
  events.addEventListener("error", () => say("lost"));

  return () => {
    events.close();
    window.clearTimeout(timer);
  };
}
