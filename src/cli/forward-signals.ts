const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** Sends our signals on instead of dying of them; the returned function ends that. */
export function forwardSignals(send: (signal: string) => void): () => void {
  for (const signal of forwarded) process.on(signal, send);
  return () => {
    for (const signal of forwarded) process.off(signal, send);
  };
}
