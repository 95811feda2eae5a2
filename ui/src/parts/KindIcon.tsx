/** A group of people, or one. */
export function KindIcon({ kind }: { kind: string }) {
  return (
    <svg className="kind" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      {kind === "user" ? (
        <path d="M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-5.5 6c0-2.8 2.4-4.5 5.5-4.5s5.5 1.7 5.5 4.5Z" />
      ) : (
        <path d="M5.5 8a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2Zm5.3.2a2.1 2.1 0 1 0 0-4.2 2.1 2.1 0 0 0 0 4.2ZM.8 13.4c0-2.5 2-4 4.7-4s4.7 1.5 4.7 4Zm10.5 0c0-1.6-.5-2.9-1.4-3.8.3-.1.6-.1.9-.1 2.3 0 4.2 1.3 4.2 3.9Z" />
      )}
    </svg>
  );
}
