import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/contract/clock.js';
import type { RunningChild } from '../../src/daemon/supervision/child.js';
import { inheritedEnv } from '../../src/daemon/supervision/inherited-env.js';
import { freePort } from '../../src/daemon/supervision/ports.js';
import { probeOnce } from '../../src/daemon/supervision/probe.js';
import { signalGroup } from '../../src/daemon/supervision/signals.js';
import { sleep } from '../../src/daemon/supervision/sleep.js';
import { findTemporalBinary, temporalWays } from '../../src/daemon/temporal/binary.js';
import { devServerAddress, startDevServer } from '../../src/daemon/temporal/dev-server.js';
import { temporalAnswers } from '../../src/daemon/temporal/ready.js';
import type { TemporalBinary } from '../../src/daemon/temporal/way.js';

/** A Temporal dev server of a test's own. */
export interface TestTemporal {
  /** `127.0.0.1:port`, the same after a restart. */
  readonly address: string;
  readonly dbFile: string;
  /** Process id of the one that runs now, or ran last. */
  readonly pid: number;
  /** Kills it, as `kill -9` does, and waits until it is gone. The database stays. */
  kill9(): Promise<void>;
  /** Starts it again on the same address and database (stopping it first, if need be), and waits until it answers. */
  restart(): Promise<void>;
  /** Ends it for good and removes its files. */
  stop(): Promise<void>;
}

/** Path of a Temporal CLI; fetched once into STIGMER_TEST_CACHE (default: a folder for temporary files) when the machine has none. */
export async function temporalBinary(): Promise<string> {
  return (await findBinary()).path;
}

/** Starts a dev server on a free port, with a new database, and waits until it answers. */
export async function startTemporal(): Promise<TestTemporal> {
  const binary = await findBinary();
  const folder = await mkdtemp(join(tmpdir(), 'stigmer-temporal-'));
  // Free ports, ours and the internal ones that it picks itself, may be taken by another test before they are bound.
  for (let attempt = 1; ; attempt += 1) {
    const site = { binary, folder, port: await freePort('127.0.0.1') };
    try {
      return new RunningTemporal(site, await launch(site));
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

/** Where a dev server runs, and what. */
interface Site {
  readonly binary: TemporalBinary;
  readonly folder: string;
  readonly port: number;
}

const databaseOf = ({ folder }: Site): string => join(folder, 'temporal.db');

class RunningTemporal implements TestTemporal {
  readonly address: string;
  readonly dbFile: string;
  readonly #site: Site;
  #child: RunningChild;

  constructor(site: Site, child: RunningChild) {
    this.address = devServerAddress(site);
    this.dbFile = databaseOf(site);
    this.#site = site;
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid;
  }

  async kill9(): Promise<void> {
    signalGroup(this.#child.pid, 'SIGKILL');
    await this.#child.exited;
  }

  async restart(): Promise<void> {
    await this.#child.stop(10_000);
    this.#child = await launch(this.#site);
  }

  async stop(): Promise<void> {
    await this.#child.stop(0);
    await rm(this.#site.folder, { recursive: true, force: true });
  }
}

async function launch(site: Site): Promise<RunningChild> {
  const child = await startDevServer({
    binary: site.binary,
    port: site.port,
    databaseFile: databaseOf(site),
    recordFile: join(site.folder, 'temporal.process.json'),
    env: inheritedEnv(process.env),
    sink: { lines: () => undefined },
    clock: systemClock,
    notice: () => undefined,
    portSetting: 'another test',
  });
  const gone = new AbortController();
  const whenGone = child.exited.then((exit) => {
    gone.abort();
    return exit;
  });
  for (;;) {
    const why = await probeOnce(temporalAnswers(devServerAddress(site)), systemClock, 5_000, gone.signal);
    if (gone.signal.aborted) throw new Error(`Temporal ended before it was ready: ${JSON.stringify(await whenGone)}`);
    if (why === undefined) return child;
    await sleep(systemClock, 20, gone.signal);
  }
}

function findBinary(): Promise<TemporalBinary> {
  return findTemporalBinary(temporalWays(process.env['STIGMER_TEMPORAL_BIN']), {
    stateDir: process.env['STIGMER_TEST_CACHE'] ?? join(tmpdir(), 'stigmer-test-cache'),
    env: process.env,
    platform: `${process.platform}-${process.arch}`,
    progress: () => undefined,
    clock: systemClock,
  });
}
