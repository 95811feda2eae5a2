import { expect, test } from "vitest";
import type { Role } from "../api/types";
import { reaches } from "./who";

test.each<[Role | undefined, Role, boolean]>([
  ["viewer", "viewer", true],
  ["viewer", "editor", false],
  ["editor", "viewer", true],
  ["editor", "admin", false],
  ["admin", "admin", true],
  [undefined, "viewer", false],
])("%s for what takes %s: %s", (role, needed, expected) => {
  expect(reaches(role, needed)).toBe(expected);
});
