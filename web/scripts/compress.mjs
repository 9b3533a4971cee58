// SPDX-License-Identifier: Apache-2.0
// Writes NAME.br and NAME.gz beside each built text file, so that the platform never compresses while serving.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = process.argv[2] ?? "dist";
const texts = /\.(html|js|css|json|svg|webmanifest)$/;

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

// What a phone keeps for where there is no network (public/sw.js): every file but those that only a developer asks for.
const kept = [...files(root)].map((path) => "/" + relative(root, path)).filter((path) => !/\.(map|br|gz)$|^\/(sw\.js|precache\.json)$/.test(path));
writeFileSync(join(root, "precache.json"), JSON.stringify(kept.sort()));

let raw = 0;
let small = 0;
for (const path of [...files(root)]) {
  if (/\.map$/.test(path)) rmSync(path);
  if (!texts.test(path)) continue;
  const bytes = readFileSync(path);
  const br = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  writeFileSync(path + ".br", br);
  writeFileSync(path + ".gz", gzipSync(bytes, { level: 9 }));
  raw += bytes.length;
  small += br.length;
}
console.log(`compressed ${(raw / 1024).toFixed(0)} KiB to ${(small / 1024).toFixed(0)} KiB (brotli)`);
