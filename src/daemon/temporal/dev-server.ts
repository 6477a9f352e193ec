import { mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock } from '../../contract/clock.js';
import { failedPrecondition } from '../../contract/errors.js';
import type { LineSink, RunningChild } from '../supervision/child.js';
import { startChild } from '../supervision/child.js';
import { explainTakenPort } from '../supervision/ports.js';
import { endRecorded, writeProcessRecord } from '../supervision/process-record.js';
import { prepareDatabase } from './database.js';
import type { TemporalBinary } from './way.js';

/** Grace for a dev server that an earlier supervisor has left running. */
const LEFTOVER_GRACE_MS = 5_000;

/** A dev server to run. */
export interface DevServerOptions {
  readonly binary: TemporalBinary;
  /** Where it listens; its other ports are on the same address. Default 127.0.0.1. It has no authentication: never a public one. */
  readonly ip?: string;
  readonly port: number;
  /** SQLite file that keeps everything; made when it is not there, with its folder. */
  readonly databaseFile: string;
  /** File that remembers the process for a later supervisor. */
  readonly recordFile: string;
  /** Name → type. Default: `WorkflowExecutionID` as `Text`, which the workflows set. */
  readonly searchAttributes?: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly sink: LineSink;
  readonly clock: Clock;
  /** Told what a person should know although it works. */
  readonly notice: (text: string) => void;
  /** What moves it to another port, for the message when this one is taken: "`--temporal-port`". */
  readonly portSetting: string;
}

/** `host:port` of the dev server's frontend. */
export function devServerAddress({ ip = '127.0.0.1', port }: Pick<DevServerOptions, 'ip' | 'port'>): string {
  return `${ip}:${port}`;
}

/**
 * The arguments of the dev server. Its HTTP, metrics and internal ports are not named: it takes free ones, so that several run side
 * by side.
 */
export function devServerArguments(options: Pick<DevServerOptions, 'ip' | 'port' | 'databaseFile' | 'searchAttributes'>): string[] {
  const flags = {
    ip: options.ip ?? '127.0.0.1',
    port: String(options.port),
    'db-filename': options.databaseFile,
    'log-level': 'warn',
    'log-format': 'json',
  };
  const attributes = Object.entries(options.searchAttributes ?? { WorkflowExecutionID: 'Text' });
  return [
    'server',
    'start-dev',
    '--headless',
    ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]),
    ...attributes.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
}

/**
 * Starts the dev server. One that an earlier supervisor has left on this home is ended first; one that is not ours is never used.
 *
 * @throws StigmerError FAILED_PRECONDITION when the port is taken, saying by what
 */
export async function startDevServer(options: DevServerOptions): Promise<RunningChild> {
  const { binary, databaseFile, recordFile, clock, notice } = options;
  const leftover = await endRecorded(recordFile, LEFTOVER_GRACE_MS, clock);
  if (leftover !== undefined) notice(`ended the Temporal dev server (pid ${leftover.pid}) that an earlier supervisor had left running`);
  const taken = await explainTakenPort(options.ip ?? '127.0.0.1', options.port);
  if (taken !== undefined) throw failedPrecondition(`${taken}; choose another for Temporal with ${options.portSetting}`, { reason: 'PORT_TAKEN' });
  await mkdir(dirname(databaseFile), { recursive: true, mode: 0o700 });
  await prepareDatabase(databaseFile, binary.version, notice);
  const child = await startChild({
    file: binary.path,
    args: devServerArguments(options),
    env: options.env,
    stdin: 'ignore',
    sink: options.sink,
    clock,
  });
  await writeProcessRecord(recordFile, child.pid, basename(binary.path));
  return child;
}
