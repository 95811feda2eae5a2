// A pin wants a component: it is looked for by name, and then decided like everything else.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { get } from "../../api/client";
import type { ComponentRow, Page } from "../../api/types";
import { DecideDialog } from "../../parts/DecideDialog";
import { Failure } from "../../parts/States";

/** How many components are offered. */
const OFFERED = 8;

type Choice = { component: string; instance: string };

export function PinDialog({ service, close }: { service: string; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [choice, setChoice] = useState<Choice>();
  const list = useQuery({
    queryKey: ["components", "pin", text],
    queryFn: ({ signal }) => get<Page<ComponentRow>>("/components", { q: text, limit: 100 }, signal),
    placeholderData: keepPreviousData,
  });

  useEffect(() => {
    if (!choice) {
      dialog.current?.showModal();
    }
  }, [choice]);

  if (choice) {
    return (
      <DecideDialog
        title="Pin a component"
        proposal={{ kind: "pin", service, ...choice }}
        wantsReason={false}
        ends
        close={close}
      >
        <code>{choice.component}</code> of catalog {choice.instance} is <code>{service}</code>, whatever its fields say.
      </DecideDialog>
    );
  }
  const seen = new Map<string, Choice>();
  for (const { ref, instance } of list.data?.items ?? []) {
    seen.set(`${ref} ${instance}`, { component: ref, instance });
  }
  return (
    <dialog ref={dialog} onClose={close} aria-label="Which component is it?">
      <h2>Which component is it?</h2>
      <input
        type="search"
        aria-label="Name of the component"
        placeholder="Name of the component"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {list.isError ? <Failure error={list.error} /> : null}
      <ul className="choices">
        {[...seen.values()].slice(0, OFFERED).map((item) => (
          <li key={`${item.component} ${item.instance}`}>
            <button type="button" onClick={() => setChoice(item)}>
              <code>{item.component}</code> <span className="quiet">{item.instance}</span>
            </button>
          </li>
        ))}
      </ul>
      <div className="actions">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
      </div>
    </dialog>
  );
}
