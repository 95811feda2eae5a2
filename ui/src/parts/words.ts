// The closed lists of words, with how each is shown and what it means.
import type { OwnerState, ServiceState, Verdict } from "../api/types";

/** Colour is never alone: each tone has a sign of its own, and the word beside it. */
export type Tone = "good" | "warn" | "bad" | "info" | "idle";

export const SIGNS: Record<Tone, string> = { good: "✓", warn: "!", bad: "✕", info: "i", idle: "–" };

type Meaning = { tone: Tone; label: string; means: string };

export const VERDICTS: Record<Verdict, Meaning> = {
  stitched: { tone: "good", label: "stitched", means: "is linked to at least one Service" },
  "no-kubernetes-id": { tone: "idle", label: "no Kubernetes id", means: "names no Service in any field" },
  "service-not-found": { tone: "bad", label: "Service not found", means: "names a Service that is not there" },
  ambiguous: { tone: "warn", label: "ambiguous", means: "names several Services and no namespace" },
  conflict: { tone: "warn", label: "conflict", means: "claims a Service that another component has" },
  invalid: { tone: "bad", label: "invalid", means: "cannot be used" },
};

export const SERVICE_STATES: Record<ServiceState, Meaning> = {
  owned: { tone: "good", label: "owned", means: "has a component with an owner" },
  "stitched-without-owner": { tone: "warn", label: "no owner", means: "has a component, whose owner is not known" },
  unclaimed: { tone: "bad", label: "unclaimed", means: "has no component" },
};

export const OWNER_STATES: Record<OwnerState, Meaning> = {
  resolved: { tone: "good", label: "resolved", means: "is a Group or User of the catalog" },
  unresolved: { tone: "bad", label: "dangling", means: "names nobody whom the catalog has" },
  none: { tone: "idle", label: "none", means: "names nobody" },
};

export const PHASES: Record<string, Meaning> = {
  starting: { tone: "info", label: "starting", means: "was not read yet" },
  ready: { tone: "good", label: "up to date", means: "was read completely" },
  stale: { tone: "warn", label: "stale", means: "does not answer; its last good state is served" },
  failing: { tone: "bad", label: "failing", means: "never gave a complete answer" },
  paused: { tone: "idle", label: "paused", means: "is left alone, as somebody wants; what is known of it stays" },
  held: { tone: "warn", label: "held back", means: "would remove too much at once" },
};

export const RULES: Record<string, string> = {
  "service-name": "The Kubernetes id is the Service's name",
  "kubernetes-id-label": "The Service carries the Kubernetes id as label",
  "label-selector": "The component's label selector selects the Service",
  "component-name": "The component's own name is the Service's name",
  pinned: "A person pinned the component to the Service",
};
