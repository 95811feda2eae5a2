// What helps, as text to paste.
import { CopyButton } from "./CopyButton";

export function Fix({ text, label }: { text: string; label?: string }) {
  return (
    <div className="fix">
      <code>{text}</code>
      <CopyButton text={text} label={label} />
    </div>
  );
}
