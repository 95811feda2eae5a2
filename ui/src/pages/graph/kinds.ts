// The kinds of nodes and edges, with how each is drawn and said.

/** A sign of 16 by 16 for a kind. */
export function sign(kind: string): string {
  switch (kind) {
    case "Service":
      return "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Zm0 3.2a3.3 3.3 0 1 0 0 6.6 3.3 3.3 0 0 0 0-6.6Z";
    case "Component":
      return "M8 1l6.2 3.5v7L8 15l-6.2-3.5v-7Zm0 2.3L4 5.6v4.8l4 2.3 4-2.3V5.6Z";
    case "Pod":
      return "M3 3h10v10H3Zm2 2v6h6V5Z";
    case "Pods":
      return "M1.500 1.500h9v9h-9Zm11 3h2v10h-10v-2h8Z";
    case "Node":
      return "M1.500 2.500h13v4h-13Zm0 7h13v4h-13Z";
    case "Ingress":
    case "HTTPRoute":
    case "GRPCRoute":
      return "M1.500 6.800h8V3l5 5-5 5V9.200h-8Z";
    case "HorizontalPodAutoscaler":
      return "M8 1l4 5H9.200v4H12l-4 5-4-5h2.800V6H4Z";
    case "PersistentVolumeClaim":
      return "M8 1.500c3.500 0 6 1 6 2.500v8c0 1.500-2.500 2.500-6 2.500s-6-1-6-2.500V4c0-1.500 2.500-2.500 6-2.500Z";
    default:
      return "M2 2h5v5H2Zm7 0h5v5H9ZM2 9h5v5H2Zm7 0h5v5H9Z";
  }
}

/** `3 pods`, `1 Node`; counts in words. */
export function some(count: number, kind: string): string {
  if (kind === "Pod" || kind === "Pods") {
    return `${count} ${count === 1 ? "pod" : "pods"}`;
  }
  const many = kind.endsWith("s") ? `${kind}es` : `${kind}s`;
  return `${count} ${count === 1 ? kind : many}`;
}

export const EDGES: Record<string, string> = {
  is: "is",
  selects: "selects",
  "leads-to": "leads by its endpoints to",
  "routes-to": "routes to",
  "depends-on": "depends on",
  owns: "owns",
  scales: "scales",
  mounts: "mounts",
  "runs-on": "runs on",
};
