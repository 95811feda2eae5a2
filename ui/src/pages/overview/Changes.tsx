import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { history } from "../../api/queries";
import { ChangeList } from "../../parts/ChangeList";
import { Failure, Loading } from "../../parts/States";

const DAY = 86_400_000;

export function Changes() {
  // Fixed while the page is open, so that the question stays the same one.
  const [since] = useState(() => new Date(Date.now() - DAY).toISOString());
  const list = useInfiniteQuery(history({ since }));
  if (list.isPending) {
    return <Loading />;
  }
  if (list.isError) {
    return <Failure error={list.error} retry={() => void list.refetch()} />;
  }
  return (
    <ChangeList
      entries={list.data.pages.flatMap((page) => page.items)}
      more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
      none="Nothing changed hands."
    />
  );
}
