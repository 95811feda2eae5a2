import { expect, test } from "vitest";
import type { Mapping } from "../../api/types";
import { moved, read, request, signed, standing, write } from "./settings";

const MAPPING: Mapping = {
  instance: "shop",
  label_map: {
    component_kubernetes_id: ["annotations.a"],
    component_kubernetes_namespace: ["annotations.b"],
    component_owner: ["spec.owner", "annotations.c"],
  },
  match_rules: ["service-name"],
  honor_cluster_annotation: false,
  label_map_previews: true,
};

test("what stands is not in the address, and nothing is asked but the instance", () => {
  const search = write(standing(MAPPING), MAPPING);
  expect(search).toEqual({ instance: "shop" });
  expect(request(search, "shop")).toEqual({ instance: "shop" });
  expect(read(search, MAPPING)).toEqual(standing(MAPPING));
});

test("what differs is, and reads back", () => {
  const settings = {
    paths: {
      component_kubernetes_id: ["labels.app", "annotations.a"],
      component_kubernetes_namespace: ["annotations.b", ""],
      component_owner: ["spec.owner"],
    },
    rules: ["component-name", "service-name"],
    honors: true,
  };
  const search = write(settings, MAPPING);
  expect(search).toEqual({
    instance: "shop",
    id: ["labels.app", "annotations.a"],
    owner: ["spec.owner"],
    rule: ["component-name", "service-name"],
    honor: "true",
  });
  expect(read(search, MAPPING).paths.component_kubernetes_id).toEqual(["labels.app", "annotations.a"]);
  expect(request(search, "shop")).toEqual({
    instance: "shop",
    label_map: { component_kubernetes_id: ["labels.app", "annotations.a"], component_owner: ["spec.owner"] },
    match_rules: ["component-name", "service-name"],
    honor_cluster_annotation: true,
  });
});

test("a catalog that is not read again keeps its paths", () => {
  const fixed = { ...MAPPING, label_map_previews: false };
  expect(read({ id: ["labels.app"] }, fixed)).toEqual(standing(fixed));
});

test("a line moves, and a count has its sign", () => {
  expect(moved(["a", "b", "c"], 2, 1)).toEqual(["a", "c", "b"]);
  expect([signed(1214, "+"), signed(2, "−"), signed(0, "+")]).toEqual(["+1,214", "−2", "0"]);
});
