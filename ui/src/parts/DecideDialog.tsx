// The form by which a person decides what no source can say.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { post } from "../api/client";
import type { Decision, DecisionRequest } from "../api/types";
import { after, Ends } from "./Ends";
import { useModal } from "./modal";
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
  const dialog = useModal();
  const author = useAuthor();
  const [reason, setReason] = useState("");
  const [days, setDays] = useState(ends ? LASTS : "");
  const id = useId();
  const client = useQueryClient();
  const decide = useMutation({
    mutationFn: () => {
      const until = days ? after(days) : undefined;
      return post<Decision>("/decisions", { ...proposal, author: author.name, reason, until });
    },
    onSuccess: async () => {
      author.keep();
      await client.invalidateQueries();
      done?.();
      close();
    },
  });

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
          <Ends label="Until" days={days} choose={setDays}>
            <option value="">somebody ends it</option>
          </Ends>
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
