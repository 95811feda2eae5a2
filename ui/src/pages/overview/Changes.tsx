import { useState } from "react";
import { History } from "../../parts/History";

const DAY = 86_400_000;

export function Changes() {
  // Fixed while the page is open, so that the question stays the same one.
  const [since] = useState(() => new Date(Date.now() - DAY).toISOString());
  return <History of={{ since }} none="Nothing changed hands." />;
}
