// What was seen of a Backstage that was tried out, in the doctor's words.
import type { UseMutationResult } from "@tanstack/react-query";
import type { IntegrationTested } from "../../api/types";
import { Badge } from "../../parts/Badge";
import { Prose } from "../../parts/Prose";
import { Failure, Loading } from "../../parts/States";
import { counted } from "../../parts/time";
import { type Tone, VERDICTS } from "../../parts/words";

const TONES: Record<IntegrationTested["checks"][number]["outcome"], Tone> = {
  ok: "good",
  note: "info",
  warn: "warn",
  fail: "bad",
};

type Props = { test: UseMutationResult<IntegrationTested, Error, void>; again: () => void };

export function Tested({ test, again }: Props) {
  if (test.isError) {
    return <Failure error={test.error} retry={again} />;
  }
  if (!test.data) {
    return (
      <>
        <p className="quiet" role="status">
          Backstage is asked. It may take half a minute.
        </p>
        <Loading rows={5} />
      </>
    );
  }
  const { checks, ok, trial } = test.data;
  return (
    <div className="fields">
      <p role="status">
        <Badge tone={ok ? "good" : "bad"}>{ok ? "It can be read" : "Something is in the way"}</Badge>
      </p>
      <ul className="checks">
        {checks.map(({ check, outcome, message, remedy }) => (
          <li key={`${check} ${message}`}>
            <Badge tone={TONES[outcome]}>{check}</Badge>
            <span>
              <Prose text={message} />
              {remedy ? (
                <span className="hint">
                  <Prose text={remedy} />
                </span>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
      {trial ? <Trial trial={trial} /> : null}
      <div>
        <button type="button" className="button" onClick={again}>
          Test again
        </button>
      </div>
    </div>
  );
}

function Trial({ trial }: { trial: NonNullable<IntegrationTested["trial"]> }) {
  const of = trial.whole
    ? counted(trial.components, "component")
    : `the first ${counted(trial.components, "component")}`;
  return (
    <section aria-label="What would be stitched">
      <h3>
        {trial.stitched} of {of} would be stitched
      </h3>
      <p className="quiet">Of several components that claim one Service, one gets it.</p>
      {trial.unsure > 0 ? (
        <p className="quiet">
          Of {counted(trial.unsure, "component")} the label selector was never used here: what it selects shows once it
          is saved.
        </p>
      ) : null}
      {trial.examples.length > 0 ? (
        <div className="examples" tabIndex={0} role="region" aria-label="Components">
          <table>
            <thead>
              <tr>
                <th scope="col">Component</th>
                <th scope="col">Verdict</th>
                <th scope="col">Services</th>
                <th scope="col">Owner</th>
              </tr>
            </thead>
            <tbody>
              {trial.examples.map((row) => (
                <tr key={`${row.ref} ${row.cluster}`}>
                  <td className="name">{row.ref}</td>
                  <td>
                    <Badge tone={VERDICTS[row.verdict].tone} title={VERDICTS[row.verdict].means}>
                      {VERDICTS[row.verdict].label}
                    </Badge>
                  </td>
                  <td className="name">
                    {row.services.length > 0
                      ? row.services.join(", ")
                      : row.kubernetes_id
                        ? `looks for ${row.kubernetes_id}`
                        : "–"}
                    {row.claimed_by_others ? <span className="quiet"> (another catalog has it now)</span> : null}
                  </td>
                  <td className="name">{row.owner ?? "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  );
}
