// What a person has written of a Backstage, and what of it is sent: by the keys of a Secret. It is kept in the page alone.
import type { Integration, Mapping } from "../../api/types";
import { FIELDS, type Settings, standing as stands } from "../playground/settings";

export type Place = { cluster: string; namespace: string; name: string };

/** The keys that are secret: they are never shown again, and stay as they are unless they are given anew. */
export const SECRET_KEYS = ["token", "ca.crt", "client.crt", "client.key", "headers"] as const;
export type SecretKey = (typeof SECRET_KEYS)[number];

export type MappingForm = Settings & {
  /** Which clusters are covered: nothing for that of the Secret, `all`, or a name. */
  clusters: string;
  interval: string;
};

export type Draft = {
  endpoint: string;
  insecure: boolean;
  /** What is given anew. */
  given: Partial<Record<SecretKey, string>>;
  /** What is taken away. */
  removed: SecretKey[];
  /** The settings by fields; nothing where they are written as a text. */
  form: MappingForm | undefined;
  text: string;
};

export const DEFAULT_MAPPING: MappingForm = {
  paths: {
    component_kubernetes_id: ["annotations.backstage.io/kubernetes-id"],
    component_kubernetes_namespace: ["annotations.backstage.io/kubernetes-namespace"],
    component_owner: ["spec.owner", "annotations.backstage.io/owner"],
  },
  rules: ["service-name"],
  honors: false,
  clusters: "",
  interval: "",
};

export const EMPTY: Draft = {
  endpoint: "",
  insecure: false,
  given: {},
  removed: [],
  form: DEFAULT_MAPPING,
  text: "",
};

/** What stands in a Secret, without its secrets. */
export function standing(integration: Integration, mapping: Mapping | undefined): Draft {
  const text = integration.settings ?? "";
  const form = mapping ? formOf(text, mapping) : undefined;
  return {
    endpoint: integration.endpoint ?? "",
    insecure: integration.insecure_skip_verify,
    given: {},
    removed: [],
    // A text that the fields would write otherwise stays a text, so that nothing in it is lost.
    form: form && settings(form).trim() === text.trim() ? form : undefined,
    text,
  };
}

function formOf(text: string, mapping: Mapping): MappingForm {
  const line = (key: string) => new RegExp(`^${key}: (.*)$`, "m").exec(text)?.[1] ?? "";
  return {
    ...stands(mapping),
    clusters: line("clusters").replace(/^\[|\]$/g, ""),
    interval: line("sync_interval"),
  };
}

/** The key `settings`, of what is other than the defaults. */
export function settings(form: MappingForm): string {
  const lines: string[] = [];
  const changed = FIELDS.filter(({ key }) => !same(written(form.paths[key]), DEFAULT_MAPPING.paths[key]));
  if (changed.length > 0) {
    lines.push("label_map:");
    for (const { key } of changed) {
      lines.push(`  ${key}:`, ...written(form.paths[key]).map((path) => `    - ${scalar(path)}`));
    }
  }
  if (!same(form.rules, DEFAULT_MAPPING.rules)) {
    lines.push("match_rules:", ...form.rules.map((rule) => `  - ${rule}`));
  }
  if (form.honors) {
    lines.push("honor_cluster_annotation: true");
  }
  if (form.clusters) {
    lines.push(`clusters: ${form.clusters === "all" ? "all" : `[${form.clusters}]`}`);
  }
  if (form.interval.trim()) {
    lines.push(`sync_interval: ${form.interval.trim()}`);
  }
  return lines.length > 0 ? `${lines.join("\n")}\n` : "";
}

/** What is sent: every key that has a value, and null for each that goes. `keys` are those that the Secret has. */
export function data(draft: Draft, keys: string[]): Record<string, string | null> {
  const all: Record<string, string | null> = { endpoint: draft.endpoint.trim() };
  const text = draft.form ? settings(draft.form) : draft.text;
  const clear: [string, string][] = [
    ["insecure_skip_verify", draft.insecure ? "true" : ""],
    ["settings", text.trim() === "" ? "" : text],
  ];
  for (const [key, value] of clear) {
    if (value) {
      all[key] = value;
    } else if (keys.includes(key)) {
      all[key] = null;
    }
  }
  for (const key of SECRET_KEYS) {
    const value = draft.given[key];
    if (value) {
      all[key] = value;
    } else if (draft.removed.includes(key) && keys.includes(key)) {
      all[key] = null;
    }
  }
  return all;
}

export function path({ cluster, namespace, name }: Place): string {
  return `/integrations/${[cluster, namespace, name].map(encodeURIComponent).join("/")}`;
}

function written(paths: string[]): string[] {
  return paths.map((each) => each.trim()).filter((each) => each !== "");
}

function scalar(text: string): string {
  return /^[A-Za-z][A-Za-z0-9./_-]*$/.test(text) ? text : JSON.stringify(text);
}

function same(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}
