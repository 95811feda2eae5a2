// Groups as a tree. What a catalog says of parents may lead in circles, or nowhere.
import type { Team } from "../../api/types";

export type Node = { team: Team; children: Node[] };

/** The roots with all below them, by name. A Group whose parent is not there is a root; so is the first of a circle. */
export function tree(teams: Team[]): Node[] {
  const nodes = new Map(teams.map((team) => [key(team.instance, team.ref), { team, children: [] as Node[] }]));
  const placed = new Set<Node>();
  const roots: Node[] = [];

  function leadsBack(node: Node): boolean {
    const seen = new Set<Node>();
    let at: Node | undefined = node;
    while (at && !seen.has(at)) {
      seen.add(at);
      at = parentOf(at);
    }
    return at === node && [...seen].every((other) => !placed.has(other));
  }
  function parentOf({ team }: Node): Node | undefined {
    return team.parent ? nodes.get(key(team.instance, team.parent)) : undefined;
  }

  for (const node of nodes.values()) {
    const parent = parentOf(node);
    if (!parent || leadsBack(node)) {
      roots.push(node);
    } else {
      parent.children.push(node);
    }
    placed.add(node);
  }
  nodes.forEach(({ children }) => children.sort(byName));
  return roots.sort(byName);
}

/** What is left when only Groups with a text in their name stay, and those that lead to them. */
export function narrowed(nodes: Node[], text: string): Node[] {
  const wanted = text.toLowerCase();
  return nodes.flatMap((node) => {
    const own = `${node.team.display_name} ${node.team.ref}`.toLowerCase().includes(wanted);
    const children = own ? node.children : narrowed(node.children, text);
    return own || children.length > 0 ? [{ team: node.team, children }] : [];
  });
}

function byName(a: Node, b: Node): number {
  return a.team.display_name.localeCompare(b.team.display_name) || a.team.ref.localeCompare(b.team.ref);
}

function key(instance: string, ref: string): string {
  return `${instance} ${ref}`;
}
