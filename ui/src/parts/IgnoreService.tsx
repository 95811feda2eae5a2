import { DecideDialog } from "./DecideDialog";

export function IgnoreService({ service, close }: { service: string; close: () => void }) {
  return (
    <DecideDialog title="Ignore this Service" proposal={{ kind: "ignore", service }} wantsReason ends close={close}>
      Nobody is expected to own <code>{service}</code>. It counts no longer, and stands in the list of decisions.
    </DecideDialog>
  );
}
