// Labels as filters and as columns.
import { useState } from "react";
import type { ServicesSearch } from "../../app/router";

type Props = {
  labels: string[];
  columns: string[];
  prefix: string;
  change: (part: Partial<ServicesSearch>) => void;
};

/** The labels that every stitched Service has (S16), without the prefix. */
const KNOWN = [
  "backstage-component-type",
  "backstage-owner-source",
  "backstage-owner-kind",
  "backstage-kubernetes-id",
  "backstage-kubernetes-namespace",
  "backstage-scraper",
];

export function LabelBar({ labels, columns, prefix, change }: Props) {
  const [text, setText] = useState("");
  const free = KNOWN.map((key) => `${prefix}/${key}`).filter((key) => !columns.includes(key));

  return (
    <div className="chips">
      {labels.map((label) => (
        <Chip key={label} remove={() => change({ label: rest(labels, label) })} what={`filter ${label}`}>
          <code>{label}</code>
        </Chip>
      ))}
      {columns.map((column) => (
        <Chip key={column} remove={() => change({ column: rest(columns, column) })} what={`column ${column}`}>
          column <code>{column}</code>
        </Chip>
      ))}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== "") {
            change({ label: [...labels, text.trim()] });
            setText("");
          }
        }}
      >
        <input
          value={text}
          onChange={(event) => setText(event.target.value)}
          placeholder="label=value"
          aria-label="Filter by a label"
          spellCheck={false}
        />
      </form>
      <select
        aria-label="Show a label as column"
        value=""
        onChange={(event) => change({ column: [...columns, event.target.value] })}
      >
        <option value="">Add a column…</option>
        {free.map((key) => (
          <option key={key}>{key}</option>
        ))}
      </select>
    </div>
  );
}

function Chip({ children, remove, what }: { children: React.ReactNode; remove: () => void; what: string }) {
  return (
    <span className="chip">
      {children}
      <button type="button" aria-label={`Remove ${what}`} onClick={remove}>
        ×
      </button>
    </span>
  );
}

function rest(all: string[], without: string): string[] | undefined {
  const left = all.filter((item) => item !== without);
  return left.length > 0 ? left : undefined;
}
