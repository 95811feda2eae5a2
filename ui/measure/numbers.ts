// Numbers as the tables of the documentation have them.

export function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** The median and the most of each. */
export function row(what: string, ...columns: number[][]): string[] {
  return [what, ...columns.flatMap((numbers) => [shown(median(numbers)), shown(Math.max(...numbers))])];
}

export function table(head: string[], rows: string[][]): void {
  const lines = [head, head.map((_, at) => (at === 0 ? "---" : "---:")), ...rows];
  console.info(lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n"));
}

function shown(milliseconds: number): string {
  return milliseconds < 10 ? milliseconds.toFixed(1) : String(Math.round(milliseconds));
}
