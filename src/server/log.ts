import pino, { type Logger } from 'pino';

export type { Logger } from 'pino';

/** Writes one JSON object a line to standard output: `time` in ISO 8601, `level` by name, `component`, `msg`. */
export function createLog(level: string): Logger {
  return pino(
    {
      level,
      base: { component: 'server' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (name) => ({ level: name }) },
      // A token or variable that slips into a log line must not be readable there.
      redact: { paths: ['authorization', '*.authorization', 'token', '*.token', 'runtimeEnv', '*.runtimeEnv', 'callbackToken', '*.callbackToken'] },
    },
    pino.destination({ fd: 1, sync: true }),
  );
}
