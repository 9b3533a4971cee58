// SPDX-License-Identifier: Apache-2.0
// A search field that asks as one types, after a short breath.
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "@/i18n";
import { Icon } from "./icon";

export function SearchBox({ value, placeholder, onText }: { value: string; placeholder: string; onText: (text: string) => void }) {
  const [text, setText] = useState(value);
  const timer = useRef(0);
  useEffect(() => setText(value), [value]);
  const change = (x: string) => {
    setText(x);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => onText(x), 160);
  };
  return (
    <label class="search-box">
      <Icon name="search" size={15} />
      <input type="search" value={text} placeholder={placeholder} aria-label={placeholder} maxLength={79} onInput={(e) => change(e.currentTarget.value)} />
      {text && <button type="button" aria-label={t("journeys.clear")} onClick={() => change("")}><Icon name="close" size={13} /></button>}
    </label>
  );
}
