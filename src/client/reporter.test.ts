import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { until } from '../../test/support/rpc.js';
import { type RunnerPeer, startRunnerPeer } from '../../test/support/runner-peer.js';
import { systemClock } from '../contract/clock.js';
import { invalidArgument } from '../contract/errors.js';
import { MessageType } from '../contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { Phase } from '../contract/phases.js';
import { executionEvent } from '../execution/event.js';
import { Reporter, type ReporterOptions } from './reporter.js';
import { RpcClient } from './rpc-client.js';

let peer: RunnerPeer;
let client: RpcClient;
const stops: string[] = [];
let breaks: number;
const reporters: Reporter[] = [];
let executions = 0;

beforeEach(async () => {
  peer = await startRunnerPeer();
  client = new RpcClient({ endpoint: peer.endpoint });
  stops.length = 0;
  breaks = 0;
});
afterEach(() => {
  for (const reporter of reporters.splice(0)) reporter.close();
  client.close();
  peer.close();
});

function report(options: Partial<ReporterOptions> = {}): { reporter: Reporter; id: string } {
  const id = options.executionId ?? `aex-${++executions}`;
  const reporter = new Reporter({
    client,
    clock: systemClock,
    executionId: id,
    runnerId: () => 'lease-1',
    attempt: 1,
    onStop: (reason) => stops.push(reason),
    onBreak: () => (breaks += 1),
    ...options,
  });
  reporters.push(reporter);
  return { reporter, id };
}

const first = (content = '') => executionEvent('messageAppended', { index: 0, message: { type: MessageType.MESSAGE_AI, content } });
const text = (offset: number, words: string) => executionEvent('textAppended', { index: 0, offset: BigInt(offset), text: words });
const content = (id: string) => peer.execution(id).status.messages[0]?.content;

/** Says the words one by one, as a model does. */
function say(reporter: Reporter, words: readonly string[]): void {
  reporter.append(first());
  let offset = 0;
  for (const word of words) {
    reporter.append(text(offset, word));
    offset += Buffer.byteLength(word);
  }
}

const hundred = Array.from({ length: 100 }, (_, n) => `wörd${n} `);

describe('Reporter', () => {
  it('tells how long the conversation is, who reports, and which attempt', async () => {
    const { reporter, id } = report({ attempt: 3 });
    expect(await reporter.open()).toEqual({ messageCount: 0 });
    reporter.append(first());
    await reporter.flush();
    expect(peer.execution(id).opens).toMatchObject([{ executionId: id, runnerId: 'lease-1', attempt: 3 }]);
    const again = report({ executionId: id, attempt: 4 });
    expect(await again.reporter.open()).toEqual({ messageCount: 1 });
  });

  it('reports in order, and flushes when everything is on disk', async () => {
    const { reporter, id } = report();
    say(reporter, hundred);
    await reporter.open();
    await reporter.flush();
    expect(content(id)).toBe(hundred.join(''));
  });

  it('does not flush before the server has acknowledged', async () => {
    const { reporter, id } = report();
    peer.manners.keepsAcks = true;
    await reporter.open();
    reporter.append(first('x'));
    let flushed = false;
    void reporter.flush().then(() => (flushed = true));
    await until(() => content(id) === 'x');
    expect(flushed).toBe(false);
    peer.manners.keepsAcks = false;
    reporter.append(text(1, 'y'));
    await until(() => flushed);
  });

  it('joins what waits while the window is full', async () => {
    peer.manners.window = 2;
    peer.manners.keepsAcks = true;
    const { reporter, id } = report();
    await reporter.open();
    say(reporter, hundred);
    await until(() => peer.execution(id).events.length === 2);
    peer.manners.keepsAcks = false;
    peer.breakStreams();
    await reporter.flush();
    expect(content(id)).toBe(hundred.join(''));
    expect(peer.execution(id).events.length).toBeLessThan(10);
  });

  it('reports each event once over any number of breaks, whether they were taken or not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 64 }), async (gaps, window) => {
        peer.manners.window = window;
        const { reporter, id } = report();
        await reporter.open();
        reporter.append(first());
        let offset = 0;
        for (const gap of gaps) {
          peer.manners.breakAfter = gap;
          for (const word of hundred.slice(0, gap)) {
            reporter.append(text(offset, word));
            offset += Buffer.byteLength(word);
            if (gap % 2 === 0) await Promise.resolve();
          }
          if (gap % 3 === 0) await reporter.flush();
        }
        await reporter.flush();
        peer.manners.breakAfter = undefined;
        expect(content(id)).toBe(gaps.map((gap) => hundred.slice(0, gap).join('')).join(''));
        reporter.close();
      }),
      { numRuns: 15 },
    );
    expect(breaks).toBeGreaterThan(0);
    expect(stops).toEqual([]);
  });

  it('goes on where the log stands when it is made anew within one attempt', async () => {
    const { reporter, id } = report();
    await reporter.open();
    reporter.append(first('a'));
    await reporter.flush();
    reporter.close();
    const again = report({ executionId: id });
    await again.reporter.open();
    again.reporter.append(text(1, 'b'));
    await again.reporter.flush();
    expect(content(id)).toBe('ab');
  });

  it('waits for a server that is away', async () => {
    peer.down();
    const { reporter, id } = report();
    const open = reporter.open();
    reporter.append(first('x'));
    await until(() => breaks > 0);
    await peer.up();
    await open;
    await reporter.flush();
    expect(content(id)).toBe('x');
  });

  it('counts a server that does not answer as away', async () => {
    peer.manners.answersReports = false;
    const clock = new ManualClock();
    const reasons: string[] = [];
    const { reporter, id } = report({ clock, onBreak: ({ message }) => reasons.push(message) });
    const open = reporter.open();
    await until(async () => {
      await clock.advance(1_000);
      return reasons.length > 0;
    });
    expect(reasons[0]).toBe(`the server at ${peer.endpoint} has not answered to a report within 15 s`);
    peer.manners.answersReports = true;
    await until(async () => {
      await clock.advance(1_000);
      return peer.execution(id).opens.length > 0;
    });
    await open;
  });

  it('splits what is too large for one message', async () => {
    const { reporter, id } = report();
    const large = (n: number) => executionEvent('messagesReplaced', { messages: [{ type: MessageType.MESSAGE_AI, content: String(n).padEnd(1_500_000) }] as never });
    for (let n = 1; n <= 9; n++) reporter.append(large(n));
    await reporter.open();
    await reporter.flush();
    expect(content(id)?.trim()).toBe('9');
  });

  it('tells notices beside the events', async () => {
    const { reporter, id } = report();
    await reporter.open();
    reporter.notice({ code: 'MODEL_RETRY', text: 'wait' });
    await until(() => peer.execution(id).notices.length === 1);
    expect(peer.execution(id).notices[0]).toMatchObject({ code: 'MODEL_RETRY', text: 'wait' });
  });

  it('stops once when the run is not wanted any more', async () => {
    const { reporter, id } = report();
    await reporter.open();
    peer.stopReport(id, 'cancelled by the user');
    await until(() => stops.length > 0);
    reporter.append(first());
    await expect(reporter.flush()).rejects.toMatchObject({ codeName: 'FAILED_PRECONDITION', message: 'cancelled by the user' });
    expect(stops).toEqual(['cancelled by the user']);
  });

  it('stops when the server refuses an event', async () => {
    const { reporter } = report();
    await reporter.open();
    reporter.append(text(0, 'x'));
    await expect(reporter.flush()).rejects.toMatchObject({ codeName: 'INVALID_ARGUMENT' });
    expect(stops).toHaveLength(1);
  });

  it('stops when it may not open', async () => {
    peer.manners.refuseReport = invalidArgument('attempt', 'is over');
    const { reporter } = report();
    await expect(reporter.open()).rejects.toMatchObject({ codeName: 'INVALID_ARGUMENT' });
    expect(stops).toHaveLength(1);
  });

  it('keeps nobody waiting when it is closed', async () => {
    peer.down();
    const { reporter } = report();
    const open = reporter.open();
    reporter.append(first());
    const flush = reporter.flush();
    reporter.close();
    await expect(open).rejects.toMatchObject({ codeName: 'CANCELLED' });
    await expect(flush).rejects.toMatchObject({ codeName: 'CANCELLED' });
    await expect(reporter.flush()).rejects.toMatchObject({ codeName: 'CANCELLED' });
    expect(stops).toEqual([]);
  });

  it('reports the end of a run', async () => {
    const { reporter, id } = report();
    await reporter.open();
    reporter.append(executionEvent('phaseChanged', { phase: Phase.FAILED, error: 'why' }));
    await reporter.flush();
    expect(peer.execution(id).status).toMatchObject({ phase: Phase.FAILED, error: 'why' });
  });
});
