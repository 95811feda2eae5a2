// The shapes of the API under short names; they are made from the server's own description of itself.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Change = Schemas["Change"];
export type ComponentDetail = Schemas["ComponentDetail"];
export type ComponentRow = Schemas["ComponentRow"];
export type Contact = Schemas["Contact"];
export type Decision = Schemas["Decision"];
export type DecisionRequest = Schemas["DecisionRequest"];
export type Explanation = Schemas["Explanation"];
export type HistoryEntry = Schemas["HistoryEntry"];
export type Mapping = Schemas["Mapping"];
export type OwnedServices = Schemas["OwnedServices"];
export type OwnerContact = Schemas["OwnerContact"];
export type OwnerDetail = Schemas["Page_OwnerDetail"]["items"][number];
export type OwnerRow = Schemas["OwnerRow"];
export type OwnerState = Schemas["OwnerState"];
export type Ownership = Schemas["Ownership"];
export type Preview = Schemas["Preview"];
export type PreviewChanges = Schemas["PreviewChanges"];
export type PreviewExample = Schemas["PreviewExample"];
export type PreviewRequest = Schemas["PreviewRequest"];
export type PreviewStanding = Schemas["PreviewStanding"];
export type Problem = Schemas["Problem"];
export type ProblemFault = Schemas["ProblemFault"];
export type Related = Schemas["Related"];
export type ServiceAt = Schemas["ServiceAt"];
export type ServiceDetail = Schemas["ServiceDetail"];
export type ServiceRow = Schemas["ServiceRow"];
export type ServiceState = Schemas["ServiceState"];
export type Session = Schemas["Session"];
export type SourceStatus = Schemas["SourceStatus"];
export type SummaryAnswer = Schemas["SummaryAnswer"];
export type Verdict = Schemas["Verdict"];
export type VerdictExplanation = Schemas["VerdictExplanation"];
export type WorkloadRow = Schemas["WorkloadRow"];

export type Page<T> = { items: T[]; next?: string | null };

export type Found = {
  kind: "service" | "component" | "owner" | "workload";
  id: string;
  name: string;
  place: string;
  object_kind?: string | null;
  service?: string | null;
  owner?: string | null;
  owner_name?: string | null;
};
export type Facet = { values: { value: string; count: number }[]; more: boolean };
export type Facets = { total: number; facets: Record<string, Facet> };
export type Team = {
  ref: string;
  instance: string;
  display_name: string;
  parent?: string | null;
  services: number;
  services_below: number;
  components: number;
  components_stitched: number;
  reachable: boolean;
};
export type Teams = { items: Team[]; more: boolean };
export type SummaryAt = Schemas["SummaryAt"];
