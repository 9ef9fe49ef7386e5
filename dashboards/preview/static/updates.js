/** How often a page asks by itself while no stream can be had, and as a net below one. */
const ASK_MS = 2000;
const NET_MS = 30_000;

let stop = () => {};
let of = null;
let streaming = false;

/** How long a page may wait before it asks by itself. */
export const patience = () => (streaming ? NET_MS : ASK_MS);

/**
 * Calls `changed(update)` whenever the server says that a client company's data have changed.
 *
 * A browser opens six connections to a host, and a stream holds one: of the pages that are open on one
 * client company, the one that has the lock holds the stream, and hands on to the others what comes.
 */
export function listen(client, changed) {
  if (of === client) return;
  stop();
  of = client;
  if (!navigator.locks || !window.BroadcastChannel || !window.EventSource) return;
  const name = `ascolto updates ${client}`;
  const channel = new BroadcastChannel(name);
  const waiting = new AbortController();
  let leave = () => waiting.abort();
  channel.onmessage = ({ data }) => { streaming = true; changed(data); };
  navigator.locks.request(name, { signal: waiting.signal }, () => new Promise((release) => {
    const source = new EventSource(`/api/updates?${new URLSearchParams({ client })}`);
    source.onopen = () => { streaming = true; };
    source.onmessage = ({ data }) => {
      const update = JSON.parse(data);
      channel.postMessage(update);
      changed(update);
    };
    source.onerror = () => {
      streaming = false;
      if (source.readyState !== EventSource.CLOSED) return;
      // Refused, as when a session has ended: ask, which says why.
      of = null;
      release();
      setTimeout(() => changed({ version: null }), ASK_MS);
    };
    leave = () => { source.close(); release(); };
  })).catch(() => {});
  stop = () => { streaming = false; leave(); channel.close(); };
}

/** Signs out here, and goes on to where the identity provider ends its own session. */
export async function signOut() {
  const response = await fetch("/sign-out", { method: "POST" });
  location.assign(response.ok ? (await response.json()).next : "/");
}
