import { useSyncExternalStore } from "react";
import { ago, moment } from "./time";

/** How often ages are said anew, in milliseconds. */
const TICK = 10_000;

let now = Date.now();
const listeners = new Set<() => void>();
let timer: number | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(() => {
    now = Date.now();
    listeners.forEach((tell) => tell());
  }, TICK);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      window.clearInterval(timer);
      timer = undefined;
    }
  };
}

/** How long ago something was, with the time itself for who rests on it. */
export function Ago({ time }: { time: string }) {
  const at = useSyncExternalStore(subscribe, () => now);
  return (
    <time dateTime={time} title={moment(time)}>
      {ago(time, Math.max(at, Date.parse(time)))}
    </time>
  );
}
