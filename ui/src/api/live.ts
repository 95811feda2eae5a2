// Changes as they happen: what a page shows is asked for again when the server says that it changed.
import type { QueryClient } from "@tanstack/react-query";

/** Changes are gathered for so long, in milliseconds, before pages ask again: a sync brings thousands at once. */
const GATHER = 1_500;
/**
 * A page that nobody has looked at for so long, in milliseconds, stops listening: a browser has six connections to a server,
 * and six forgotten tabs would leave none.
 */
const UNSEEN = 20_000;

/** Which answers a change makes old, by its type. */
const CONCERNED: Record<string, string[]> = {
  verdict: ["summary", "components", "history", "overview"],
  service: ["summary", "services", "components", "owners", "history", "overview"],
  source: ["sources", "summary", "integrations"],
};
const EVERYTHING = [...new Set(Object.values(CONCERNED).flat())];

export type Connection = "open" | "lost";

/** Listens until the answer is called; says whether the server is heard. */
export function listen(client: QueryClient, say: (connection: Connection) => void): () => void {
  const old = new Set<string>();
  let gathering: number | undefined;
  let leaving: number | undefined;
  let events: EventSource | undefined;
  // What happened while nobody listened is not known; what a page asked for when it came is new.
  let missed = false;

  function mark(keys: string[]): void {
    keys.forEach((key) => old.add(key));
    gathering ??= window.setTimeout(() => {
      gathering = undefined;
      for (const key of old) {
        void client.invalidateQueries({ queryKey: [key] });
      }
      old.clear();
    }, GATHER);
  }

  function open(): void {
    events = new EventSource("/api/v1/events");
    for (const [type, keys] of Object.entries(CONCERNED)) {
      events.addEventListener(type, () => mark(keys));
    }
    events.addEventListener("reset", () => mark(EVERYTHING));
    events.addEventListener("open", () => {
      if (missed) {
        mark(EVERYTHING);
      }
      missed = false;
      say("open");
    });
    events.addEventListener("error", () => {
      missed = true;
      say("lost");
    });
  }

  function leave(): void {
    events?.close();
    events = undefined;
    missed = true;
  }

  function seen(): void {
    window.clearTimeout(leaving);
    if (document.hidden) {
      leaving = window.setTimeout(leave, UNSEEN);
    } else if (!events) {
      open();
    }
  }

  open();
  document.addEventListener("visibilitychange", seen);
  return () => {
    document.removeEventListener("visibilitychange", seen);
    window.clearTimeout(leaving);
    window.clearTimeout(gathering);
    leave();
  };
}
