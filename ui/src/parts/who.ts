// Who looks, what they may do, and under what name they decide.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { session } from "../api/queries";
import type { Role } from "../api/types";

/** Each may do what those before it may. */
const ROLES: Role[] = ["viewer", "editor", "admin"];

/** Where the name is kept that somebody gives who need not sign in. */
const KEY = "backstitch.author";

export function reaches(role: Role | undefined, needed: Role): boolean {
  return role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Whether who looks may do what takes that role; `whole`: not for some teams alone. */
export function useMay(needed: Role, whole = false): boolean {
  const { data } = useQuery(session);
  return reaches(data?.role ?? undefined, needed) && !(whole && (data?.teams?.length ?? 0) > 0);
}

export type Author = {
  /** The name; empty: not given yet. */
  name: string;
  /** Gives another name; absent: the server knows who it is. */
  give: ((name: string) => void) | undefined;
  /** Keeps the name for the next time. */
  keep: () => void;
};

/** Under what name who looks decides. */
export function useAuthor(): Author {
  const { data } = useQuery(session);
  const [given, give] = useState(() => localStorage.getItem(KEY) ?? "");
  if (data?.name) {
    return { name: data.name, give: undefined, keep: () => {} };
  }
  return { name: given, give, keep: () => localStorage.setItem(KEY, given) };
}
