// SPDX-License-Identifier: Apache-2.0
import { stored } from "@/state/prefs";

/** The station this screen stands at: the one chosen here last; empty: the officer's own. */
export const stationHere = stored<string>("station", "");
