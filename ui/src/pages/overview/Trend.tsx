// How coverage moved within a week, as far as history reaches back.
import { useQuery } from "@tanstack/react-query";
import { trend } from "../../api/queries";
import type { SummaryAnswer } from "../../api/types";
import { share } from "../../parts/time";

export function Trend({ known }: { known: SummaryAnswer }) {
  const past = useQuery(trend);
  const before = past.data?.coverage;
  if (before == null) {
    return null;
  }
  // What is ignored is left out of the coverage, and was not recorded: like is held against like.
  const moved = (known.services === 0 ? 1 : known.owned / known.services) - before;
  const tone = Math.abs(moved) < 0.0005 ? "same" : moved > 0 ? "up" : "down";
  const sign = { same: "→", up: "↗", down: "↘" }[tone];
  return (
    <span className={`trend ${tone}`}>
      <span aria-hidden="true">{sign}</span> {tone === "same" ? "as" : `${moved > 0 ? "up" : "down"} from`}{" "}
      {share(before)} a week ago
    </span>
  );
}
