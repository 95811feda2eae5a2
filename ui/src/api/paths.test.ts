import { expect, test } from "vitest";
import { reference, safeLink, serviceName, shortReference } from "./paths";

test.each([
  ["eu/shop/cart", { cluster: "eu", namespace: "shop", name: "cart" }],
  ["arn:aws:eks:eu/prod/shop/cart", { cluster: "arn:aws:eks:eu/prod", namespace: "shop", name: "cart" }],
])("%s is taken apart from its end", (id, expected) => {
  expect(serviceName(id)).toEqual(expected);
});

test.each([
  ["group:default/pay", "pay"],
  ["group:cross-border/customs", "cross-border/customs"],
  ["user:default/ada", "user:ada"],
  ["component:default/a:b", "a:b"],
])("%s in short", (text, short) => {
  expect(shortReference(text)).toBe(short);
});

test("a name may hold a colon", () => {
  expect(reference("component:default/a:b")).toEqual({ kind: "component", namespace: "default", name: "a:b" });
});

test.each([
  ["https://chat.example/channel", "https://chat.example/channel"],
  ["mailto:pay@shop.example", "mailto:pay@shop.example"],
  ["javascript:alert(1)", undefined],
  [" JaVaScRiPt:alert(1)", undefined],
  ["data:text/html,<script>alert(1)</script>", undefined],
  ["vbscript:x", undefined],
  ["//elsewhere.example", undefined],
  ["#payments", undefined],
  ["", undefined],
])("a link out of a catalog: %s", (text, expected) => {
  expect(safeLink(text)).toBe(expected);
});
