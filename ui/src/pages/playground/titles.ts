// What the fields of a mapping are called, and what they mean.
import type { FieldKey } from "./settings";

export const TITLES: Record<FieldKey, { title: string; means: string }> = {
  component_kubernetes_id: {
    title: "Kubernetes id",
    means: "The name of the Service. The first path that has a value counts.",
  },
  component_kubernetes_namespace: {
    title: "Kubernetes namespace",
    means: "Where the Service is. Without a value, the name has to be the only one in the cluster.",
  },
  component_owner: {
    title: "Owner",
    means: "The first path whose value is a Group or User of the catalog counts.",
  },
};
