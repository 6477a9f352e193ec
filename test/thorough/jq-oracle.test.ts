import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { comparable } from '../../src/expressions/testdata/comparable.js';

interface Case {
  readonly program: string;
  readonly input: unknown;
  readonly results?: unknown[];
  readonly fails?: 'compile' | 'run';
  /** Versions of jq that do otherwise. */
  readonly differs?: string;
}

const file = new URL('../../src/expressions/testdata/cases.json', import.meta.url);
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[];

describe('the jq program', () => {
  it('gives the same results where it is installed', { timeout: 120_000 }, async ({ skip }) => {
    const jq = async (program: string, input: string): Promise<{ status: number; results: unknown[] }> => {
      const child = spawn('jq', ['-c', program], { env: { ...process.env, TZ: 'UTC' }, stdio: ['pipe', 'pipe', 'ignore'] });
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
      const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number]>]);
      return { status, results: status === 0 ? output.split('\n').filter(Boolean).map((line): unknown => JSON.parse(line)) : [] };
    };
    const present = await jq('.', '1').catch(() => undefined);
    if (!present) return skip('no jq on this machine');
    const different: string[] = [];
    const queue = cases.filter(({ differs }) => differs === undefined);
    const work = async (): Promise<void> => {
      for (let next = queue.pop(); next; next = queue.pop()) {
        const { status, results } = await jq(next.program, JSON.stringify(next.input));
        const same = next.fails === undefined ? JSON.stringify(comparable(results)) === JSON.stringify(comparable(next.results)) : status !== 0;
        if (!same) different.push(next.program);
      }
    };
    await Promise.all([work(), work()]);
    expect(different).toEqual([]);
  });
});
