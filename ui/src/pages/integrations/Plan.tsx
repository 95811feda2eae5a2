// Exactly what is written, before it is.
import type { UseMutationResult } from "@tanstack/react-query";
import type { IntegrationPlan } from "../../api/types";
import { Badge } from "../../parts/Badge";
import { Prose } from "../../parts/Prose";
import { Failure, Loading } from "../../parts/States";
import type { Tone } from "../../parts/words";

const TONES: Record<IntegrationPlan["keys"][number]["change"], Tone> = {
  added: "good",
  changed: "warn",
  removed: "bad",
  kept: "idle",
};

type Props = { plan: UseMutationResult<IntegrationPlan, Error, void>; again: () => void };

export function Plan({ plan, again }: Props) {
  if (plan.isError) {
    return <Failure error={plan.error} retry={again} />;
  }
  if (!plan.data) {
    return <Loading rows={6} />;
  }
  const { creates, manifest, keys, warnings } = plan.data;
  return (
    <div className="fields">
      <p className="quiet">
        {creates ? "This Secret is created. " : "The Secret that is there becomes this one. "}
        Of each secret its length is shown.
      </p>
      <pre className="manifest" tabIndex={0} aria-label="The Secret">
        {manifest}
      </pre>
      <ul className="checks" aria-label="Keys">
        {keys.map(({ key, change }) => (
          <li key={key}>
            <Badge tone={TONES[change]}>{change}</Badge>
            <code>{key}</code>
          </li>
        ))}
      </ul>
      {warnings.map((warning) => (
        <p key={warning} className="banner warn">
          <Prose text={warning} />
        </p>
      ))}
    </div>
  );
}
