import { expect, test } from "vitest";
import { counted, distance, share, span } from "./time";

test.each([
  [-1, "1 second ago"],
  [-90, "1 minute ago"],
  [-7_200, "2 hours ago"],
  [-200_000, "2 days ago"],
  [30, "in 30 seconds"],
])("%d seconds", (seconds, expected) => {
  expect(distance(seconds)).toBe(expected);
});

test.each([
  [12, "12 s"],
  [600, "10 min"],
  [7_200, "2 h"],
  [400_000, "5 d"],
])("a span of %d seconds", (seconds, expected) => {
  expect(span(seconds)).toBe(expected);
});

test("counts and shares", () => {
  expect([counted(1, "Service"), counted(1200, "Service"), share(0.7674)]).toEqual([
    "1 Service",
    "1,200 Services",
    "76.7%",
  ]);
});
