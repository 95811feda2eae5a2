import { useEffect, useRef } from "react";

/** A dialog that is open for as long as it is in the page, above all else. */
export function useModal(): React.RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return dialog;
}
