// The settings that are tried out: in the address as far as they are other than those that stand.
import type { Mapping, PreviewRequest } from "../../api/types";

/** The lists of a `label_map`, with the parameter of the address that has each. */
export const FIELDS = [
  { key: "component_kubernetes_id", parameter: "id" },
  { key: "component_kubernetes_namespace", parameter: "namespace" },
  { key: "component_owner", parameter: "owner" },
] as const;

export type FieldKey = (typeof FIELDS)[number]["key"];

export type PlaygroundSearch = {
  instance?: string | undefined;
  id?: string[] | undefined;
  namespace?: string[] | undefined;
  owner?: string[] | undefined;
  rule?: string[] | undefined;
  honor?: string | undefined;
};

export type Settings = {
  paths: Record<FieldKey, string[]>;
  rules: string[];
  honors: boolean;
};

/** Those that stand. */
export function standing(mapping: Mapping): Settings {
  return {
    paths: {
      component_kubernetes_id: mapping.label_map.component_kubernetes_id ?? [],
      component_kubernetes_namespace: mapping.label_map.component_kubernetes_namespace ?? [],
      component_owner: mapping.label_map.component_owner ?? [],
    },
    rules: mapping.match_rules,
    honors: mapping.honor_cluster_annotation,
  };
}

/** Those of an address, over those that stand. */
export function read(search: PlaygroundSearch, mapping: Mapping): Settings {
  const stands = standing(mapping);
  const paths = { ...stands.paths };
  for (const { key, parameter } of FIELDS) {
    paths[key] = (mapping.label_map_previews ? search[parameter] : undefined) ?? stands.paths[key];
  }
  return {
    paths,
    rules: search.rule ?? stands.rules,
    honors: search.honor === undefined ? stands.honors : search.honor === "true",
  };
}

/** What the address says of them. A line that is empty is not written down yet. */
export function write(settings: Settings, mapping: Mapping): PlaygroundSearch {
  const stands = standing(mapping);
  const search: PlaygroundSearch = { instance: mapping.instance };
  for (const { key, parameter } of FIELDS) {
    const paths = written(settings.paths[key]);
    search[parameter] = same(paths, stands.paths[key]) || paths.length === 0 ? undefined : paths;
  }
  search.rule = same(settings.rules, stands.rules) ? undefined : settings.rules;
  search.honor = settings.honors === stands.honors ? undefined : String(settings.honors);
  return search;
}

/** What the server is asked: what is left out stays. */
export function request(search: PlaygroundSearch, instance: string): PreviewRequest {
  const map: Partial<Record<FieldKey, string[]>> = {};
  for (const { key, parameter } of FIELDS) {
    const paths = search[parameter];
    if (paths) {
      map[key] = paths;
    }
  }
  return {
    instance,
    ...(Object.keys(map).length > 0 ? { label_map: map } : {}),
    ...(search.rule ? { match_rules: search.rule } : {}),
    ...(search.honor === undefined ? {} : { honor_cluster_annotation: search.honor === "true" }),
  };
}

/** The list with one of it a place up or down. */
export function moved(list: string[], from: number, to: number): string[] {
  const next = [...list];
  const [item] = next.splice(from, 1);
  next.splice(to, 0, item!);
  return next;
}

/** A count with its sign. */
export function signed(count: number, sign: "+" | "−"): string {
  return count === 0 ? "0" : `${sign}${count.toLocaleString("en")}`;
}

function written(paths: string[]): string[] {
  return paths.map((path) => path.trim()).filter((path) => path !== "");
}

function same(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}
