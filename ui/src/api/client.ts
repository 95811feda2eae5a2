// Asking the API: one request, bounded in time; what is refused becomes an error that has the server's own words.
import type { Problem } from "./types";

/** How long an answer may take, in milliseconds. */
const TIMEOUT = 30_000;
/** The most items that the API gives at once. */
const PAGE = 1000;

export type QueryValue = string | number | boolean | string[] | undefined;
export type Query = Record<string, QueryValue>;

/** What the server refused, or why it could not be asked. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ApiError";
    this.problem = problem;
  }
}

export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return ask<T>("GET", path + search(query), undefined, signal);
}

/** The items of a list, page after page, until there are so many; `more`: there are others. */
export async function getAll<T>(path: string, query: Query, most: number): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await get<{ items: T[]; next?: string | null }>(path, { ...query, limit: PAGE, cursor });
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor && items.length < most);
  return { items, more: cursor !== undefined };
}

export function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return ask<T>("POST", path, body, signal);
}

/** The same where the server itself may take long, and says how long. */
export function postPatiently<T>(path: string, body: unknown, patience: number): Promise<T> {
  return ask<T>("POST", path, body, undefined, patience);
}

export function put<T>(path: string, body: unknown): Promise<T> {
  return ask<T>("PUT", path, body);
}

export function remove<T>(path: string, query: Query = {}): Promise<T> {
  return ask<T>("DELETE", path + search(query), undefined);
}

/** `?a=1&b=2`; what is undefined or empty is left out, a list is repeated. */
export function search(query: Query): string {
  const pairs = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== "") {
        pairs.append(key, String(item));
      }
    }
  }
  const text = pairs.toString();
  return text ? `?${text}` : "";
}

async function ask<T>(
  method: string,
  path: string,
  body: unknown,
  signal?: AbortSignal,
  patience = TIMEOUT,
): Promise<T> {
  const timeout = AbortSignal.timeout(patience);
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw new ApiError(unreachable(timeout.aborted ? patience : undefined));
  }
  if (!response.ok) {
    throw new ApiError(await problemOf(response));
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

function unreachable(patience: number | undefined): Problem {
  return {
    type: "urn:backstitch:problem:unreachable",
    title: "The server does not answer",
    status: 0,
    detail: patience ? `There was no answer within ${patience / 1000} seconds.` : "The connection failed.",
    hint: "Is Backstitch running, and does this page come from it?",
  };
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback: Problem = {
    type: "about:blank",
    title: response.statusText || `HTTP ${response.status}`,
    status: response.status,
    detail: `The server answered with status ${response.status}.`,
  };
  if (!response.headers.get("content-type")?.startsWith("application/problem+json")) {
    return fallback;
  }
  try {
    return { ...fallback, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}
