// Addresses of pages: every parameter is plain text, and one that is repeated is a list.

export type Params = Record<string, string | string[]>;

export function parseSearch(text: string): Params {
  const params: Params = {};
  const pairs = new URLSearchParams(text);
  for (const key of new Set(pairs.keys())) {
    const values = pairs.getAll(key);
    params[key] = values.length === 1 ? values[0]! : values;
  }
  return params;
}

export function writeSearch(params: Record<string, unknown>): string {
  const pairs = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item === "string" && item !== "") {
        pairs.append(key, item);
      }
    }
  }
  const text = pairs.toString();
  return text ? `?${text}` : "";
}

/** One value of a parameter; the first where there are several. */
export function one(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" && first !== "" ? first : undefined;
}

/** Every value of a parameter. */
export function many(value: unknown): string[] | undefined {
  const all = (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string" && item !== "");
  return all.length > 0 ? (all as string[]) : undefined;
}
