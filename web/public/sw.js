// SPDX-License-Identifier: Apache-2.0
// The workplace without a network: its own files, and nothing else. What the platform says is never kept here.
"use strict";
const SHELL = "bulla-shell";
const WAIT_MS = 3000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(SHELL);
      const list = await (await fetch("/precache.json", { cache: "no-store" })).json();
      await cache.addAll(list.map((path) => new Request(path, { cache: "reload" })));
      for (const request of await cache.keys()) {
        if (!list.includes(new URL(request.url).pathname)) await cache.delete(request);
      }
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

/** The page from the platform while it answers soon; else the one kept. */
async function page(request) {
  const kept = await caches.match("/index.html");
  const asked = fetch(request);
  if (!kept) return asked;
  const late = new Promise((resolve) => setTimeout(() => resolve(kept), WAIT_MS));
  return Promise.race([asked, late]).catch(() => kept);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || url.pathname.startsWith("/api/")) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else event.respondWith(caches.match(request, { ignoreSearch: true }).then((kept) => kept || fetch(request)));
});
