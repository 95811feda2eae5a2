/** A sentence of the server's, in which names stand between backticks. It is text, whatever it contains. */
export function Prose({ text }: { text: string }) {
  // Every other part stood between two backticks; one that is not closed stays as it is.
  const parts = text.split("`");
  const closed = parts.length % 2 === 1;
  return parts.map((part, index) => {
    if (index % 2 === 0) {
      return part;
    }
    return closed || index < parts.length - 1 ? <code key={index}>{part}</code> : `\`${part}`;
  });
}
