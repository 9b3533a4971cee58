// SPDX-License-Identifier: Apache-2.0
// A sentence of the platform: the times in it are shown as all other times, local with the zone on hover.
import { Time } from "./time";

const ISO = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

export function Why({ text }: { text: string }) {
  return <>{text.split(ISO).map((part, i) => (i % 2 ? <Time key={i} at={part} exact /> : part))}</>;
}
