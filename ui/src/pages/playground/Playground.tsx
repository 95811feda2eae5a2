// Other settings of an instance, tried out on its catalog and the clusters as they are, before anybody saves them.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError } from "../../api/client";
import { mapping, preview, summary } from "../../api/queries";
import type { Mapping, ProblemFault } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { Empty } from "../../parts/States";
import { PathList } from "./PathList";
import { Result } from "./Result";
import { RuleList } from "./RuleList";
import { FIELDS, read, request, type Settings, standing, write } from "./settings";
import { TITLES } from "./titles";

const route = getRouteApi("/playground");

/** How long nothing is written before it is asked what would come of it, in milliseconds. */
const PAUSE = 400;

export function Playground() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/playground" });
  const counts = useQuery(summary);
  const instances = counts.data?.instances ?? [];
  const instance = search.instance ?? instances[0];
  return (
    <>
      <div className="list-head">
        <h1>Mapping</h1>
        {instances.length > 1 && instance ? (
          <label className="check">
            Catalog
            <select value={instance} onChange={(event) => void navigate({ search: { instance: event.target.value } })}>
              {instances.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        ) : null}
      </div>
      <p className="quiet lead">
        Try out where fields are read and which rules are tried. Nothing is saved: what you see is what would come of
        it.
      </p>
      {instance ? (
        <OfInstance key={instance} instance={instance} />
      ) : (
        <Answer of={counts} rows={6}>
          {() => (
            <Empty title="There is no catalog">
              A catalog has to be configured before its mapping can be tried out.
            </Empty>
          )}
        </Answer>
      )}
    </>
  );
}

function OfInstance({ instance }: { instance: string }) {
  return (
    <Answer of={useQuery(mapping(instance))} rows={6}>
      {(stands) => <Editor mapping={stands} />}
    </Answer>
  );
}

function Editor({ mapping }: { mapping: Mapping }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/playground" });
  const [settings, setSettings] = useState<Settings>(() => read(search, mapping));
  const answer = useQuery(preview(request(search, mapping.instance)));

  // Whoever goes back in the browser, or is at the page by another address, sees that.
  const address = JSON.stringify({ ...search, instance: mapping.instance });
  const wanted = JSON.stringify(write(settings, mapping));
  const [shown, setShown] = useState(address);
  const [wrote, setWrote] = useState(address);
  if (shown !== address) {
    setShown(address);
    if (address !== wrote && address !== wanted) {
      setSettings(read(search, mapping));
    }
  }

  useEffect(() => {
    if (wanted === address) {
      return;
    }
    const timer = window.setTimeout(() => {
      setWrote(wanted);
      void navigate({ search: write(settings, mapping), replace: true });
    }, PAUSE);
    return () => window.clearTimeout(timer);
  }, [settings, mapping, wanted, address, navigate]);

  const problem = answer.error instanceof ApiError ? answer.error.problem : undefined;
  const faults: ProblemFault[] = problem?.faults ?? [];
  const waits = answer.isFetching || wanted !== address;
  const differs = wanted !== JSON.stringify({ instance: mapping.instance });
  return (
    <div className="playground">
      <form className="playground-form" aria-label="Settings" onSubmit={(event) => event.preventDefault()}>
        {mapping.label_map_previews ? null : (
          <p className="banner">
            This catalog cannot be read again for a preview now: its paths cannot be tried out here, and its status says
            why. The rules can.
          </p>
        )}
        {FIELDS.map(({ key }) => (
          <PathList
            key={key}
            field={key}
            {...TITLES[key]}
            paths={settings.paths[key]}
            faults={faults.filter(({ parameter }) => parameter === `label_map.${key}`)}
            fixed={!mapping.label_map_previews}
            change={(paths) => setSettings({ ...settings, paths: { ...settings.paths, [key]: paths } })}
          />
        ))}
        <RuleList
          rules={settings.rules}
          faults={faults.filter(({ parameter }) => parameter === "match_rules")}
          change={(rules) => setSettings({ ...settings, rules })}
        />
        <label className="check">
          <input
            type="checkbox"
            checked={settings.honors}
            onChange={(event) => setSettings({ ...settings, honors: event.target.checked })}
          />
          <span>
            <code>backstage.io/kubernetes-cluster</code> narrows a component to that cluster
          </span>
        </label>
        <div className="actions">
          <button type="button" className="button" disabled={!differs} onClick={() => setSettings(standing(mapping))}>
            Back to what stands
          </button>
        </div>
      </form>
      <Result answer={answer} waits={waits} differs={differs} faulty={faults.length > 0} />
    </div>
  );
}
