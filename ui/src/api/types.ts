// The shapes of the API under short names; they are made from the server's own description of itself.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type ApiToken = Schemas["ApiToken"];
export type ApiTokens = Schemas["ApiTokens"];
export type Change = Schemas["Change"];
export type ComponentDetail = Schemas["ComponentDetail"];
export type ComponentRow = Schemas["ComponentRow"];
export type Contact = Schemas["Contact"];
export type Decision = Schemas["Decision"];
export type DecisionRequest = Schemas["DecisionRequest"];
export type Dependencies = Schemas["Dependencies"];
export type Dependency = Schemas["Dependency"];
export type Explanation = Schemas["Explanation"];
export type Graph = Schemas["Graph"];
export type GraphNode = Schemas["GraphNode"];
export type HistoryEntry = Schemas["HistoryEntry"];
export type Integration = Schemas["Integration"];
export type IntegrationPlan = Schemas["IntegrationPlan"];
export type IntegrationTested = Schemas["IntegrationTested"];
export type IntegrationWritten = Schemas["IntegrationWritten"];
export type Integrations = Schemas["Integrations"];
export type Mapping = Schemas["Mapping"];
export type NewApiToken = Schemas["NewApiToken"];
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
export type Role = Schemas["Role"];
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

export type Facet = Schemas["Facet"];
export type Found = Schemas["Found"];
export type SummaryAt = Schemas["SummaryAt"];
export type Team = Schemas["Team"];

export type Page<T> = { items: T[]; next?: string | null };
/** How many there are in all, and how many would be left by each value. */
export type Facets = { total: number; facets: Record<string, Facet> };
export type Teams = Schemas["Teams"];
