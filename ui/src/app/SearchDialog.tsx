// Search from anywhere: type a name, go there by Enter; the owner stands beside it, so that often nobody has to go.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useState } from "react";
import { serviceName } from "../api/paths";
import { found } from "../api/queries";
import type { Found } from "../api/types";
import { useModal } from "../parts/modal";
import { Failure } from "../parts/States";

const KINDS: Record<string, string> = {
  service: "Service",
  component: "Component",
  owner: "Owner",
  workload: "Workload",
};

export function SearchDialog({ close }: { close: () => void }) {
  const dialog = useModal();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const navigate = useNavigate();
  const query = useQuery({ ...found(text.trim()), enabled: text.trim() !== "", placeholderData: keepPreviousData });
  const items = text.trim() === "" ? [] : (query.data?.items ?? []);
  const chosen = items[Math.min(at, items.length - 1)];

  useEffect(() => setAt(0), [text]);
  useEffect(() => {
    document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [id, at]);

  function go(item: Found): void {
    close();
    if (item.kind === "service" || (item.kind === "workload" && item.service)) {
      const params = serviceName(item.kind === "service" ? item.id : item.service!);
      void navigate({ to: "/services/$cluster/$namespace/$name", params });
    } else if (item.kind === "component") {
      void navigate({ to: "/components/$ref", params: { ref: item.id } });
    } else if (item.kind === "owner") {
      void navigate({ to: "/owners/$ref", params: { ref: item.id } });
    }
  }

  function press(event: React.KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (step !== undefined && items.length > 0) {
      event.preventDefault();
      setAt((now) => (Math.min(now, items.length - 1) + step + items.length) % items.length);
    } else if (event.key === "Enter" && chosen) {
      event.preventDefault();
      go(chosen);
    }
  }

  return (
    <dialog
      ref={dialog}
      className="search"
      aria-label="Search"
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) {
          close();
        }
      }}
    >
      <input
        type="text"
        role="combobox"
        aria-expanded={items.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen ? `${id}-${items.indexOf(chosen)}` : undefined}
        aria-label="Search services, components, owners and pods"
        placeholder="Service, component, owner, pod…"
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={press}
      />
      {query.isError ? <Failure error={query.error} /> : null}
      <ul id={`${id}-list`} role="listbox" aria-label="Found">
        {items.map((item, index) => (
          <li
            key={`${item.kind} ${item.id}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={item === chosen}
            onClick={() => go(item)}
            onMouseMove={() => setAt(index)}
          >
            <span className="found-kind">{item.kind === "workload" ? item.object_kind : KINDS[item.kind]}</span>
            <span className="found-name">
              <strong>{item.name}</strong> <span className="quiet">{item.place}</span>
            </span>
            <span className="found-owner">{item.owner_name ?? (item.kind === "owner" ? "" : "no owner")}</span>
          </li>
        ))}
      </ul>
      <p className="found-none" role="status">
        {text.trim() !== "" && query.isSuccess && items.length === 0 ? `Nothing is named like “${text.trim()}”.` : ""}
      </p>
    </dialog>
  );
}
