import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const execute = promisify(execFile);

it('prints a row for each piece of work, with a floor of the same run', async () => {
  const { stdout } = await execute(process.execPath, ['scripts/bench.mjs', '--no-build', '--quick', 'get'], { cwd: root });
  const rows = stdout.split('\n').filter((line) => line.startsWith('| get'));
  expect(rows).toHaveLength(6);
  for (const row of rows) {
    const [, , ours, floor, ratio, , , original] = row.split('|');
    expect(ours).toMatch(/\d\/s \(\d.* µs\)/);
    expect(floor).toMatch(/\d\/s \(\d.* µs\)/);
    expect(ratio).toMatch(/\d %/);
    expect(original).toMatch(/\d\/s/);
  }
}, 60_000);

it('names its sections when it is asked for one that it does not have', async () => {
  const failed = await execute(process.execPath, ['scripts/bench.mjs', '--no-build', 'speed'], { cwd: root }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 2, stderr: expect.stringMatching(/unknown section: speed[^]*update-status/) });
}, 60_000);
