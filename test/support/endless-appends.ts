import { writeSync } from 'node:fs';
import { systemClock } from '../../src/contract/clock.js';
import { openStore } from '../../src/store/open-store.js';
import type { WriteOp } from '../../src/store/ports.js';

/**
 * A program that makes executions and appends to them until it is killed, with many appends under way at once, and prints each one that was
 * acknowledged. Arguments: folder, then the ids of its executions.
 */
const [folder = '', ...ids] = process.argv.slice(2);
const store = await openStore({ file: `${folder}/stigmer.db`, keyFile: `${folder}/secrets.key`, artifactsDir: `${folder}/artifacts`, clock: systemClock });
const head = (revision: number) => ({ revision, phase: 2, startedAt: '', completedAt: '', error: '' });
for (const id of ids) if (!(await store.executions.head(id))) await store.write([insertExecution(id)]);

await Promise.all(
  ids.map(async (id) => {
    for (let revision = (await store.executions.head(id))?.revision ?? 0; ; revision += 2) {
      const events = [revision + 1, revision + 2].map((n) => Buffer.from(`${id} ${n} ${'x'.repeat(n % 700)}`));
      const snapshot = revision % 50 === 0 ? { snapshot: Buffer.from(`state of ${id} at ${revision + 2}`) } : {};
      await store.write([{ op: 'append', executionId: id, expectedRevision: revision, events, head: head(revision + 2), ...snapshot }]);
      // Straight to the file descriptor, so that what is printed is printed when the kill comes.
      print(`${id} ${revision + 2}\n`);
    }
  }),
);

function insertExecution(id: string): WriteOp {
  const names = { org: '', slug: '', name: '', sessionId: '', ownerId: '', instanceId: '', version: '' };
  const row = { id, kind: 'agent_execution', ...names, tags: [], createdAt: 0, data: Buffer.alloc(0) } as const;
  return { op: 'insert-execution', row, head: head(0), events: [] };
}

/** Waits for a reader that is behind: the pipe takes no more for now. */
function print(line: string): void {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}
