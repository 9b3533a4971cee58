// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "preact/hooks";

/** Whether a media query holds now. */
export function useMedia(text: string): boolean {
  const [on, setOn] = useState(() => matchMedia(text).matches);
  useEffect(() => {
    const m = matchMedia(text);
    const follow = () => setOn(m.matches);
    follow();
    m.addEventListener("change", follow);
    return () => m.removeEventListener("change", follow);
  }, [text]);
  return on;
}
