// SPDX-License-Identifier: Apache-2.0
// Papers and images of the journey: brought in pieces, so that a lost line costs a piece and not the picture.
import { useState } from "preact/hooks";
import { ApiError, call, newKey, post, seg } from "@/api/client";
import type { DossierFile } from "@/api/model";
import { bytes, percent, t, word } from "@/i18n";
import { may } from "@/state/session";
import { Icon } from "@/ui/icon";
import { Section, Select } from "@/ui/parts";
import { say, sayError } from "@/ui/toast";

const KINDS = ["photo", "nii-image", "declaration", "waybill", "other"] as const;
const CHUNK = 512 * 1024;
const TRIES = 5;

interface Upload { id: string; offset: number; size: number; complete: boolean; file: string | null }
const hex = (b: ArrayBuffer) => Array.from(new Uint8Array(b), (x) => x.toString(16).padStart(2, "0")).join("");

/** Brings one file; a piece that is lost is asked for again from where the platform stands. */
async function bring(journey: string, file: File, kind: string, onProgress: (part: number) => void): Promise<void> {
  const sha256 = hex(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  let u = await post<Upload>(`/journeys/${seg(journey)}/uploads`, { name: file.name.slice(-119), type: file.type, size: file.size, sha256, kind }, { key: newKey() });
  for (let lost = 0; !u.complete; ) {
    try {
      u = await call<Upload>("PUT", `/uploads/${seg(u.id)}?offset=${u.offset}`, { raw: new Blob([file.slice(u.offset, u.offset + CHUNK)], { type: "application/octet-stream" }) });
      lost = 0;
    } catch (e) {
      if (!(e instanceof ApiError) || e.status !== 0 || ++lost >= TRIES) throw e;
      await new Promise((r) => setTimeout(r, 1000 * lost));
      u = await call<Upload>("GET", `/uploads/${seg(u.id)}`);
    }
    onProgress(u.offset / Math.max(1, file.size));
  }
}

export function Documents({ journey, files, onChanged }: { journey: string; files: DossierFile[]; onChanged: () => void }) {
  const [kind, setKind] = useState<string>(KINDS[0]);
  const [progress, setProgress] = useState<{ name: string; part: number } | null>(null);
  const add = async (list: FileList | null) => {
    for (const file of list ?? []) {
      setProgress({ name: file.name, part: 0 });
      try {
        await bring(journey, file, kind, (part) => setProgress({ name: file.name, part }));
        say(t("documents.kept", { name: file.name }));
      } catch (e) {
        sayError(e);
      }
    }
    setProgress(null);
    onChanged();
  };
  return (
    <Section title={t("documents.title")} aside={may("plan") && (
      <span class="row">
        <Select label={t("documents.kind")} value={kind} onPick={setKind} options={KINDS.map((k) => [k, word("documentKind", k)] as const)} />
        <label class="btn small"><Icon name="plus" size={14} /><span>{t("documents.add")}</span><input class="sr" type="file" multiple accept="image/jpeg,image/png,image/webp,application/pdf" onChange={(e) => { void add(e.currentTarget.files); e.currentTarget.value = ""; }} /></label>
      </span>
    )}>
      {progress && <p class="bringing"><span>{progress.name}</span><progress max={1} value={progress.part} /><span class="dim">{percent(progress.part * 100)}</span></p>}
      {files.length === 0 && !progress ? <p class="none">{t("documents.empty")}</p> : (
        <ul class="thumbs documents">
          {files.map((f) => (
            <li key={f.id}>
              <a href={`/api/v1/files/${seg(f.id)}`} target="_blank" rel="noopener">{f.type.startsWith("image/") ? <img src={`/api/v1/files/${seg(f.id)}`} alt={f.name} loading="lazy" /> : <Icon name="audit" size={28} />}</a>
              <span>{f.name}<em>{word("documentKind", f.kind ?? "other")} · {bytes(f.size)}{f.in_seal && ` · ${t("documents.inSeal")}`}</em></span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
