import { describe, expect, it } from 'vitest';
import { commands } from '../commands/index.js';
import type { Completion } from '../command.js';
import { candidatesFor } from './candidates.js';

async function words(line: string): Promise<{ readonly found: readonly string[]; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const lookup = async (completion: Completion, before: readonly string[]) => {
    asked.push(`${completion} ${before.join(' ')}`.trim());
    return ['code-reviewer', 'greeter', 'agents'].map((word) => ({ word, meaning: '' }));
  };
  const found = await candidatesFor(commands, line.split(' '), lookup);
  return { found: found.map(({ word }) => word), asked };
}

describe('completion', () => {
  it('offers commands, groups and their verbs', async () => {
    expect((await words('')).found).toEqual(expect.arrayContaining(['server', 'apply', 'run', 'executions', 'version']));
    expect((await words('')).found).not.toContain('__complete');
    expect((await words('server st')).found).toEqual(['start', 'stop', 'status']);
    expect((await words('-o json server sta')).found).toEqual(['start', 'status']);
  });

  it('offers options of the command and of all commands, and the values that an option may have', async () => {
    expect((await words('run x --')).found).toEqual(expect.arrayContaining(['--message', '--no-follow', '--output', '--endpoint', '--no-color']));
    expect((await words('server start --')).found).not.toContain('--sandbox-image');
    expect((await words('run x --kind ')).found).toEqual(['agent', 'workflow']);
    expect((await words('run x -o nd')).found).toEqual(['ndjson']);
    expect((await words('run x --message ')).found).toEqual([]);
  });

  it('asks for names and ids where they go', async () => {
    expect(await words('run ')).toMatchObject({ found: ['code-reviewer', 'greeter', 'agents'], asked: ['runnable'] });
    expect(await words('run -m hi co')).toMatchObject({ found: ['code-reviewer'], asked: ['runnable'] });
    expect((await words('get ag')).asked).toEqual(['kind']);
    expect((await words('get agent ')).asked).toEqual(['resource agent']);
    expect((await words('executions watch ')).asked).toEqual(['execution']);
    expect((await words('run x ')).found).toEqual([]);
  });
});
