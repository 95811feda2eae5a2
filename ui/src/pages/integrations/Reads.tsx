// What became of it: the catalog as it comes in.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { integrations } from "../../api/queries";
import { Badge } from "../../parts/Badge";
import { LastError } from "../../parts/LastError";
import { PHASES } from "../../parts/words";
import { holds } from "./Integrations";

/** How often it is looked again, in milliseconds. */
const AGAIN = 1_500;

export function Reads({ name }: { name: string }) {
  const found = useQuery({ ...integrations, refetchInterval: AGAIN });
  const of = found.data?.instances.find((it) => it.name === name);
  const state = of?.state;
  const phase = state ? PHASES[state.phase]! : PHASES["starting"]!;
  return (
    <div className="fields">
      <p role="status">
        <Badge tone={phase.tone}>{phase.label}</Badge> The catalog <code>{name}</code> {phase.means}.
      </p>
      {of && holds(of) ? <p>It holds {holds(of)}.</p> : null}
      <LastError of={state} />
      <p>
        <Link to="/components" search={{ instance: name }}>
          Its components
        </Link>
      </p>
    </div>
  );
}
