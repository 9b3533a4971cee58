// SPDX-License-Identifier: Apache-2.0
// A raw message: what was read from it, its bytes and its text.
import { useState } from "preact/hooks";
import type { ObservationDetail, Raw } from "@/api/model";
import { t } from "@/i18n";
import { asText, dump, fromHex, isText } from "@/lib/bytes";
import { Button, Facts } from "./parts";
import { Time } from "./time";

export function RawView({ raw }: { raw: Raw }) {
  const bytes = fromHex(raw.hex);
  const [asWords, setAsWords] = useState(isText(bytes));
  const [copied, setCopied] = useState(false);
  if (bytes.length === 0) return <p class="none">{t("raw.none")}</p>;
  const copy = () => {
    void navigator.clipboard?.writeText(raw.hex).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    });
  };
  return (
    <div class="raw">
      <header>
        <div class="segments" role="group">
          <button type="button" aria-pressed={!asWords} onClick={() => setAsWords(false)}>{t("raw.hex")}</button>
          <button type="button" aria-pressed={asWords} onClick={() => setAsWords(true)}>{t("raw.text")}</button>
        </div>
        <span class="dim">{t("raw.length", { n: bytes.length })}</span>
        <Button small kind="quiet" icon={copied ? "check" : "copy"} onClick={copy}>{copied ? t("copied") : t("raw.copy")}</Button>
      </header>
      {asWords ? <pre class="raw-text">{asText(bytes)}</pre> : <Dump bytes={bytes} />}
    </div>
  );
}

function Dump({ bytes }: { bytes: Uint8Array }) {
  return (
    <table class="dump">
      <tbody>
        {dump(bytes).map((row) => (
          <tr key={row.offset}>
            <th>{row.offset.toString(16).padStart(4, "0")}</th>
            <td class="hex"><span>{row.hex.slice(0, 8).join(" ")}</span><span>{row.hex.slice(8).join(" ")}</span></td>
            <td class="txt">{row.text}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Shown above already. */
const SHOWN = new Set(["id", "seal", "protocol", "time", "received", "counter", "stored"]);

export function ObservationBytes({ detail }: { detail: ObservationDetail }) {
  const o = detail.observation;
  const fields = detail.fields.filter((f) => !SHOWN.has(f.name));
  return (
    <div class="observation-bytes">
      <Facts wide rows={[
        [t("raw.protocol"), detail.protocol_title ?? o.protocol],
        [t("raw.deviceTime"), <Time at={o.time} exact seconds />],
        [t("raw.received"), <Time at={o.received} exact seconds />],
        o.counter !== undefined && o.counter !== null && [t("raw.counter"), String(o.counter)],
        !!o.stored && [t("raw.stored"), t("yes")],
      ]} />
      <RawView raw={detail.raw} />
      {fields.length > 0 && (
        <>
          <h4>{t("raw.fields")}</h4>
          <table class="fields"><tbody>{fields.map((f, i) => <tr key={i}><th>{f.name}</th><td>{f.value}</td></tr>)}</tbody></table>
        </>
      )}
    </div>
  );
}
