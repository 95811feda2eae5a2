import { expect, test } from "vitest";
import type { ComponentRow, SummaryAnswer } from "../../api/types";
import { groups, patch, remedy } from "./groups";

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
    "none 9",
    "conflict 5",
    "unclaimed 4",
    "unresolved 3",
    "ambiguous 2",
  ]);
  expect(groups(NOTHING)).toEqual([]);
});

const row = {
  ref: "component:default/cart",
  instance: "main",
  cluster: "eu",
  reason: "the name is wrong",
  fix: "a: b",
  owner: { state: "none", tried: [], reason: "nobody is named", fix: "owner: group:<name of a Group>" },
} as unknown as ComponentRow;

test("a patch names the component that each fix is for", () => {
  const items = [row, { ...row, ref: "component:default/none", fix: null }, { ...row, cluster: "us" }];
  const fixes = ["eu", "us"].map((cluster) => `# component:default/cart of catalog main, cluster ${cluster}\na: b\n`);
  expect(patch({}, { items, more: false })).toBe(fixes.join("\n"));
  expect(patch({}, { items, more: true })).toBe(
    [...fixes, "# There are more: copy again once these are mended.\n"].join("\n"),
  );
});

test("where owners want mending it is their fix, once for all clusters", () => {
  expect(remedy(row, {})).toMatchObject({ reason: "the name is wrong", fix: "a: b" });
  expect(remedy(row, { owners: true })).toEqual({
    reason: "nobody is named",
    fix: "owner: group:<name of a Group>",
  });
  expect(patch({ owners: true }, { items: [row, { ...row, cluster: "us" }], more: false })).toBe(
    "# component:default/cart of catalog main\nowner: group:<name of a Group>\n",
  );
});
