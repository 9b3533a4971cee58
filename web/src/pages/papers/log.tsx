// SPDX-License-Identifier: Apache-2.0
// The steps that a paper has taken, with who, when and why; carriers see the times alone.
import type { Paper } from "@/api/model";
import { word } from "@/i18n";
import { Time } from "@/ui/time";

export function Log({ paper, group, first }: { paper: Paper; group: string; first: string }) {
  const steps = paper.log?.length ? paper.log.map((e) => ({ state: e.state, at: e.time, who: e.user_name ?? e.user, why: [e.reason, e.note].filter(Boolean).join(" · ") }))
    : Object.entries(paper.times).map(([state, at]) => ({ state, at, who: "", why: "" }));
  return (
    <ol class="paper-log">
      <li><i /><span>{word(group, first)}{paper.author_name && <em>{paper.author_name}</em>}</span><Time at={paper.created} exact /></li>
      {steps.map((s, i) => <li key={i}><i /><span>{word(group, s.state)}{s.who && <em>{s.who}</em>}{s.why && <q>{s.why}</q>}</span><Time at={s.at} exact /></li>)}
    </ol>
  );
}
