// A list of paths in the order in which they are tried, each with what is wrong with it.
import { useId } from "react";
import type { ProblemFault } from "../../api/types";
import { Prose } from "../../parts/Prose";
import { type FieldKey, moved } from "./settings";

/** What is often written there. */
const SUGGESTED: Record<FieldKey, string[]> = {
  component_kubernetes_id: [
    "annotations.backstage.io/kubernetes-id",
    "labels.backstage.io/kubernetes-id",
    "labels.app.kubernetes.io/name",
    "metadata.name",
    "metadata.title",
  ],
  component_kubernetes_namespace: [
    "annotations.backstage.io/kubernetes-namespace",
    "labels.backstage.io/kubernetes-namespace",
    "metadata.namespace",
    "spec.system",
  ],
  component_owner: ["spec.owner", "annotations.backstage.io/owner", "relations.ownedBy", "labels.team", "spec.team"],
};

export function PathList({
  field,
  title,
  means,
  paths,
  faults,
  fixed,
  change,
}: {
  field: FieldKey;
  title: string;
  means: string;
  paths: string[];
  faults: ProblemFault[];
  fixed: boolean;
  change: (paths: string[]) => void;
}) {
  const id = useId();
  const known = SUGGESTED[field].filter((path) => !paths.includes(path));
  const atAll = faults.filter(({ value }) => value == null);
  return (
    <fieldset disabled={fixed}>
      <legend>
        {title} <code className="quiet">{field}</code>
      </legend>
      <p className="quiet">{means}</p>
      <datalist id={`${id}-known`}>
        {known.map((path) => (
          <option key={path} value={path} />
        ))}
      </datalist>
      <ol className="editable">
        {paths.map((path, at) => {
          const fault = faults.find(({ value }) => value != null && value === path.trim());
          const name = `${title}, path ${at + 1}`;
          return (
            <li key={at}>
              <div className="line">
                <input
                  aria-label={name}
                  aria-invalid={fault ? true : undefined}
                  aria-describedby={fault ? `${id}-${at}` : undefined}
                  list={`${id}-known`}
                  spellCheck={false}
                  autoCapitalize="none"
                  autoComplete="off"
                  maxLength={300}
                  placeholder={SUGGESTED[field][0]}
                  value={path}
                  onChange={(event) => change(paths.map((it, place) => (place === at ? event.target.value : it)))}
                />
                <LineButtons list={paths} at={at} name={name} change={change} />
              </div>
              {fault ? (
                <p className="line-fault" id={`${id}-${at}`} role="alert">
                  <span>
                    <Prose text={fault.detail} />
                  </span>
                  {fault.nearest ? (
                    <button
                      type="button"
                      className="button small"
                      onClick={() => change(paths.map((it, place) => (place === at ? fault.nearest! : it)))}
                    >
                      Use {fault.nearest}
                    </button>
                  ) : null}
                </p>
              ) : null}
            </li>
          );
        })}
      </ol>
      {atAll.map(({ detail }) => (
        <p className="line-fault" key={detail} role="alert">
          <span>
            <Prose text={detail} />
          </span>
        </p>
      ))}
      <button type="button" className="button small" onClick={() => change([...paths, ""])}>
        Add a path
      </button>
    </fieldset>
  );
}

/** Up, down, and away; the last of a list stays. */
export function LineButtons({
  list,
  at,
  name,
  change,
}: {
  list: string[];
  at: number;
  name: string;
  change: (list: string[]) => void;
}) {
  return (
    <span className="line-buttons">
      <button
        type="button"
        className="button small"
        aria-label={`Move up: ${name}`}
        title="Up"
        disabled={at === 0}
        onClick={() => change(moved(list, at, at - 1))}
      >
        <span aria-hidden="true">↑</span>
      </button>
      <button
        type="button"
        className="button small"
        aria-label={`Move down: ${name}`}
        title="Down"
        disabled={at === list.length - 1}
        onClick={() => change(moved(list, at, at + 1))}
      >
        <span aria-hidden="true">↓</span>
      </button>
      <button
        type="button"
        className="button small"
        aria-label={`Remove: ${name}`}
        title="Remove"
        disabled={list.length === 1}
        onClick={() => change(list.filter((_, place) => place !== at))}
      >
        <span aria-hidden="true">✕</span>
      </button>
    </span>
  );
}
