import { expect, test } from "vitest";
import { many, one, parseSearch, writeSearch } from "./search-params";

test.each([
  ["", {}],
  ["?cluster=eu", { cluster: "eu" }],
  ["?label=a%3Db&label=c", { label: ["a=b", "c"] }],
  ["?q=123", { q: "123" }],
  ["?q=%22quoted%22", { q: '"quoted"' }],
])("%s", (text, params) => {
  expect(parseSearch(text)).toEqual(params);
  expect(writeSearch(params)).toBe(text);
});

test("what is empty is no parameter", () => {
  expect(writeSearch({ a: undefined, b: "", c: [] })).toBe("");
  expect([one(""), one(undefined), one(["x", "y"])]).toEqual([undefined, undefined, "x"]);
  expect([many(""), many("x"), many(["x", "", "y"])]).toEqual([undefined, ["x"], ["x", "y"]]);
});
