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
  /** It is the owners of these that want mending, whatever became of the components. */
  owners?: boolean;
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
      owners: true,
    },
    {
      key: "none",
      title: "Components name no owner",
      help: "Say which Group has them.",
      count: known.owners.none,
      components: { owner_state: "none", ignored: false },
      owners: true,
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

/** Why a component waits in a group, and what helps. */
export function remedy(row: ComponentRow, { owners }: Pick<Group, "owners">): { reason: string; fix?: string | null } {
  return owners ? { reason: row.owner.reason ?? row.reason, fix: row.owner.fix ?? null } : row;
}

/** What to paste for all of a group: each fix under the component that it is for, and that there are more, where there are. */
export function patch(group: Pick<Group, "owners">, { items, more }: { items: ComponentRow[]; more: boolean }): string {
  // An owner is the same one in every cluster.
  const fixes = new Map<string, string>();
  for (const row of items) {
    const { fix } = remedy(row, group);
    const place = group.owners ? "" : `, cluster ${row.cluster}`;
    if (fix) {
      fixes.set(`# ${row.ref} of catalog ${row.instance}${place}\n`, `${fix}\n`);
    }
  }
  const rest = more ? ["# There are more: copy again once these are mended.\n"] : [];
  return [...[...fixes].map(([head, fix]) => head + fix), ...rest].join("\n");
}
