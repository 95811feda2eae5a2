import type { Role } from "../api/types";
import { useMay } from "./who";

/** What only those see who may use it; `whole`: and who may for everything, not for some teams alone. */
export function May({ role, whole, children }: { role: Role; whole?: boolean; children: React.ReactNode }) {
  return useMay(role, whole) ? children : null;
}
