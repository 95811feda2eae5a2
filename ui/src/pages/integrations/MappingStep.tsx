// How components are mapped: by the fields of the playground, or as the text that the Secret has.
import { PathList } from "../playground/PathList";
import { RuleList } from "../playground/RuleList";
import { FIELDS } from "../playground/settings";
import { TITLES } from "../playground/titles";
import { DEFAULT_MAPPING, type Draft, type MappingForm, settings } from "./draft";

type Props = { draft: Draft; cluster: string; clusters: string[]; change: (draft: Draft) => void };

export function MappingStep({ draft, cluster, clusters, change }: Props) {
  const { form } = draft;
  if (!form) {
    return (
      <div className="fields">
        <label>
          Settings
          <textarea
            rows={10}
            className="code"
            spellCheck={false}
            maxLength={60_000}
            value={draft.text}
            onChange={(event) => change({ ...draft, text: event.target.value })}
          />
          <span className="quiet">YAML, with the keys that an instance of the configuration may have.</span>
        </label>
        {draft.text.trim() === "" ? (
          <div className="actions">
            <button type="button" className="button small" onClick={() => change({ ...draft, form: DEFAULT_MAPPING })}>
              Write it by fields
            </button>
          </div>
        ) : null}
      </div>
    );
  }
  const set = (part: Partial<MappingForm>) => change({ ...draft, form: { ...form, ...part } });
  return (
    <div className="fields playground-form">
      <p className="quiet">What is left as it is here is not written, and stays as by default.</p>
      {FIELDS.map(({ key }) => (
        <PathList
          key={key}
          field={key}
          {...TITLES[key]}
          paths={form.paths[key]}
          faults={[]}
          fixed={false}
          change={(paths) => set({ paths: { ...form.paths, [key]: paths } })}
        />
      ))}
      <RuleList rules={form.rules} faults={[]} change={(rules) => set({ rules })} />
      <label>
        Clusters
        <select value={form.clusters} onChange={(event) => set({ clusters: event.target.value })}>
          <option value="">that of the Secret ({cluster})</option>
          <option value="all">all of them</option>
          {[...new Set([...clusters, form.clusters])]
            .filter((name) => name !== "" && name !== "all")
            .map((name) => (
              <option key={name}>{name}</option>
            ))}
        </select>
        <span className="quiet">Where its components are looked for.</span>
      </label>
      <label>
        Read every
        <input
          value={form.interval}
          placeholder="5m"
          pattern="([0-9]+(ms|s|m|min|h|d))+"
          title="Such as 30s, 5m or 1h30m"
          onChange={(event) => set({ interval: event.target.value })}
        />
      </label>
      <label className="check">
        <input type="checkbox" checked={form.honors} onChange={(event) => set({ honors: event.target.checked })} />
        <span>
          <code>backstage.io/kubernetes-cluster</code> narrows a component to that cluster
        </span>
      </label>
      <div>
        <button
          type="button"
          className="button small"
          onClick={() => change({ ...draft, form: undefined, text: settings(form) })}
        >
          Write it as a text
        </button>
      </div>
    </div>
  );
}
