// What pages ask for, each under the key by which a change makes it be asked again.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, post, type Query } from "./client";
import type {
  ApiTokens,
  ComponentDetail,
  ComponentRow,
  Decision,
  Explanation,
  Facets,
  Found,
  Graph,
  HistoryEntry,
  Integrations,
  Mapping,
  OwnedServices,
  OwnerDetail,
  OwnerRow,
  Page,
  Preview,
  PreviewRequest,
  ServiceAt,
  ServiceDetail,
  ServiceRow,
  Session,
  SourceStatus,
  SummaryAnswer,
  SummaryAt,
  Teams,
} from "./types";
import type { ServiceName } from "./paths";

/** Rows that are asked for at once. */
const PAGE = 200;

export type History = { begin?: string | null; now: string };

export const summary = queryOptions({
  queryKey: ["summary"],
  queryFn: ({ signal }) => get<SummaryAnswer>("/summary", {}, signal),
});

/** Whether one has to sign in, who has, and what they may do. */
export const session = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => get<Session>("/session", {}, signal),
  staleTime: Infinity,
  // Much of a page asks for it: were each that appears to ask again after a failure, there would be no end to it.
  retryOnMount: false,
});

/** The tokens of programs. */
export const apiTokens = queryOptions({
  queryKey: ["tokens"],
  queryFn: ({ signal }) => get<ApiTokens>("/tokens", {}, signal),
});

export const sources = queryOptions({
  queryKey: ["sources"],
  queryFn: ({ signal }) => get<Page<SourceStatus>>("/sources", {}, signal),
});

/** Whether Backstages can be added here at all. */
export const integrationsEnabled = queryOptions({
  queryKey: ["integrations", "enabled"],
  queryFn: ({ signal }) => get<Integrations>("/integrations", { brief: true }, signal),
  staleTime: Infinity,
});

/** Every Backstage, who configures it, and where another one may be added. */
export const integrations = queryOptions({
  queryKey: ["integrations", "list"],
  queryFn: ({ signal }) => get<Integrations>("/integrations", {}, signal),
});

export const historyBounds = queryOptions({
  queryKey: ["history", "bounds"],
  queryFn: ({ signal }) => get<History>("/history/bounds", {}, signal),
});

export function services(filter: Query) {
  return list<ServiceRow>("services", "/services", filter);
}

export function components(filter: Query) {
  return list<ComponentRow>("components", "/components", filter);
}

export function owners(filter: Query) {
  return list<OwnerRow>("owners", "/owners", filter);
}

/** The changes of a Service, a component, an owner or everything, newest first. */
export function history(filter: Query) {
  return list<HistoryEntry>("history", "/history", { ...filter, limit: 50 });
}

export function service({ cluster, namespace, name }: ServiceName) {
  return queryOptions({
    queryKey: ["services", "one", cluster, namespace, name],
    queryFn: ({ signal }) => get<ServiceDetail>(servicePath({ cluster, namespace, name }), {}, signal),
  });
}

export function serviceAt(service: ServiceName, at: string) {
  return queryOptions({
    queryKey: ["services", "at", service, at],
    queryFn: ({ signal }) => get<ServiceAt>(servicePath(service), { at }, signal),
    staleTime: Infinity,
    placeholderData: keepPreviousData,
    retry: false,
  });
}

export function explanation(subject: string) {
  return queryOptions({
    queryKey: ["services", "explanation", subject],
    queryFn: ({ signal }) => get<Explanation>("/explain", { subject }, signal),
  });
}

export function component(reference: string) {
  return queryOptions({
    queryKey: ["components", "one", reference],
    queryFn: ({ signal }) => get<Page<ComponentDetail>>(`/components/${encodeURIComponent(reference)}`, {}, signal),
  });
}

export function owner(reference: string) {
  return queryOptions({
    queryKey: ["owners", "one", reference],
    queryFn: ({ signal }) => get<Page<OwnerDetail>>(`/owners/${encodeURIComponent(reference)}`, {}, signal),
  });
}

export function ownedServices(reference: string, descendants: boolean) {
  return infiniteQueryOptions({
    queryKey: ["services", "owned", reference, descendants],
    queryFn: ({ pageParam, signal }) =>
      get<OwnedServices>(
        `/owners/${encodeURIComponent(reference)}/services`,
        { descendants, limit: PAGE, cursor: pageParam },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });
}

export function decisions(filter: Query) {
  return list<Decision>("decisions", "/decisions", filter);
}

function list<T>(kind: string, path: string, filter: Query) {
  return infiniteQueryOptions({
    queryKey: [kind, "list", filter],
    queryFn: ({ pageParam, signal }) => get<Page<T>>(path, { limit: PAGE, ...filter, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
}

function servicePath({ cluster, namespace, name }: ServiceName): string {
  return `/services/${[cluster, namespace, name].map(encodeURIComponent).join("/")}`;
}

/** What is named like a text. */
export function found(text: string) {
  return queryOptions({
    queryKey: ["search", text],
    queryFn: ({ signal }) => get<{ items: Found[] }>("/search", { q: text, limit: 20 }, signal),
    staleTime: 5_000,
  });
}

export function serviceFacets(filter: Query) {
  return queryOptions({
    queryKey: ["services", "facets", filter],
    queryFn: ({ signal }) => get<Facets>("/services/facets", filter, signal),
    placeholderData: keepPreviousData,
  });
}

export function componentFacets(filter: Query) {
  return queryOptions({
    queryKey: ["components", "facets", filter],
    queryFn: ({ signal }) => get<Facets>("/components/facets", filter, signal),
    placeholderData: keepPreviousData,
  });
}

/** What is around a Service, an owner or a namespace. */
export function graph(focus: string, depth: number, limit: number) {
  return queryOptions({
    queryKey: ["services", "graph", focus, depth, limit],
    queryFn: ({ signal }) => get<Graph>("/graph", { focus, depth, limit }, signal),
    placeholderData: keepPreviousData,
  });
}

/** Every Group with what it and those below it own. */
export const teams = queryOptions({
  queryKey: ["owners", "teams"],
  queryFn: ({ signal }) => get<Teams>("/teams", {}, signal),
});

/** By what an instance is stitched. */
export function mapping(instance: string) {
  return queryOptions({
    queryKey: ["components", "mapping", instance],
    queryFn: ({ signal }) => get<Mapping>(`/instances/${encodeURIComponent(instance)}`, {}, signal),
  });
}

/** What other settings would change. */
export function preview(request: PreviewRequest) {
  return queryOptions({
    queryKey: ["components", "preview", request],
    queryFn: ({ signal }) => post<Preview>("/preview", request, signal),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

/** How long ago the coverage is that today's is held against, in milliseconds. */
const WEEK = 7 * 86_400_000;

/** What was owned a week ago; nothing where history does not reach back so far. */
export const trend = queryOptions({
  queryKey: ["overview", "trend"],
  queryFn: async ({ signal }) => {
    const { begin, now } = await get<History>("/history/bounds", {}, signal);
    const at = Date.parse(now) - WEEK;
    if (!begin || Date.parse(begin) > at) {
      return null;
    }
    return get<SummaryAt>("/summary", { at: new Date(at).toISOString() }, signal);
  },
  staleTime: 600_000,
});
