import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COLOURS, colours } from "./owners";

const TOKENS = readFileSync(join(import.meta.dirname, "../../style/tokens.css"), "utf8");

/** The light and the dark colour of a token. */
function token(name: string): [string, string] {
  const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(TOKENS);
  expect(found, name).not.toBeNull();
  return [found![1]!, found![2]!];
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
}

function luminance(colour: string): number {
  const [red, green, blue] = channels(colour).map((part) =>
    part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(one: string, other: string): number {
  const [less, more] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (more! + 0.05) / (less! + 0.05);
}

test("an owner keeps its colour, and no two have the same while there are enough", () => {
  const owners = Array.from({ length: COLOURS }, (_, at) => `group:default/team-${at}`);
  const given = colours(owners);
  expect(new Set(given.values()).size).toBe(COLOURS);
  expect([...colours([...owners].reverse())]).toEqual([...given]);
  // With more owners than colours each still has one.
  const many = colours(Array.from({ length: 40 }, (_, at) => `user:default/${at}`));
  expect([...many.values()].every((colour) => colour >= 0 && colour < COLOURS)).toBe(true);
});

test.each([0, 1])("every colour is seen on its ground, and told from the others: theme %i", (theme) => {
  const all = Array.from({ length: COLOURS }, (_, at) => token(`owner-${at}`)[theme]!);
  for (const [at, colour] of all.entries()) {
    for (const ground of ["surface", "ground"]) {
      expect(contrast(colour, token(ground)[theme]!), `owner-${at} on ${ground}`).toBeGreaterThanOrEqual(3);
    }
    for (const other of all.slice(at + 1)) {
      const far = Math.hypot(...channels(colour).map((part, index) => part - channels(other)[index]!));
      expect(far, `owner-${at} and ${other}`).toBeGreaterThan(0.2);
    }
  }
});
