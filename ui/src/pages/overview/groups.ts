// What waits for a decision, by reason: the list behind each, and what to paste for all of it.
import type { Query } from "../../api/client";
import type { ComponentRow, SummaryAnswer, Verdict } from "../../api/types";

export type Group = {
  key: string;
  title: string;
  /** What helps, in a sentence. */
  help: string;
  count: number;
  /** Which components are in it; absent: it is about Services. */
  components?: Query;
};

const BY_VERDICT: [Exclude<Verdict, "stitched">, string, string][] = [
  ["service-not-found", "Components name a Service that is not there", "Mend the name, or remove the annotation."],
  ["no-kubernetes-id", "Components name no Service", "Annotate those that run; ignore those that do not."],
  ["ambiguous", "Components name several Services", "Say the namespace, or pin one."],
  ["conflict", "Components claim a Service that another has", "Prefer one of them, or mend the annotation."],
  ["invalid", "Components cannot be used", "Mend the field that is named."],
];

/** The groups that hold anything, the biggest first; equal ones stay in the order of the contract. */
export function groups(known: SummaryAnswer): Group[] {
  const all: Group[] = BY_VERDICT.map(([verdict, title, help]) => ({
    key: verdict,
    title,
    help,
    count: known.verdicts[verdict],
    components: { verdict, ignored: false },
  }));
  all.push(
    {
      key: "unresolved",
      title: "Components name an owner who is not there",
      help: "Mend the reference, or add the Group.",
      count: known.owners.unresolved,
      components: { owner_state: "unresolved", ignored: false },
    },
    {
      key: "unclaimed",
      title: "Services that no component claims",
      help: "Add a component, or ignore what nobody need own.",
      count: known.service_states.unclaimed,
    },
  );
  return all.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
}

/** What to paste for all of a group: each fix under the component that it is for, and that there are more, where there are. */
export function patch({ items, more }: { items: ComponentRow[]; more: boolean }): string {
  const fixes = items
    .filter((row) => row.fix)
    .map((row) => `# ${row.ref} of catalog ${row.instance}, cluster ${row.cluster}\n${row.fix}\n`);
  return [...fixes, ...(more ? ["# There are more: `backstitch suggest` writes all of them.\n"] : [])].join("\n");
}
