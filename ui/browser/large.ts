// A namespace around which there are 2,000 nodes, as many as a graph has at most.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type Program, SHOP, start } from "./program";

/** Where its graph is. */
export const LARGE = "/graph?focus=namespace%3Ak8s%2Fbig&depth=3&limit=2000";

/** As many Services as make them, each with a component, a Deployment, an autoscaler, a claim and six pods on Nodes that they share. */
const SERVICES = 325;

function manifests(): string {
  const objects: object[] = [];
  for (let at = 0; at < SERVICES; at += 1) {
    const name = `service-${at}`;
    const metadata = { name, namespace: "big", uid: `uid-${at}` };
    const template = {
      metadata: { labels: { app: name } },
      spec: { volumes: [{ name: "data", persistentVolumeClaim: { claimName: name } }] },
    };
    objects.push(
      { apiVersion: "v1", kind: "Service", metadata, spec: { selector: { app: name } } },
      { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { selector: {}, template } },
      { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata },
      {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        metadata,
        spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name } },
      },
    );
    for (let pod = 0; pod < 6; pod += 1) {
      const owner = { apiVersion: "apps/v1", kind: "Deployment", name, uid: `uid-${at}`, controller: true };
      objects.push({
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          name: `${name}-${pod}`,
          namespace: "big",
          labels: { app: name },
          ownerReferences: [owner],
        },
        spec: { nodeName: `machine-${(at * 7 + pod * 3) % 50}` },
      });
    }
  }
  return objects.map((object) => JSON.stringify(object)).join("\n---\n");
}

function catalog(): string {
  const entities = Array.from({ length: SERVICES }, (_, at) => ({
    apiVersion: "backstage.io/v1alpha1",
    kind: "Component",
    metadata: {
      name: `service-${at}`,
      annotations: { "backstage.io/kubernetes-id": `service-${at}`, "backstage.io/kubernetes-namespace": "big" },
    },
    spec: { type: "service", lifecycle: "production", owner: `team-${at % 23}` },
  }));
  const teams = Array.from({ length: 23 }, (_, at) => ({
    apiVersion: "backstage.io/v1alpha1",
    kind: "Group",
    metadata: { name: `team-${at}` },
    spec: { type: "team", children: [], profile: { displayName: `Team ${at}` } },
  }));
  return [...entities, ...teams].map((entity) => JSON.stringify(entity)).join("\n---\n");
}

/** The program over it, once the answer is whole. */
export async function large(): Promise<Program> {
  const program = await start("shop", SHOP, async (folder) => {
    await writeFile(join(folder, "k8s/big.yaml"), manifests());
    await writeFile(join(folder, "catalog/components/big.yaml"), catalog());
  });
  const deadline = Date.now() + 40_000;
  for (;;) {
    const answer = await fetch(`${program.url}/api/v1${LARGE}`);
    const nodes = answer.ok ? ((await answer.json()) as { nodes: { owner?: string }[] }).nodes : [];
    if (nodes.length === 2_000 && nodes.filter(({ owner }) => owner).length === 1_950) {
      return program;
    }
    expect(Date.now(), `${answer.status}, ${nodes.length} nodes`).toBeLessThan(deadline);
    await new Promise((done) => setTimeout(done, 200));
  }
}
