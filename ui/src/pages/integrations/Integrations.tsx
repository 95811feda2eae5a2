// The Backstages that are read: who configures each, where it stands, and what can be done with it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { post, remove, search } from "../../api/client";
import { integrations } from "../../api/queries";
import type { Integration } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { Badge } from "../../parts/Badge";
import { Fact } from "../../parts/Fact";
import { LastError } from "../../parts/LastError";
import { Prose } from "../../parts/Prose";
import { useModal } from "../../parts/modal";
import { Empty, Failure } from "../../parts/States";
import { count } from "../../parts/time";
import { PHASES } from "../../parts/words";
import { path } from "./draft";
import { NotEnabled } from "./NotEnabled";

/** How often it is looked again while something is about to change, in milliseconds. */
const AGAIN = 3_000;

export function Integrations() {
  const found = useQuery({
    ...integrations,
    refetchInterval: ({ state }) =>
      state.data?.instances.some(({ state: it }) => !it || it.phase === "starting") ? AGAIN : false,
  });
  return (
    <>
      <div className="list-head">
        <h1>Integrations</h1>
        <span className="grow" />
        {found.data?.enabled ? (
          <Link to="/integrations/add" className="button primary">
            Add Backstage
          </Link>
        ) : null}
      </div>
      <p className="quiet lead">The catalogs that owners come from, and who says how each is reached.</p>
      <Answer of={found} rows={6}>
        {({ enabled, instances }) => {
          if (!enabled) {
            return <NotEnabled />;
          }
          return instances.length === 0 ? (
            <Empty title="No Backstage is read yet">
              Add one: its address and a token that may read the catalog are all that is needed.
            </Empty>
          ) : (
            <ul className="sources">
              {instances.map((integration) => (
                <One key={integration.name} integration={integration} />
              ))}
            </ul>
          );
        }}
      </Answer>
    </>
  );
}

const ORIGINS: Record<Integration["origin"], string> = {
  file: "configuration file",
  secret: "Secret",
  both: "Secret, named in the configuration file",
};

function One({ integration }: { integration: Integration }) {
  const { name, state, secret } = integration;
  // The list and the state of the source come by different ways; whoever paused it wants to see that at once.
  const phase = integration.paused ? PHASES["paused"]! : state ? PHASES[state.phase]! : PHASES["starting"]!;
  return (
    <li className="card">
      <div className="title">
        <h2>{name}</h2>
        <Badge tone={phase.tone} title={phase.means}>
          {phase.label}
        </Badge>
        <span className="grow" />
        {integration.editable ? <Deeds integration={integration} /> : null}
      </div>
      <LastError of={state} />
      <dl className="facts">
        <Fact name="Endpoint" value={integration.endpoint} />
        <Fact name="Configured by" value={ORIGINS[integration.origin]} />
        <Fact name="Secret" value={secret ? `${secret.cluster}/${secret.namespace}/${secret.name}` : ""} />
        <Fact name="Token" value={secret?.keys.includes("token") ? "given" : secret ? "none" : ""} />
        <Fact name="Holds" value={holds(integration)} />
      </dl>
      {integration.why_not ? (
        <p className="quiet">
          It cannot be changed here: <Prose text={integration.why_not} />.
        </p>
      ) : null}
    </li>
  );
}

export function holds({ state }: Integration): string {
  return Object.entries(state?.counts ?? {})
    .filter(([, number]) => number > 0)
    .map(([word, number]) => `${count(number)} ${word}`)
    .join(", ");
}

function Deeds({ integration }: { integration: Integration }) {
  const client = useQueryClient();
  const [removing, setRemoving] = useState(false);
  const { cluster, namespace, name, version } = integration.secret!;
  const at = path({ cluster, namespace, name });
  const pause = useMutation({
    mutationFn: () => post(`${at}/${integration.paused ? "resume" : "pause"}${search({ version })}`, undefined),
    onSettled: () => client.invalidateQueries({ queryKey: ["integrations", "list"] }),
  });
  return (
    <span className="deeds">
      {pause.isError ? <span className="quiet">{pause.error.message}</span> : null}
      <Link to="/integrations/edit/$name" params={{ name: integration.name }} className="button">
        Edit
      </Link>
      <button type="button" className="button" disabled={pause.isPending} onClick={() => pause.mutate()}>
        {integration.paused ? "Resume" : "Pause"}
      </button>
      <button type="button" className="button" onClick={() => setRemoving(true)}>
        Remove
      </button>
      {removing ? <RemoveDialog integration={integration} close={() => setRemoving(false)} /> : null}
    </span>
  );
}

function RemoveDialog({ integration, close }: { integration: Integration; close: () => void }) {
  const dialog = useModal();
  const client = useQueryClient();
  const { cluster, namespace, name, version } = integration.secret!;
  const away = useMutation({
    mutationFn: () => remove(path({ cluster, namespace, name }), { version }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["integrations", "list"] });
      close();
    },
  });
  return (
    <dialog ref={dialog} onClose={close} aria-label={`Remove ${integration.name}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          away.mutate();
        }}
      >
        <h2>Remove {integration.name}?</h2>
        <div className="explained">
          <p>
            The Secret <code>{name}</code> of namespace <code>{namespace}</code> is deleted, and its token with it.
          </p>
          <p className="quiet">
            What the catalog gave goes as removals do: little with the next judgement, much after several. Pausing keeps
            all of it.
          </p>
        </div>
        {away.isError ? <Failure error={away.error} /> : null}
        <div className="actions">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" className="button danger" disabled={away.isPending}>
            {away.isPending ? "Removing…" : "Delete the Secret"}
          </button>
        </div>
      </form>
    </dialog>
  );
}
