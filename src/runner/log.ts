import { DefaultLogger, type LogEntry, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import pino, { type Logger } from 'pino';

export type { Logger } from 'pino';

/** Writes one JSON object a line to standard output: `time` in ISO 8601, `level` by name, `msg`. */
export function createLog(level: string): Logger {
  const options = { level: level === 'warning' ? 'warn' : level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (name: string) => ({ level: name }) } };
  return pino(options, pino.destination({ fd: 1, sync: true }));
}

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'debug', WARN: 'warn', ERROR: 'error' } as const;

/** Once per process, before anything else of Temporal: its log lines become ours, and it leaves the signals to us. */
export function installTemporalRuntime(log: Logger): void {
  const write = ({ level, message, meta }: LogEntry): void => {
    const { error, ...fields } = meta ?? {};
    // Said as a warning at each start: this program has none, and wants none.
    const expected = message.startsWith('No workflows registered');
    log[expected ? 'debug' : LEVELS[level]]({ ...fields, ...(error === undefined ? {} : { err: error }) }, message);
  };
  Runtime.install({
    logger: new DefaultLogger('DEBUG', write),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} } },
    shutdownSignals: [],
  });
}
