import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { LogQuery } from './control.js';
import { type Home, homeAt, prepareHome } from './home.js';
import { logLines } from './log-lines.js';
import { LogFile } from './supervision/log-file.js';

const clock = new ManualClock();
let home: Home;

beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'stigmer-log-lines-')));
  await prepareHome(home);
  for (const component of ['server', 'agent-runner-1', 'agent-runner-2', 'agent-runner-x']) {
    const log = new LogFile({ directory: home.logs, component, clock, onError: (error) => expect.fail(error.message) });
    log.lines('stdout', [JSON.stringify({ level: 'warn', msg: `${component} waits`, execution: 'aex-1', retry: { inMs: 5 }, note: 'two words' })]);
    log.close();
  }
});
afterEach(() => rm(home.root, { recursive: true }));

async function read(query: Partial<LogQuery>): Promise<string[]> {
  const lines: string[] = [];
  for await (const { component, level, text } of logLines(home, { follow: false, ...query }, new AbortController().signal, clock)) lines.push(`${component} ${level} ${text}`);
  return lines.toSorted();
}

describe('log lines', () => {
  it('carry the words first, then the other fields', async () => {
    expect(await read({ components: ['server'] })).toEqual(['server warn server waits execution=aex-1 retry={"inMs":5} note="two words"']);
  });

  it('of agent-runner are those of all its instances', async () => {
    const components = (await read({ components: ['agent-runner'] })).map((line) => line.split(' ')[0]);
    expect(components).toEqual(['agent-runner-1', 'agent-runner-2']);
  });

  it.each([
    [{ level: 'loud' }, /^level: must be one of trace, debug, .* and is 'loud'$/],
    [{ grep: '(' }, /^grep: must be a regular expression/],
    [{ components: ['sever'] }, /there is no log of 'sever'; there are logs of .*server/],
  ])('refuse %j', async (query, message) => {
    await expect(read(query)).rejects.toThrow(message);
  });

  it('are missed clearly where nothing was started yet', async () => {
    const other = homeAt(join(home.root, 'other'));
    await expect(logLines(other, { follow: false }, new AbortController().signal, clock).next()).rejects.toThrow(/there are no logs in/);
  });
});
