// The tokens of programs: made for one purpose, with a role and an end, and told once.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { remove } from "../../api/client";
import { apiTokens } from "../../api/queries";
import type { ApiToken } from "../../api/types";
import { Ago } from "../../parts/Ago";
import { Answer } from "../../parts/Answer";
import { Badge } from "../../parts/Badge";
import { Empty } from "../../parts/States";
import { moment } from "../../parts/time";
import { MakeToken } from "./MakeToken";
import { ROLES } from "./roles";

export function Access() {
  const [making, setMaking] = useState(false);
  return (
    <>
      <div className="list-head">
        <h1>Access</h1>
        <span className="grow" />
        <button type="button" className="button primary" onClick={() => setMaking(true)}>
          Make a token
        </button>
      </div>
      <p className="quiet">
        A program that asks the API bears a token. Each is for one purpose, may do what its role says, and ends by
        itself. People need none: they sign in.
      </p>
      <Answer of={useQuery(apiTokens)} rows={4}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No token was made">
              Make one for what asks Backstitch: a pipeline, an agent, Alertmanager. The token of the configuration
              opens everything, and never ends.
            </Empty>
          ) : (
            <ul className="sources">
              {items.map((token) => (
                <Token key={token.id} token={token} />
              ))}
            </ul>
          )
        }
      </Answer>
      {making ? <MakeToken close={() => setMaking(false)} /> : null}
    </>
  );
}

function Token({ token }: { token: ApiToken }) {
  return (
    <li className="card">
      <div className="title">
        <h2>{token.name}</h2>
        <Badge tone={token.expired ? "idle" : "good"}>{token.expired ? "ended" : ROLES[token.role].label}</Badge>
        <span className="grow" />
        <End token={token} />
      </div>
      <p className="quiet">
        {token.teams?.length ? `For what ${token.teams.join(", ")} and the teams below have. ` : ""}
        Made <Ago time={token.made_at} />
        {token.made_by ? ` by ${token.made_by}` : ""}, {token.expired ? "ended" : "ends"} {moment(token.expires)}.
      </p>
    </li>
  );
}

function End({ token }: { token: ApiToken }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const end = useMutation({
    mutationFn: () => remove(`/tokens/${token.id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
  if (!asked) {
    return (
      <button type="button" className="button small" onClick={() => setAsked(true)}>
        {token.expired ? "Remove" : "End it"}
      </button>
    );
  }
  return (
    <span className="inline">
      {token.expired ? null : <span className="quiet">Whoever bears it is refused from then on.</span>}
      <button type="button" className="button small" onClick={() => setAsked(false)}>
        Cancel
      </button>
      <button type="button" className="button small primary" disabled={end.isPending} onClick={() => end.mutate()}>
        {token.expired ? "Remove" : `End ${token.name}`}
      </button>
      {end.isError ? <span className="quiet">{end.error.message}</span> : null}
    </span>
  );
}
