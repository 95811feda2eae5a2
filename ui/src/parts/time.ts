// Times and counts as people read them.

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const whole = new Intl.NumberFormat("en");
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const dateAndTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** `3 minutes ago`. */
export function ago(time: string, now: number): string {
  return distance((Date.parse(time) - now) / 1000);
}

/** A number of seconds, as `3 minutes ago` or `in 3 minutes`. */
export function distance(seconds: number): string {
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size || unit === "second") {
      return relative.format(Math.trunc(seconds / size), unit);
    }
  }
  return "now";
}

/** `3 min`, for a strip that has no room. */
export function span(seconds: number): string {
  if (seconds < 60) {
    return `${Math.max(0, Math.round(seconds))} s`;
  }
  if (seconds < 3_600) {
    return `${Math.round(seconds / 60)} min`;
  }
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}

export function moment(time: string): string {
  return dateAndTime.format(new Date(time));
}

export function count(number: number): string {
  return whole.format(number);
}

export function share(ratio: number): string {
  return percent.format(ratio);
}

/** `1 Service`, `2 Services`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}
