import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const entry = fileURLToPath(new URL('../../src/demo-model/main.ts', import.meta.url));
let folder: string;
let program: string;
let child: ChildProcessWithoutNullStreams | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-model-'));
  program = join(folder, 'main.mjs');
  const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
  await build({ entryPoints: [entry], outfile: program, bundle: true, platform: 'node', format: 'esm', target: 'node20', banner });
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

function run(variables: Record<string, string>): ChildProcessWithoutNullStreams {
  child = spawn(process.execPath, [program], { env: variables });
  return child;
}

async function firstLine(running: ChildProcessWithoutNullStreams): Promise<{ listening: string }> {
  for await (const line of createInterface(running.stdout)) return JSON.parse(line) as { listening: string };
  throw new Error('the program ended without a word');
}

async function ask(url: string, content: string): Promise<string> {
  const body = JSON.stringify({ model: 'demo-script', messages: [{ role: 'user', content }], stream: false });
  const response = await fetch(`${url}/api/chat`, { method: 'POST', body });
  return ((await response.json()) as { message: { content: string } }).message.content;
}

describe('the demo model as a program', () => {
  it('says where it listens, plays the demo script, and ends on SIGTERM', async () => {
    const running = run({ DEMO_MODEL_TOKEN_MS: '0' });
    const { listening } = await firstLine(running);
    expect(listening).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(await ask(listening, 'Review this: if (a = 1) {}')).toMatch(/^This is a scripted stand-in[^]*`if \(a = 1\)` assigns/);
    running.kill('SIGTERM');
    expect(await once(running, 'exit')).toEqual([0, null]);
  });

  it('plays a script from a file', async () => {
    const script = join(folder, 'script.yaml');
    await writeFile(script, 'rules:\n  - say: "From the file: {{message}}"\n');
    const { listening } = await firstLine(run({ DEMO_MODEL_SCRIPT: script }));
    expect(await ask(listening, 'hi')).toBe('From the file: hi');
  });

  it('ends when its standard input ends, an answer under way included, if it was told to', async () => {
    const running = run({ STIGMER_EXIT_WITH_STDIN: '1', DEMO_MODEL_DELAY_MS: '600000' });
    const { listening } = await firstLine(running);
    const answer = ask(listening, 'hi').catch(() => 'lost');
    running.stdin.end();
    expect(await once(running, 'exit')).toEqual([0, null]);
    expect(await answer).toBe('lost');
  });

  it('gives other ids after a restart', async () => {
    const ids = [];
    for (let i = 0; i < 2; i += 1) {
      const running = run({ DEMO_MODEL_TOKEN_MS: '0' });
      const { listening } = await firstLine(running);
      const body = JSON.stringify({ model: 'x', messages: [{ role: 'user', content: 'hi' }] });
      const response = await fetch(`${listening}/v1/chat/completions`, { method: 'POST', body });
      ids.push(((await response.json()) as { id: string }).id);
      running.kill('SIGTERM');
      await once(running, 'exit');
    }
    expect(ids[0]).not.toBe(ids[1]);
  });

  it.each([
    ['a malformed variable', { DEMO_MODEL_PORT: 'http' }, 'DEMO_MODEL_PORT "http" must be a whole number'],
    ['a script that is not there', { DEMO_MODEL_SCRIPT: '/nowhere/script.yaml' }, '/nowhere/script.yaml'],
  ])('says what is wrong with %s, and ends', async (_what, variables, message) => {
    const running = run(variables);
    let said = '';
    running.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(running, 'close')) as [number];
    expect(code).toBe(1);
    expect(said).toContain(message);
  });
});
