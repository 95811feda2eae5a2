import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { listen } from "./live";

/** What a browser has, as far as listening takes it. */
class Events extends EventTarget {
  static all: Events[] = [];
  closed = false;

  constructor(readonly url: string) {
    super();
    Events.all.push(this);
  }

  close(): void {
    this.closed = true;
  }
}

function aPage() {
  return Object.assign(new EventTarget(), { hidden: false });
}

let page = aPage();

beforeEach(() => {
  vi.useFakeTimers();
  Events.all = [];
  page = aPage();
  vi.stubGlobal("EventSource", Events);
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", globalThis);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function listening() {
  const client = new QueryClient();
  const asked = vi.spyOn(client, "invalidateQueries").mockResolvedValue();
  const said: string[] = [];
  const stop = listen(client, (connection) => said.push(connection));
  const keys = () => asked.mock.calls.map(([filter]) => String(filter?.queryKey?.[0])).sort();
  return { said, stop, keys, stream: () => Events.all.at(-1)! };
}

test("many changes make a page ask once", () => {
  const { keys, stream } = listening();
  stream().dispatchEvent(new Event("open"));
  for (let change = 0; change < 1000; change++) {
    stream().dispatchEvent(new Event("source"));
  }
  expect(keys()).toEqual([]);
  vi.runAllTimers();
  expect(keys()).toEqual(["integrations", "sources", "summary"]);
});

test("a connection that was lost is said, and what it missed is asked for", () => {
  const { keys, said, stream } = listening();
  stream().dispatchEvent(new Event("open"));
  stream().dispatchEvent(new Event("error"));
  stream().dispatchEvent(new Event("open"));
  vi.runAllTimers();
  expect(said).toEqual(["open", "lost", "open"]);
  expect(keys()).toEqual([
    "components",
    "history",
    "integrations",
    "overview",
    "owners",
    "services",
    "sources",
    "summary",
  ]);
});

test("a page that nobody looks at gives its connection back", () => {
  const { keys, stop } = listening();
  const [first] = Events.all;
  first!.dispatchEvent(new Event("open"));
  page.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  vi.advanceTimersByTime(19_000);
  expect(first!.closed).toBe(false);
  vi.advanceTimersByTime(2_000);
  expect(first!.closed).toBe(true);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  expect(Events.all).toHaveLength(2);
  Events.all[1]!.dispatchEvent(new Event("open"));
  vi.runAllTimers();
  expect(keys()).toContain("services");
  stop();
  expect(Events.all[1]!.closed).toBe(true);
});
