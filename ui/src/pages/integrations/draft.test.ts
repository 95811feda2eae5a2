import { expect, test } from "vitest";
import type { Integration, Mapping } from "../../api/types";
import { data, DEFAULT_MAPPING, type Draft, EMPTY, settings, standing } from "./draft";

test("what is as by default is not written", () => {
  expect(settings(DEFAULT_MAPPING)).toBe("");
  const form = {
    paths: { ...DEFAULT_MAPPING.paths, component_kubernetes_id: ["labels.a: b", " spec.k8s ", ""] },
    rules: ["component-name"],
    honors: true,
    clusters: "all",
    interval: "1m",
  };
  expect(settings(form)).toBe(
    'label_map:\n  component_kubernetes_id:\n    - "labels.a: b"\n    - spec.k8s\nmatch_rules:\n  - component-name\n' +
      "honor_cluster_annotation: true\nclusters: all\nsync_interval: 1m\n",
  );
});

test("what is not given stays, and what goes is null", () => {
  const draft: Draft = {
    ...EMPTY,
    endpoint: " https://b.example ",
    given: { token: "t", headers: "" },
    removed: ["ca.crt"],
  };
  expect(data(draft, ["endpoint", "ca.crt", "settings", "client.key"])).toEqual({
    endpoint: "https://b.example",
    token: "t",
    "ca.crt": null,
    settings: null,
  });
  expect(data({ ...draft, insecure: true }, [])).toEqual({
    endpoint: "https://b.example",
    insecure_skip_verify: "true",
    token: "t",
  });
});

test("settings that the fields cannot say stay a text", () => {
  const mapping: Mapping = {
    instance: "a",
    label_map: DEFAULT_MAPPING.paths,
    match_rules: ["component-name"],
    honor_cluster_annotation: false,
    label_map_previews: false,
  };
  const of = (text: string) =>
    standing({ endpoint: "https://b.example", insecure_skip_verify: false, settings: text } as Integration, mapping);
  expect(of("match_rules:\n  - component-name\nclusters: [eu]\n").form?.clusters).toBe("eu");
  const own = of("match_rules: [component-name]\nfilter: a=b\n");
  expect(own.form).toBeUndefined();
  expect(data(own, ["settings"])["settings"]).toBe("match_rules: [component-name]\nfilter: a=b\n");
});
