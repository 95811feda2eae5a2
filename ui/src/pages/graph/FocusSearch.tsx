// Where the graph begins: found by name, as everywhere.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { found } from "../../api/queries";
import type { Found } from "../../api/types";

/** What a graph can begin with: a Service, an owner, or the Service that a workload belongs to. */
function focusOf(item: Found): string | undefined {
  if (item.kind === "service" || item.kind === "owner") {
    return item.id;
  }
  return item.kind === "workload" ? (item.service ?? undefined) : undefined;
}

export function FocusSearch({ autoFocus = false }: { autoFocus?: boolean }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const navigate = useNavigate();
  const asked = text.trim();
  const query = useQuery({ ...found(asked), enabled: asked !== "", placeholderData: keepPreviousData });
  const items = asked === "" ? [] : (query.data?.items ?? []).filter((item) => focusOf(item) !== undefined);
  const chosen = Math.min(at, items.length - 1);

  function go(item: Found | undefined): void {
    const focus = item && focusOf(item);
    if (focus) {
      setText("");
      setAt(0);
      void navigate({ to: "/graph", search: { focus } });
    }
  }

  function press(event: React.KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && items.length > 0) {
      event.preventDefault();
      setAt((chosen + step + items.length) % items.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(items[chosen]);
    } else if (event.key === "Escape") {
      setText("");
    }
  }

  return (
    <div className="focus-search">
      <input
        type="text"
        role="combobox"
        aria-expanded={items.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={items.length > 0 ? `${id}-${chosen}` : undefined}
        aria-label="Begin with a Service, an owner or a pod"
        placeholder="Begin with a Service, an owner, a pod…"
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        autoFocus={autoFocus}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <ul id={`${id}-list`} role="listbox" aria-label="Where to begin" hidden={items.length === 0}>
        {items.map((item, index) => (
          <li
            key={`${item.kind} ${item.id}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            onClick={() => go(item)}
          >
            <strong>{item.name}</strong>{" "}
            <span className="quiet">
              {item.kind === "workload" ? `${item.object_kind} of ${item.service}` : `${item.kind} in ${item.place}`}
            </span>
          </li>
        ))}
      </ul>
      {asked !== "" && query.isSuccess && items.length === 0 ? (
        <p className="quiet" role="status">
          Nothing that a graph can begin with is named like “{asked}”.
        </p>
      ) : null}
    </div>
  );
}
