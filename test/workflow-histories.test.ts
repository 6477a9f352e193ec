import { fileURLToPath } from 'node:url';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { AGENT_EXECUTION_STATUS } from '../src/workflows/names.js';
import { protoPayload } from '../src/workflows/payloads/proto-payload.js';
import { type RunScript, startWorkflowWorld } from './support/workflow-world.js';
import { bundleWorkflows, quietTemporalRuntime } from './support/workflow-bundle.js';

const folder = new URL('../src/workflows/histories/', import.meta.url);

function replay(): void {
  const histories = readdirSync(folder).filter((file) => file.endsWith('.json'));
  let workflowBundle: WorkflowBundleWithSourceMap;

  beforeAll(async () => {
    quietTemporalRuntime();
    workflowBundle = await bundleWorkflows();
  }, 60_000);

  const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

  it.each(histories)('%s is replayed by the definitions as they are', async (file) => {
    await expect(Worker.runReplayHistory({ workflowBundle }, JSON.parse(read(file)))).resolves.toBeUndefined();
  });

  it.each(histories)('%s would show a definition that does something else', async (file) => {
    const tampered: unknown = JSON.parse(read(file).replaceAll('ExecuteGraphton', 'ExecuteSomethingElse'));
    await expect(Worker.runReplayHistory({ workflowBundle }, tampered)).rejects.toThrow('TMPRL1100');
  });
}

/** Writes those of a version: done before a release whose definitions changed. */
function record(version: string): void {
  it('writes the histories of a run that completes, one that is cancelled and one whose runner is lost', async () => {
    const world = await startWorkflowWorld();
    const silent = new AbortController();
    const never: RunScript = () => new Promise((resolve) => silent.signal.addEventListener('abort', () => resolve(undefined)));
    const write = async (name: string, executionId: string): Promise<void> => {
      await world.closed(executionId);
      const history = JSON.parse(historyToJSON(await world.history(executionId))) as { events: unknown[] };
      expect(history.events.length).toBeGreaterThan(5);
      writeFileSync(new URL(`agent-execution-${version}${name}.json`, folder), `${JSON.stringify(history).replaceAll(checkout, '')}\n`);
    };
    const status = protoPayload(AGENT_EXECUTION_STATUS, { phase: 'EXECUTION_COMPLETED', messages: [{ type: 'MESSAGE_AI', content: 'Hi' }] });
    await write('', await world.start(async () => status, { threadId: 'thread-ses-1', heartbeatMs: 30_000 }));
    const cancelled = await world.start(never, { cancelGraceMs: 1_000 });
    await world.running(cancelled);
    await world.client.cancel('agent_execution', cancelled);
    await write('-cancelled', cancelled);
    await write('-lost', await world.start(never, { heartbeatMs: 1_000, attempts: 2 }));
    silent.abort();
    await world.close();
  });
}

// `RECORD_HISTORY=v2 npx vitest run test/workflow-histories.test.ts` records.
const version = process.env['RECORD_HISTORY'];
// Stack traces in a history name files of the machine that recorded it.
const checkout = fileURLToPath(new URL('../', import.meta.url));
describe('the recorded histories', () => (version === undefined ? replay() : record(version)));
