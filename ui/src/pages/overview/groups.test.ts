import { expect, test } from "vitest";
import type { ComponentRow, SummaryAnswer } from "../../api/types";
import { groups, patch } from "./groups";

const NOTHING: SummaryAnswer = {
  components: 0,
  verdicts: {
    stitched: 0,
    "no-kubernetes-id": 0,
    "service-not-found": 0,
    ambiguous: 0,
    conflict: 0,
    invalid: 0,
  },
  owners: { resolved: 0, unresolved: 0, none: 0 },
  services: 0,
  owned: 0,
  coverage: 1,
  service_states: { owned: 0, "stitched-without-owner": 0, unclaimed: 0 },
  service_owners: 0,
  instances: [],
  clusters: [],
  label_prefix: "causely.ai",
};

test("only what holds something waits, the most first", () => {
  const known: SummaryAnswer = {
    ...NOTHING,
    verdicts: { ...NOTHING.verdicts, stitched: 90, ambiguous: 2, conflict: 5 },
    owners: { resolved: 80, unresolved: 3, none: 9 },
    service_states: { owned: 50, "stitched-without-owner": 0, unclaimed: 4 },
  };
  expect(groups(known).map(({ key, count }) => `${key} ${count}`)).toEqual([
    "conflict 5",
    "unclaimed 4",
    "unresolved 3",
    "ambiguous 2",
  ]);
  expect(groups(NOTHING)).toEqual([]);
});

test("a patch names the component that each fix is for", () => {
  const row = { ref: "component:default/cart", instance: "main", cluster: "eu", fix: "a: b" } as ComponentRow;
  const items = [row, { ...row, ref: "component:default/none", fix: null }];
  const fix = "# component:default/cart of catalog main, cluster eu\na: b\n";
  expect(patch({ items, more: false })).toBe(fix);
  expect(patch({ items, more: true })).toBe(`${fix}\n# There are more: \`backstitch suggest\` writes all of them.\n`);
});
