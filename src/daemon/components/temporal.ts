import type { Component } from '../component.js';
import { processRecordPath } from '../home.js';
import { endRecorded } from '../supervision/process-record.js';
import { Supervised } from '../supervision/supervised.js';
import { findTemporalBinary, temporalWays } from '../temporal/binary.js';
import { startDevServer } from '../temporal/dev-server.js';
import { temporalAnswers } from '../temporal/ready.js';
import type { TemporalBinary } from '../temporal/way.js';
import { type Endpoint, formatAddress } from '../wiring/network.js';
import { componentLog, memoryOf, type Workbench } from './workbench.js';

export interface TemporalComponentOptions {
  readonly endpoint: Endpoint;
  /** STIGMER_TEMPORAL_BIN. */
  readonly configuredBinary: string | undefined;
  /** The environment to look for the program in. */
  readonly searchEnv: Readonly<Record<string, string | undefined>>;
}

const NAME = 'temporal';
const PORT_SETTING = '--temporal-port';
const LEFTOVER_GRACE_MS = 3_000;

/** A dev server that answers nothing for so long is replaced, in milliseconds. */
const REPLACE_AFTER_MS = 60_000;

/** The Temporal dev server. Ready when its frontend answers. */
export function temporalComponent(bench: Workbench, options: TemporalComponentOptions): Component {
  const { home, clock, notice } = bench;
  const { endpoint } = options;
  const log = componentLog(bench, NAME);
  const recordFile = processRecordPath(home, NAME);
  let binary: Promise<TemporalBinary> | undefined;

  const findBinary = (signal: AbortSignal): Promise<TemporalBinary> => {
    binary ??= findTemporalBinary(temporalWays(options.configuredBinary), {
      stateDir: home.state,
      env: options.searchEnv,
      platform: `${process.platform}-${process.arch}`,
      progress: notice,
      clock,
      signal,
    }).catch((error: unknown) => {
      binary = undefined;
      throw error;
    });
    return binary;
  };
  let version: string | undefined;

  const managed = new Supervised({
    name: NAME,
    launch: async (signal) => {
      const found = await findBinary(signal);
      ({ version } = found);
      return startDevServer({
        binary: found,
        ip: endpoint.host,
        port: endpoint.port,
        databaseFile: home.temporalDatabase,
        recordFile,
        env: bench.inherited,
        sink: log,
        clock,
        notice,
        portSetting: PORT_SETTING,
      });
    },
    probe: temporalAnswers(formatAddress(endpoint)),
    clock,
    random: bench.random,
    timings: { replaceUnhealthyAfterMs: REPLACE_AFTER_MS, ...bench.timings },
    // The free ports that it picks for its own use may be gone before it has them.
    startAttempts: 2,
  });
  return {
    name: NAME,
    group: NAME,
    rank: 0,
    managed,
    ports: [{ ...endpoint, setting: PORT_SETTING }],
    facts: () => ({ address: formatAddress(endpoint), ...(version === undefined ? {} : { version }) }),
    memory: () => memoryOf(managed),
    prepare: async (signal) => void (await findBinary(signal)),
    clearLeftover: async () => {
      const ended = await endRecorded(recordFile, LEFTOVER_GRACE_MS, clock);
      if (ended !== undefined) notice(`ended the Temporal dev server (pid ${ended.pid}) that an earlier supervisor had left running`);
    },
    explain: () => undefined,
    close: async () => log.close(),
  };
}
