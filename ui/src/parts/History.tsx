import { useInfiniteQuery } from "@tanstack/react-query";
import type { Query } from "../api/client";
import { history } from "../api/queries";
import { Answer } from "./Answer";
import { ChangeList } from "./ChangeList";
import { More } from "./More";

/** What changed of a Service, a component, an owner, or at all, newest first. */
export function History({ of, none }: { of: Query; none: string }) {
  const list = useInfiniteQuery(history(of));
  return (
    <Answer of={list}>
      {({ pages }) => (
        <>
          <ChangeList entries={pages.flatMap((page) => page.items)} none={none} />
          <More of={list} label="Earlier" />
        </>
      )}
    </Answer>
  );
}
