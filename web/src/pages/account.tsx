// SPDX-License-Identifier: Apache-2.0
// The keyboard's list and one's own password.
import { useState } from "preact/hooks";
import { t } from "@/i18n";
import { bound } from "@/state/keyboard";
import { Dialog } from "@/ui/dialog";
import { say } from "@/ui/toast";
import { PasswordForm } from "./signin";

export function KeysDialog({ onClose }: { onClose: () => void }) {
  const [list] = useState(() => [...bound.value].sort((a, b) => a.stroke.length - b.stroke.length));
  return (
    <Dialog title={t("keys.title")} onClose={onClose}>
      <ul class="keys">
        {list.map((b) => <li key={b.stroke}><span>{t(b.label)}</span><span>{b.stroke.split(" ").map((k) => <kbd key={k}>{k === "Escape" ? "Esc" : k}</kbd>)}</span></li>)}
      </ul>
    </Dialog>
  );
}

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t("password.change")} onClose={onClose}>
      <PasswordForm first={false} done={() => { say(t("password.done")); onClose(); }} cancel={onClose} />
    </Dialog>
  );
}
