/** Aborts when this process is asked to stop: SIGTERM, SIGINT (Ctrl-C), or SIGHUP (its terminal was closed). */
export function stopSignals(): AbortSignal {
  const stop = new AbortController();
  // Kept for good: a second Ctrl-C must not end the process while its children are being stopped.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.abort(signal));
  return stop.signal;
}
