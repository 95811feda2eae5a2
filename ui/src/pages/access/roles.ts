import type { Role } from "../../api/types";

/** What each role may do, in words. */
export const ROLES: Record<Role, { label: string; means: string }> = {
  viewer: { label: "viewer", means: "looks at everything, asks everything" },
  editor: { label: "editor", means: "decides, has sources read, hands in alerts" },
  admin: { label: "admin", means: "makes tokens, adds and removes data sources" },
};
