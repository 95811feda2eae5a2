// The form that makes a token, and the only place where it is ever shown.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { post } from "../../api/client";
import type { NewApiToken, Role } from "../../api/types";
import { CopyButton } from "../../parts/CopyButton";
import { after, Ends } from "../../parts/Ends";
import { useModal } from "../../parts/modal";
import { Failure } from "../../parts/States";
import { moment } from "../../parts/time";
import { ROLES } from "./roles";

export function MakeToken({ close }: { close: () => void }) {
  const dialog = useModal();
  const id = useId();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [teams, setTeams] = useState("");
  const [days, setDays] = useState("90");
  const make = useMutation({
    mutationFn: () =>
      post<NewApiToken>("/tokens", {
        name,
        role,
        teams: role === "editor" ? teams.split(/[\s,]+/).filter(Boolean) : [],
        expires: after(days),
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });

  return (
    <dialog ref={dialog} onClose={close} aria-labelledby={`${id}-title`}>
      {make.data ? (
        <Made of={make.data} id={id} close={() => dialog.current?.close()} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate();
          }}
        >
          <h2 id={`${id}-title`}>Make a token</h2>
          <label>
            What is it for?
            <input value={name} onChange={(event) => setName(event.target.value)} required maxLength={200} autoFocus />
          </label>
          <fieldset>
            <legend>What may it do?</legend>
            {(Object.keys(ROLES) as Role[]).map((one) => (
              <label key={one} className="check">
                <input type="radio" name="role" checked={role === one} onChange={() => setRole(one)} />{" "}
                {ROLES[one].label} <span className="quiet">{ROLES[one].means}</span>
              </label>
            ))}
          </fieldset>
          {role === "editor" ? (
            <label>
              For what these teams have (optional)
              <input
                value={teams}
                onChange={(event) => setTeams(event.target.value)}
                placeholder="group:default/payments"
                spellCheck={false}
              />
            </label>
          ) : null}
          <Ends label="It ends" days={days} choose={setDays} />
          {make.isError ? <Failure error={make.error} /> : null}
          <div className="actions">
            <button type="button" className="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" className="button primary" disabled={make.isPending}>
              {make.isPending ? "Making…" : "Make it"}
            </button>
          </div>
        </form>
      )}
    </dialog>
  );
}

function Made({ of, id, close }: { of: NewApiToken; id: string; close: () => void }) {
  return (
    <div className="made">
      <h2 id={`${id}-title`}>The token “{of.made.name}”</h2>
      <p className="explained">Copy it now: nobody can be shown it again. It ends {moment(of.made.expires)}.</p>
      <pre className="secret" tabIndex={0} aria-label="The token">
        {of.token}
      </pre>
      <div className="actions">
        <CopyButton text={of.token} label="Copy the token" />
        <button type="button" className="button primary" onClick={close}>
          Done
        </button>
      </div>
    </div>
  );
}
