// SPDX-License-Identifier: Apache-2.0
export function Tabs({ value, options, onPick }: { value: string; options: readonly (readonly [string, string])[]; onPick: (value: string) => void }) {
  return (
    <div class="segments tabs" role="tablist">
      {options.map(([v, text]) => <button key={v} type="button" role="tab" aria-selected={v === value} aria-pressed={v === value} onClick={() => onPick(v)}>{text}</button>)}
    </div>
  );
}
