// Where the configuration does not permit Secrets to be written: how it would.
import { CopyButton } from "../../parts/CopyButton";

const CONFIGURATION = "integrations:\n  enabled: true\n";

export function NotEnabled() {
  return (
    <div className="empty">
      <strong>Backstages are not added here</strong>
      <p>
        This server does not write Secrets. Enable it in the configuration, or in the values of the Helm chart, and
        start it again:
      </p>
      <pre className="manifest">{CONFIGURATION}</pre>
      <CopyButton text={CONFIGURATION} />
    </div>
  );
}
