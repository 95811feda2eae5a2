// What is owned, what is not, and what to do next: what a platform engineer should know within ten seconds.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { summary } from "../../api/queries";
import type { SummaryAnswer } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { count, share } from "../../parts/time";
import { Changes } from "./Changes";
import { Queue } from "./Queue";
import { SourceStrip } from "./SourceStrip";
import { Trend } from "./Trend";

export function Overview() {
  return (
    <Answer of={useQuery(summary)} rows={8}>
      {(known) => (
        <>
          <h1>
            Who owns what runs <span className="quiet">in {known.clusters.join(", ") || "no cluster yet"}</span>
          </h1>
          <Numbers known={known} />
          <div className="columns">
            <section aria-labelledby="queue">
              <h2 id="queue">What needs a decision</h2>
              <Queue known={known} />
            </section>
            <div>
              <section aria-labelledby="sources">
                <h2 id="sources">
                  <Link to="/sources">Sources</Link>
                </h2>
                <SourceStrip />
              </section>
              <section aria-labelledby="changes">
                <h2 id="changes">The last 24 hours</h2>
                <Changes />
              </section>
            </div>
          </div>
        </>
      )}
    </Answer>
  );
}

function Numbers({ known }: { known: SummaryAnswer }) {
  const verdicts = Object.values(known.verdicts).reduce((sum, of) => sum + of, 0);
  const running = verdicts === 0 ? 1 : known.verdicts.stitched / verdicts;
  const disputed = known.verdicts.ambiguous + known.verdicts.conflict;
  return (
    <ul className="numbers">
      <li>
        <Link to="/services" search={{ state: "owned" }}>
          <span className="number">{share(known.coverage)}</span>
          <span className="what">of Services have an owner</span>
          <span className="quiet">
            {count(known.owned)} of {count(known.services)} <Trend known={known} />
          </span>
          <meter min={0} max={1} value={known.coverage} aria-label="Services that have an owner" />
        </Link>
      </li>
      <li>
        <Link to="/components" search={{ verdict: "stitched" }}>
          <span className="number">{share(running)}</span>
          <span className="what">of components are found running</span>
          <span className="quiet">
            {count(known.verdicts.stitched)} of {count(verdicts)} verdicts on {count(known.components)} components
          </span>
          <meter min={0} max={1} value={running} aria-label="Components that are found running" />
        </Link>
      </li>
      <li>
        <Link
          to="/components"
          search={{ verdict: known.verdicts.conflict > known.verdicts.ambiguous ? "conflict" : "ambiguous" }}
        >
          <span className="number">{count(disputed)}</span>
          <span className="what">ambiguous or in conflict</span>
          <span className="quiet">
            {count(known.verdicts.ambiguous)} ambiguous, {count(known.verdicts.conflict)} in conflict
          </span>
        </Link>
      </li>
      <li>
        <Link to="/components" search={{ owner_state: "unresolved" }}>
          <span className="number">{count(known.owners.unresolved)}</span>
          <span className="what">name an owner who is not there</span>
          <span className="quiet">{count(known.owners.none)} more name nobody</span>
        </Link>
      </li>
    </ul>
  );
}
