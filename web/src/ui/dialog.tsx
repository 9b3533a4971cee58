// SPDX-License-Identifier: Apache-2.0
// A modal on <dialog>: focus stays inside, Escape closes, focus returns.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "@/i18n";
import { Button } from "./parts";

interface Props { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean; bare?: boolean; class?: string }

export function Dialog({ title, onClose, children, wide, bare, class: cls }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => { // before the next key comes: what is typed after "/" must not be lost
    const d = ref.current!;
    const before = document.activeElement as HTMLElement | null;
    d.showModal();
    return () => {
      d.close();
      before?.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog ref={ref} class={`dialog${wide ? " wide" : ""}${bare ? " bare" : ""} ${cls ?? ""}`} aria-label={title}
      onCancel={(e) => { e.preventDefault(); onClose(); }}
      onMouseDown={(e) => { if (e.target === ref.current) onClose(); }}>
      {!bare && <header><h2>{title}</h2><Button kind="quiet" icon="close" label={t("close")} onClick={onClose} /></header>}
      {children}
    </dialog>
  );
}
