// SPDX-License-Identifier: Apache-2.0
// Photos and papers: chosen, shown before they leave, uploaded one by one; what failed stays chosen.
import { useEffect, useState } from "preact/hooks";
import { call, qs, seg } from "@/api/client";
import type { AlarmFile } from "@/api/model";
import { bytes, t } from "@/i18n";
import { Icon } from "@/ui/icon";
import { Button } from "@/ui/parts";
import { say } from "@/ui/toast";

const TYPES = ["image/jpeg", "image/png", "image/webp", "application/pdf"];
const MAX_BYTES = 10 * 1024 * 1024;

export interface Picked { file: File; url: string | null }

export function pick(list: Iterable<File>): Picked[] {
  const good: Picked[] = [];
  for (const file of list) {
    if (!TYPES.includes(file.type)) say(t("file.type", { name: file.name }), undefined, true);
    else if (file.size > MAX_BYTES) say(t("file.tooLarge", { name: file.name }), undefined, true);
    else good.push({ file, url: file.type.startsWith("image/") ? URL.createObjectURL(file) : null });
  }
  return good;
}

/** Uploads in order; returns what could not be uploaded. */
export async function addFiles(alarm: string, files: Picked[]): Promise<Picked[]> {
  const left: Picked[] = [];
  for (const p of files) {
    try {
      await call<AlarmFile>("POST", `/alarms/${seg(alarm)}/files${qs({ name: p.file.name.slice(-119) })}`, { raw: p.file });
      if (p.url) URL.revokeObjectURL(p.url);
    } catch {
      left.push(p);
    }
  }
  return left;
}

/** `camera`: a phone, which takes the picture now. */
export function Files({ picked, onPick, camera }: { picked: Picked[]; onPick: (files: Picked[]) => void; camera?: boolean }) {
  const [over, setOver] = useState(false);
  useEffect(() => () => picked.forEach((p) => p.url && URL.revokeObjectURL(p.url)), []);
  const add = (list: FileList | null | undefined) => list && onPick([...picked, ...pick(list)]);
  return (
    <div class="field">
      <span class="field-label">{t("resolve.files")}</span>
      <label class={over ? "drop over" : "drop"}
        onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
        onDrop={(e) => { e.preventDefault(); setOver(false); add(e.dataTransfer?.files); }}>
        <Icon name="camera" size={camera ? 22 : 18} /><span>{t(camera ? "patrol.photo" : "resolve.drop")}</span>
        <input type="file" multiple {...(camera ? { accept: "image/*", capture: "environment" } : { accept: TYPES.join(",") })} onChange={(e) => { add(e.currentTarget.files); e.currentTarget.value = ""; }} />
      </label>
      {picked.length > 0 && (
        <ul class="thumbs">
          {picked.map((p, i) => (
            <li key={i}>
              {p.url ? <img src={p.url} alt={p.file.name} /> : <Icon name="audit" size={22} />}
              <span>{p.file.name}<em>{bytes(p.file.size)}</em></span>
              <Button small kind="quiet" icon="close" label={t("remove")} onClick={() => onPick(picked.filter((_, k) => k !== i))} />
            </li>
          ))}
        </ul>
      )}
      {!camera && <span class="field-help">{t("resolve.files.help")}</span>}
    </div>
  );
}

export function FileList({ files }: { files: AlarmFile[] }) {
  return (
    <ul class="thumbs">
      {files.map((f) => (
        <li key={f.id}>
          <a href={`/api/v1/files/${f.id}`} target="_blank" rel="noopener">
            {f.type.startsWith("image/") ? <img src={`/api/v1/files/${f.id}`} alt={f.name} loading="lazy" /> : <Icon name="audit" size={22} />}
          </a>
          <span>{f.name}<em>{bytes(f.size)}</em></span>
        </li>
      ))}
    </ul>
  );
}
