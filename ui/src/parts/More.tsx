/** Asks for the next items of a list, where there are more. */
export function More({
  of,
  label = "More",
}: {
  of: { hasNextPage: boolean; fetchNextPage: () => unknown };
  label?: string;
}) {
  return of.hasNextPage ? (
    <button type="button" className="button" onClick={() => void of.fetchNextPage()}>
      {label}
    </button>
  ) : null;
}
