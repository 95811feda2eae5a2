// "Who owned it at 03:12?"
import { useQuery } from "@tanstack/react-query";
import { historyBounds, serviceAt } from "../../api/queries";
import type { ServiceName } from "../../api/paths";
import { Answer } from "../../parts/Answer";
import { ComponentLink, OwnerLink } from "../../parts/links";
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
          <Then service={service} at={at} />
        </>
      ) : bounds?.begin ? (
        <span className="quiet">History reaches back to {moment(bounds.begin)}.</span>
      ) : null}
    </div>
  );
}

function Then({ service, at }: { service: ServiceName; at: string }) {
  return (
    <Answer of={useQuery(serviceAt(service, at))} rows={1}>
      {(then) => (
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
      )}
    </Answer>
  );
}

/** A time as `datetime-local` has it: of this place, without a zone. */
function local(time: string): string {
  const date = new Date(time);
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
