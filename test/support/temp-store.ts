import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ExecutionHead, ExecutionRow, ResourceRow, Store, StoreMaintenance, WriteOp } from '../../src/store/ports.js';
import { openStore, type StoreOptions } from '../../src/store/open-store.js';
import { ManualClock } from './manual-clock.js';

export type OpenedStore = Store & StoreMaintenance;

/** A folder for one store, with what opens it. */
export interface StoreFolder {
  readonly folder: string;
  readonly file: string;
  readonly keyFile: string;
  readonly artifactsDir: string;
  readonly clock: ManualClock;
  open(options?: Partial<StoreOptions>): Promise<OpenedStore>;
  /** Closes what was opened and removes the folder. */
  remove(): Promise<void>;
}

/** A folder that is gone when the test is finished. */
export async function storeFolder(): Promise<StoreFolder> {
  const made = await makeStoreFolder();
  onTestFinished(() => made.remove());
  return made;
}

/** A folder that its maker removes. */
export async function makeStoreFolder(): Promise<StoreFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'stigmer-store-'));
  const opened: Store[] = [];
  const clock = new ManualClock();
  const places = { file: join(folder, 'state', 'stigmer.db'), keyFile: join(folder, 'state', 'secrets.key'), artifactsDir: join(folder, 'artifacts') };
  return {
    folder,
    clock,
    ...places,
    open: async (options) => {
      const store = await openStore({ ...places, clock, ...options });
      opened.push(store);
      return store;
    },
    remove: async () => {
      await Promise.all(opened.map((store) => store.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A store of its own for one test. */
export async function tempStore(options?: Partial<StoreOptions>): Promise<OpenedStore> {
  return (await storeFolder()).open(options);
}

export function resourceRow(row: Partial<ResourceRow> & { readonly id: string }): ResourceRow {
  return {
    kind: 'agent',
    org: 'acme',
    slug: row.id,
    scope: 1,
    parent: '',
    version: 'v1',
    labels: {},
    tags: [],
    references: [],
    createdAt: 1_000,
    updatedAt: 1_000,
    data: Buffer.from(`data of ${row.id}`),
    ...row,
  };
}

export function executionRow(row: Partial<ExecutionRow> & { readonly id: string }): ExecutionRow {
  return {
    kind: 'agent_execution',
    org: 'acme',
    slug: 'run',
    name: 'run',
    sessionId: 'ses-1',
    ownerId: 'agt-1',
    instanceId: 'ain-1',
    version: 'v1',
    tags: [],
    createdAt: 1_000,
    data: Buffer.from(`data of ${row.id}`),
    ...row,
  };
}

/** A head in progress, at a revision. */
export function headAt(revision: number, head: Partial<ExecutionHead> = {}): ExecutionHead {
  return { revision, phase: 2, startedAt: '2026-01-01T00:00:00Z', completedAt: '', error: '', ...head };
}

/** Stores an execution without events. */
export function insertExecution(row: Partial<ExecutionRow> & { readonly id: string }): WriteOp {
  return { op: 'insert-execution', row: executionRow(row), head: headAt(0, { phase: 1, startedAt: '' }), events: [] };
}

/** Appends texts as events. */
export function appendOp(
  executionId: string,
  expectedRevision: number,
  texts: readonly string[],
  more: { readonly head?: Partial<ExecutionHead>; readonly snapshot?: Uint8Array; readonly source?: ExecutionHead['source'] } = {},
): Extract<WriteOp, { op: 'append' }> {
  const { head, snapshot, source } = more;
  return {
    op: 'append',
    executionId,
    expectedRevision,
    events: texts.map((text) => Buffer.from(text)),
    head: headAt(expectedRevision + texts.length, { ...head, ...(source && { source }) }),
    ...(snapshot && { snapshot }),
    ...(source && { source }),
  };
}

export function textsOf(events: readonly Uint8Array[] | undefined): string[] | undefined {
  return events?.map((event) => Buffer.from(event).toString());
}
