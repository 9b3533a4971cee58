// SPDX-License-Identifier: Apache-2.0
// A back-test from asking for it to its end.
import { useEffect, useState } from "preact/hooks";
import { ApiError, get, newKey, post, seg } from "@/api/client";
import type { Backtest, BacktestInput } from "@/api/model";
import { tell, type Told } from "@/ui/toast";

const EVERY_MS = 700;

export function useBacktest() {
  const [test, setTest] = useState<Backtest | null>(null);
  const [lost, setLost] = useState<Told | null>(null);
  const running = test?.state === "waiting" || test?.state === "running";
  useEffect(() => {
    if (!test || !running) return;
    const timer = setTimeout(() => get<Backtest>(`/backtests/${seg(test.id)}`).then(setTest, (e: unknown) => { setLost(tell(e)); if (e instanceof ApiError && e.status === 404) setTest(null); }), EVERY_MS);
    return () => clearTimeout(timer);
  }, [test]);
  const start = async (body: BacktestInput) => {
    setLost(null);
    setTest(await post<Backtest>("/backtests", body, { key: newKey() }));
  };
  const cancel = () => test && void post<Backtest>(`/backtests/${seg(test.id)}/cancel`, {}, { key: newKey() }).then(setTest, (e) => setLost(tell(e)));
  return { test, running, lost, start, cancel };
}
