import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../test/support/rpc.js';
import { type RunnerPeer, startRunnerPeer } from '../../test/support/runner-peer.js';
import { systemClock } from '../contract/clock.js';
import { internal, notFound } from '../contract/errors.js';
import { AgentExecutionStatusSchema } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { MessageType } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { Phase } from '../contract/phases.js';
import { executionEvent } from '../execution/event.js';
import { RpcClient } from './rpc-client.js';
import { StatusReporter } from './status-reporter.js';

let peer: RunnerPeer;
let client: RpcClient;
let reporter: StatusReporter;
const stops: string[] = [];
let executionId: string;
let executions = 0;

beforeEach(async () => {
  peer = await startRunnerPeer();
  peer.manners.ours = false;
  client = new RpcClient({ endpoint: peer.endpoint, token: 'dummy-local-key' });
  stops.length = 0;
  executionId = `aex-${++executions}`;
  reporter = new StatusReporter({
    client,
    clock: systemClock,
    executionId,
    status: create(AgentExecutionStatusSchema, { phase: Phase.PENDING }),
    onStop: (reason) => stops.push(reason),
  });
});
afterEach(() => {
  reporter.close();
  client.close();
  peer.close();
});

const message = (index: number, content = '') => executionEvent('messageAppended', { index, message: { type: MessageType.MESSAGE_AI, content } });
const status = () => peer.execution(executionId).status;

describe('StatusReporter', () => {
  it('says that the run is in progress before anything else', async () => {
    expect(await reporter.open()).toEqual({ messageCount: 0 });
    await reporter.flush();
    expect(peer.updates[0]).toMatchObject({ executionId, status: { phase: Phase.IN_PROGRESS, startedAt: expect.stringMatching(/Z$/) } });
    expect(peer.calls[0]).toEqual({ method: 'AgentExecutionCommandController/updateStatus', authorization: 'Bearer dummy-local-key' });
  });

  it('sends the whole status, and not more often than need be', async () => {
    await reporter.open();
    reporter.append(message(0));
    for (let n = 0; n < 200; n++) reporter.append(executionEvent('textAppended', { index: 0, offset: BigInt(n), text: 'x' }));
    reporter.append(executionEvent('phaseChanged', { phase: Phase.COMPLETED }));
    await reporter.flush();
    expect(status()).toMatchObject({ phase: Phase.COMPLETED, messages: [{ content: 'x'.repeat(200) }] });
    expect(peer.updates.length).toBeLessThanOrEqual(3);
  });

  it('sends what is said while it sends', async () => {
    await reporter.open();
    for (let n = 0; n < 20; n++) {
      reporter.append(message(n, String(n)));
      // Into every gap between two steps of the sending.
      for (let step = 0; step < n; step++) await Promise.resolve();
    }
    await reporter.flush();
    expect(status().messages).toHaveLength(20);
  });

  it('goes on after an outage', async () => {
    await reporter.open();
    await reporter.flush();
    peer.down();
    reporter.append(message(0, 'said meanwhile'));
    await peer.up();
    await reporter.flush();
    expect(status().messages).toMatchObject([{ content: 'said meanwhile' }]);
  });

  it('tries again after a fault of the server, and stops when it is refused', async () => {
    peer.manners.refuse = internal('a fault');
    await reporter.open();
    await until(() => peer.calls.length > 0);
    peer.manners.refuse = undefined;
    await reporter.flush();
    expect(stops).toEqual([]);
    peer.manners.refuse = notFound('AgentExecution', executionId);
    reporter.append(message(0));
    await expect(reporter.flush()).rejects.toMatchObject({ codeName: 'NOT_FOUND' });
    expect(stops).toHaveLength(1);
  });

  it('keeps nobody waiting when it is closed', async () => {
    peer.down();
    await reporter.open();
    const flush = reporter.flush();
    reporter.close();
    await expect(flush).rejects.toMatchObject({ codeName: 'CANCELLED' });
  });
});
