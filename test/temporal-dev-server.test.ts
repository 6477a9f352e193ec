import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection, Client } from '@temporalio/client';
import { SearchAttributeType, TypedSearchAttributes, defineSearchAttributeKey } from '@temporalio/common';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/contract/clock.js';
import { inheritedEnv } from '../src/daemon/supervision/inherited-env.js';
import { freePort } from '../src/daemon/supervision/ports.js';
import { findRecorded } from '../src/daemon/supervision/process-record.js';
import { isRunning } from '../src/daemon/supervision/process-identity.js';
import { Supervised } from '../src/daemon/supervision/supervised.js';
import { binaryVersion } from '../src/daemon/temporal/binary-version.js';
import type { DevServerOptions } from '../src/daemon/temporal/dev-server.js';
import { devServerAddress, startDevServer } from '../src/daemon/temporal/dev-server.js';
import { temporalAnswers } from '../src/daemon/temporal/ready.js';
import { startTemporal, temporalBinary } from './support/temporal.js';

/** The first call of all may fetch the binary. */
const FETCH_MS = 300_000;

let path: string;
const cleanUp: (() => Promise<void>)[] = [];

beforeAll(async () => {
  path = await temporalBinary();
}, FETCH_MS);

afterEach(async () => {
  for (const step of cleanUp.splice(0).toReversed()) await step();
});

async function options(changes: Partial<DevServerOptions> = {}): Promise<DevServerOptions> {
  const folder = await mkdtemp(join(tmpdir(), 'stigmer-dev-server-'));
  cleanUp.push(() => rm(folder, { recursive: true, force: true }));
  return {
    binary: { path, version: await binaryVersion(path, process.env) },
    port: await freePort('127.0.0.1'),
    databaseFile: join(folder, 'temporal.db'),
    recordFile: join(folder, 'temporal.process.json'),
    env: inheritedEnv(process.env),
    sink: { lines: () => undefined },
    clock: systemClock,
    notice: () => undefined,
    portSetting: '--temporal-port',
    ...changes,
  };
}

function supervise(devServer: DevServerOptions): Supervised {
  const supervised = new Supervised({
    name: 'temporal',
    launch: () => startDevServer(devServer),
    probe: temporalAnswers(devServerAddress(devServer)),
    clock: systemClock,
    random: () => 0,
    startAttempts: 3,
    backoff: { firstMs: 20 },
  });
  cleanUp.push(() => supervised.stop(0));
  return supervised;
}

async function withClient<T>(address: string, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

const attribute = defineSearchAttributeKey('WorkflowExecutionID', SearchAttributeType.TEXT);

describe('Temporal dev server', () => {
  it('takes a workflow with our search attribute as soon as it is ready, and still has it after kill -9 and restart', async () => {
    const temporal = await startTemporal();
    cleanUp.push(() => temporal.stop());
    await withClient(temporal.address, (client) =>
      client.workflow.start('nobody-runs-it', {
        taskQueue: 'nobody-polls-it',
        workflowId: 'kept',
        typedSearchAttributes: new TypedSearchAttributes([{ key: attribute, value: 'wex-1' }]),
      }),
    );
    await temporal.kill9();
    await temporal.restart();
    const description = await withClient(temporal.address, (client) => client.workflow.getHandle('kept').describe());
    expect(description.status.name).toBe('RUNNING');
    expect(description.typedSearchAttributes.get(attribute)).toBe('wex-1');
  });

  it('runs beside others', async () => {
    const all = await Promise.all([startTemporal(), startTemporal()]);
    cleanUp.push(...all.map((temporal) => () => temporal.stop()));
    expect(new Set(all.map(({ address }) => address)).size).toBe(2);
  });

  it('is started again by its supervisor after kill -9', async () => {
    const supervised = supervise(await options());
    await supervised.start();
    const { pid } = supervised.status();
    const again = new Promise<void>((resolve) => {
      supervised.onState(({ state, restarts }) => {
        if (state.kind === 'ready' && restarts > 0) resolve();
      });
    });
    process.kill(pid!, 'SIGKILL');
    await again;
    expect(supervised.status().pid).not.toBe(pid);
    expect(supervised.status().lastExit).toMatchObject({ signal: 'SIGKILL' });
  });

  it('does not start on a port that is taken: it says by whom and which setting moves it', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    cleanUp.push(async () => void squatter.close());
    const { port } = squatter.address() as AddressInfo;
    await expect(startDevServer(await options({ port }))).rejects.toThrow(
      new RegExp(`^port ${port} is taken by .*${process.platform === 'linux' ? `pid ${process.pid}` : ''}.*; choose another for Temporal with --temporal-port$`),
    );
  });

  it('replaces the one that a killed supervisor has left behind, and says so', async () => {
    const devServer = await options();
    const left = await startDevServer(devServer);
    cleanUp.push(async () => void (await left.stop(0)));
    const record = (await findRecorded(devServer.recordFile))!;
    const notices: string[] = [];
    const supervised = supervise({ ...devServer, notice: (text) => notices.push(text) });
    await supervised.start();
    expect(await isRunning(record)).toBe(false);
    expect(notices).toEqual([`ended the Temporal dev server (pid ${left.pid}) that an earlier supervisor had left running`]);
  });

  it('keeps a copy of its database before another version opens it', async () => {
    const notices: string[] = [];
    const devServer = await options({ notice: (text) => notices.push(text) });
    const first = supervise(devServer);
    await first.start();
    await first.stop(10_000);
    await writeFile(`${devServer.databaseFile}.version`, '1.0.0\n');
    const before = await readFile(devServer.databaseFile);
    await supervise(devServer).start();
    expect((await readFile(`${devServer.databaseFile}.1.0.0.bak`)).equals(before)).toBe(true);
    expect(notices).toHaveLength(1);
  });
});

