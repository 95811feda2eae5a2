// The place and the name of the Secret; a place that the cluster does not permit says the commands that do.
import type { Integrations } from "../../api/types";
import { CopyButton } from "../../parts/CopyButton";
import { Prose } from "../../parts/Prose";
import { Empty } from "../../parts/States";
import type { Place } from "./draft";

type Props = {
  found: Integrations;
  place: Place;
  chosen: Integrations["places"][number] | undefined;
  change: (place: Place) => void;
};

export function Where({ found, place, chosen, change }: Props) {
  if (found.places.length === 0) {
    return (
      <Empty title="There is no place to write to">
        No namespace is configured in which Secrets are looked for: <code>secrets</code> of the configuration names
        them.
      </Empty>
    );
  }
  const taken = found.instances.some(({ name }) => name === place.name);
  return (
    <div className="fields">
      <p className="quiet">
        The address and the token are kept as a Secret of Kubernetes, and nowhere else. It is found by its label, and
        the catalog is read at once.
      </p>
      <label>
        Cluster and namespace
        <select
          value={`${place.cluster}/${place.namespace}`}
          onChange={(event) => {
            const [cluster, namespace] = event.target.value.split("/");
            change({ ...place, cluster: cluster!, namespace: namespace! });
          }}
        >
          {found.places.map(({ cluster, namespace }) => (
            <option key={`${cluster}/${namespace}`}>{`${cluster}/${namespace}`}</option>
          ))}
        </select>
      </label>
      <label>
        Name
        <input
          required
          value={place.name}
          maxLength={253}
          pattern="[a-z0-9]([a-z0-9.\-]*[a-z0-9])?"
          title="Lower case letters, digits, - and ."
          spellCheck={false}
          autoCapitalize="none"
          onChange={(event) => change({ ...place, name: event.target.value })}
        />
        <span className="quiet">The Secret and the catalog are called so.</span>
      </label>
      {taken ? (
        <p className="banner warn" role="status">
          There is a catalog <code>{place.name}</code> already. Choose another name, or edit that one.
        </p>
      ) : null}
      {chosen && !chosen.permitted ? (
        <div className="failure" role="alert">
          <strong>
            <Prose text={chosen.problem ?? "The cluster does not permit it."} />
          </strong>
          {chosen.remedy ? (
            <>
              <p className="hint">
                <Prose text={chosen.remedy} />
              </p>
              <CopyButton text={commands(chosen.remedy)} label="Copy the commands" />
            </>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}

/** What stands between backticks and is a command, one a line. */
function commands(text: string): string {
  const parts = text.split("`").filter((part, at) => at % 2 === 1 && part.startsWith("kubectl "));
  return parts.length > 0 ? parts.join("\n") : text;
}
