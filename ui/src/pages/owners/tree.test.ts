import { expect, test } from "vitest";
import type { Team } from "../../api/types";
import { narrowed, type Node, tree } from "./tree";

function team(name: string, parent?: string, instance = "main"): Team {
  return {
    ref: `group:default/${name}`,
    instance,
    display_name: name.toUpperCase(),
    parent: parent ? `group:default/${parent}` : undefined,
    services: 0,
    services_below: 0,
    components: 0,
    components_stitched: 0,
    reachable: true,
  };
}

function drawn(nodes: Node[]): string {
  return nodes
    .map(({ team: { ref, instance }, children }) => {
      const name = `${ref.slice("group:default/".length)}${instance === "main" ? "" : `@${instance}`}`;
      return children.length > 0 ? `${name}(${drawn(children)})` : name;
    })
    .join(" ");
}

test.each([
  ["nobody", [], ""],
  ["no parents, by name", [team("b"), team("a")], "a b"],
  ["children stand below, whatever the order", [team("b", "a"), team("a"), team("c", "b")], "a(b(c))"],
  ["a parent that is not there makes a root", [team("a", "gone")], "a"],
  ["a group that is its own parent is a root", [team("a", "a")], "a"],
  ["a circle is cut at its first", [team("a", "b"), team("b", "a")], "a(b)"],
  ["what hangs on a circle stays on it", [team("x", "a"), team("a", "b"), team("b", "a")], "a(b x)"],
  ["the parent is that of the same catalog", [team("a"), team("b", "a", "other")], "a b@other"],
])("%s", (_, teams, expected) => {
  expect(drawn(tree(teams))).toBe(expected);
});

test("everybody is in the tree exactly once", () => {
  // Every way in which four groups can name each other, or nobody, as parent.
  const names = ["a", "b", "c", "d"];
  for (let way = 0; way < 5 ** 4; way++) {
    const parents = names.map((_, at) => names[Math.floor(way / 5 ** at) % 5]);
    const nodes = tree(names.map((name, at) => team(name, parents[at])));
    const found = drawn(nodes).match(/[a-d]/g) ?? [];
    expect([...found].sort(), String(parents)).toEqual(names);
  }
});

test("a text leaves those that have it, what is above and what is below", () => {
  const nodes = tree([team("top"), team("pay", "top"), team("cards", "pay"), team("shop", "top")]);
  expect(drawn(narrowed(nodes, "PAY"))).toBe("top(pay(cards))");
  expect(drawn(narrowed(nodes, "nobody"))).toBe("");
});
