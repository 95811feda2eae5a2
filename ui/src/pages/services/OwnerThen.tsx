// "Who owned it at 03:12?"
import { useQuery } from "@tanstack/react-query";
import { historyBounds, serviceAt } from "../../api/queries";
import type { ServiceName } from "../../api/paths";
import { ComponentLink, OwnerLink } from "../../parts/links";
import { Failure, Loading } from "../../parts/States";
import { moment } from "../../parts/time";
import { SERVICE_STATES } from "../../parts/words";

type Props = { service: ServiceName; at: string | undefined; choose: (at: string | undefined) => void };

export function OwnerThen({ service, at, choose }: Props) {
  const bounds = useQuery(historyBounds).data;
  return (
    <div className="then">
      <label>
        Owner at{" "}
        <input
          type="datetime-local"
          value={at ? local(at) : ""}
          min={bounds?.begin ? local(bounds.begin) : undefined}
          max={bounds ? local(bounds.now) : undefined}
          onChange={(event) => {
            const time = new Date(event.target.value);
            choose(Number.isNaN(time.getTime()) ? undefined : time.toISOString());
          }}
        />
      </label>
      {at ? (
        <>
          <button type="button" className="button small" onClick={() => choose(undefined)}>
            Now
          </button>
          <Answer service={service} at={at} />
        </>
      ) : bounds?.begin ? (
        <span className="quiet">History reaches back to {moment(bounds.begin)}.</span>
      ) : null}
    </div>
  );
}

function Answer({ service, at }: { service: ServiceName; at: string }) {
  const answer = useQuery(serviceAt(service, at));
  if (answer.isPending) {
    return <Loading rows={1} />;
  }
  if (answer.isError) {
    return <Failure error={answer.error} />;
  }
  const then = answer.data;
  return (
    <p>
      {then.owner ? (
        <OwnerLink of={then.owner.ref}>{then.owner.display_name}</OwnerLink>
      ) : (
        SERVICE_STATES[then.state].label
      )}
      {then.component ? (
        <>
          , by <ComponentLink of={then.component} />
        </>
      ) : null}
      , since {moment(then.since)}
    </p>
  );
}

/** A time as `datetime-local` has it: of this place, without a zone. */
function local(time: string): string {
  const date = new Date(time);
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
