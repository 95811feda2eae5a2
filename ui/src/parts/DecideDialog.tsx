// The form by which a person decides what no source can say.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { post } from "../api/client";
import type { Decision, DecisionRequest } from "../api/types";
import { Failure } from "./States";
import { useAuthor } from "./who";

/** What is decided, before the person has said who they are and why. */
export type Proposal = Omit<DecisionRequest, "author" | "reason" | "until">;

/** After how many days an ignored thing is asked about again, unless the person says otherwise. */
const LASTS = "90";

type Props = {
  title: string;
  children: React.ReactNode;
  proposal: Proposal;
  /** Whether a reason must be given. */
  wantsReason: boolean;
  /** Whether the decision can end by itself. */
  ends: boolean;
  close: () => void;
  done?: () => void;
};

export function DecideDialog({ title, children, proposal, wantsReason, ends, close, done }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const author = useAuthor();
  const [reason, setReason] = useState("");
  const [days, setDays] = useState(ends ? LASTS : "");
  const id = useId();
  const client = useQueryClient();
  const decide = useMutation({
    mutationFn: () => {
      const until = days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : undefined;
      return post<Decision>("/decisions", { ...proposal, author: author.name, reason, until });
    },
    onSuccess: async () => {
      author.keep();
      await client.invalidateQueries();
      done?.();
      close();
    },
  });

  useEffect(() => dialog.current?.showModal(), []);

  return (
    <dialog ref={dialog} onClose={close} aria-labelledby={`${id}-title`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          decide.mutate();
        }}
      >
        <h2 id={`${id}-title`}>{title}</h2>
        <div className="explained">{children}</div>
        {author.give ? (
          <label>
            Your name
            <input
              value={author.name}
              onChange={(event) => author.give?.(event.target.value)}
              required
              maxLength={200}
            />
          </label>
        ) : null}
        <label>
          Why{wantsReason ? "" : " (optional)"}
          <textarea
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            required={wantsReason}
            maxLength={2000}
            rows={3}
          />
        </label>
        {ends ? (
          <label>
            Until
            <select value={days} onChange={(event) => setDays(event.target.value)}>
              <option value="7">in a week</option>
              <option value="30">in 30 days</option>
              <option value="90">in 90 days</option>
              <option value="365">in a year</option>
              <option value="">somebody ends it</option>
            </select>
          </label>
        ) : null}
        {decide.isError ? <Failure error={decide.error} /> : null}
        <div className="actions">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={decide.isPending}>
            {decide.isPending ? "Deciding…" : "Decide"}
          </button>
        </div>
      </form>
    </dialog>
  );
}
