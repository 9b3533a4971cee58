// SPDX-License-Identifier: Apache-2.0
// Pre-advice without a shared platform: the journey and its dossier as a file for the next administration, and theirs taken in.
import { useState } from "preact/hooks";
import { ApiError, call, newKey, seg } from "@/api/client";
import type { Dossier, Journey } from "@/api/model";
import { bytes, t } from "@/i18n";
import { preAdviceOf, type PreAdviceGist } from "@/lib/preadvice";
import { device, short } from "@/lib/names";
import { go } from "@/state/route";
import { Dialog } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { Button, Facts, Problem } from "@/ui/parts";
import { Time } from "@/ui/time";
import { fieldWords, say, tell, type Told } from "@/ui/toast";

const MOST = 2 * 1024 * 1024; // what the platform takes as one document

export function GetPreAdvice({ journey: j }: { journey: Journey }) {
  const name = `pre-advice-${(j.reference ?? short(j.id)).replace(/[^\w.-]+/g, "-")}.json`;
  return <a class="btn quiet" href={`/api/v1/journeys/${seg(j.id)}/pre-advice`} download={name} title={t("preAdvice.get.about")}><Icon name="download" size={16} /><span>{t("preAdvice.get")}</span></a>;
}

/** `text`: the file as it came. Written anew its numbers would look otherwise, and its digest would not be theirs. */
interface Chosen { name: string; text: string; gist: PreAdviceGist }

/** What the platform says of the file, in words for who holds it. */
function wrongWords(e: ApiError): string {
  const [field, f] = [...e.fields][0] ?? [];
  if (!field || !f) return "";
  return field === "digest" ? t("preAdvice.damaged") : t("preAdvice.wrong", { field, words: fieldWords(f) });
}

export function TakePreAdvice({ onClose }: { onClose: () => void }) {
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [wrong, setWrong] = useState("");
  const [lost, setLost] = useState<Told | null>(null);
  const [busy, setBusy] = useState(false);
  const [over, setOver] = useState(false);
  const refuse = (words: string) => {
    setChosen(null);
    setWrong(words);
  };
  const take = async (files: FileList | null | undefined) => {
    const file = files?.[0];
    setLost(null);
    if (!file) return;
    if (files.length > 1) return refuse(t("preAdvice.single"));
    if (file.size > MOST) return refuse(t("preAdvice.tooLarge", { name: file.name, most: bytes(MOST) }));
    const text = await file.text();
    const read = preAdviceOf(text);
    if (read === null) return refuse(t("preAdvice.notJson", { name: file.name }));
    if ("got" in read) return refuse(t("preAdvice.notOne", { expected: read.expected, got: read.got ?? t("preAdvice.nothing") }));
    setWrong("");
    setChosen({ name: file.name, text, gist: read.gist });
  };
  const send = async (e: Event) => {
    e.preventDefault();
    if (!chosen) return;
    setBusy(true);
    setLost(null);
    try {
      const d = await call<Dossier>("POST", "/pre-advices", { raw: new Blob([chosen.text], { type: "application/json" }), key: newKey() });
      say(t("preAdvice.done"));
      onClose();
      go(`/checkpoint/${seg(d.journey)}`);
    } catch (x) {
      const words = x instanceof ApiError ? wrongWords(x) : "";
      if (words) refuse(words);
      else setLost(tell(x));
    }
    setBusy(false);
  };
  const g = chosen?.gist;
  return (
    <Dialog title={t("preAdvice.take")} onClose={onClose} wide>
      <form onSubmit={(e) => void send(e)} noValidate>
        <p class="dim">{t("preAdvice.about")}</p>
        <div class={wrong ? "field wrong" : "field"}>
          <span class="field-label" id="pre-advice-label">{t("preAdvice.file")}</span>
          <label class={over ? "drop over" : "drop"} onDragOver={(e) => { e.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={(e) => { e.preventDefault(); setOver(false); void take(e.dataTransfer?.files); }}>
            <Icon name={chosen ? "audit" : "upload"} size={18} /><span>{chosen ? <><strong>{chosen.name}</strong> · {t("preAdvice.other")}</> : t("preAdvice.drop")}</span>
            <input type="file" name="pre-advice" accept="application/json,.json" aria-labelledby="pre-advice-label" aria-invalid={wrong !== ""} aria-describedby="pre-advice-wrong" onChange={(e) => { void take(e.currentTarget.files); e.currentTarget.value = ""; }} />
          </label>
          {wrong && <span class="field-error" role="alert" id="pre-advice-wrong">{wrong}</span>}
        </div>
        {g && (
          <Facts rows={[
            [t("preAdvice.journey"), <strong>{g.reference ?? g.journey}</strong>], !!g.vehicle && [t("preAdvice.vehicle"), <span class="plate">{g.vehicle}</span>],
            [t("preAdvice.route"), [g.from, g.to].map((x) => x ?? "—").join(" – ")], g.seals.length > 0 && [t("preAdvice.seals"), g.seals.map(device).join(", ")],
            [t("preAdvice.made"), <Time at={g.made} exact />], [t("preAdvice.entries"), t("preAdvice.entries.n", { n: g.entries })],
          ]} />
        )}
        {lost && <Problem error={lost} />}
        <footer><Button kind="quiet" onClick={onClose}>{t("cancel")}</Button><Button kind="main" type="submit" busy={busy} disabled={!chosen}>{t("preAdvice.do")}</Button></footer>
      </form>
    </Dialog>
  );
}
