import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../src/daemon/supervision/ports.js';
import { demoScript } from '../src/demo-model/scripts/demo.js';
import { type ModelServer, startModelServer } from '../src/demo-model/server.js';
import { temporalBinary } from './support/temporal.js';

const root = resolve(import.meta.dirname, '..');

/** Commands of the first code block below a heading, as a person types them: without their comments. */
async function commandsBelow(heading: string): Promise<string[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const block = readme.slice(readme.indexOf(`## ${heading}`)).match(/```\n([\s\S]*?)```/)?.[1] ?? '';
  return block
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''))
    .filter((line) => line !== '');
}

describe('the README', () => {
  let home: string;
  let model: ModelServer;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'stigmer-readme-'));
    model = await startModelServer({ script: demoScript, pace: { delay_ms: 0, token_ms: 0 } });
    const [grpc, http, temporal] = [await freePort('127.0.0.1'), await freePort('127.0.0.1'), await freePort('127.0.0.1')];
    env = {
      PATH: process.env['PATH'],
      HOME: home,
      STIGMER_SERVER_ADDR: `127.0.0.1:${grpc}`,
      STIGMER_GRPC_PORT: String(grpc),
      STIGMER_HTTP_PORT: String(http),
      STIGMER_TEMPORAL_PORT: String(temporal),
      STIGMER_TEMPORAL_BIN: await temporalBinary(),
      STIGMER_LLM_PROVIDER: 'openai',
      STIGMER_LLM_MODEL: 'demo-script',
      STIGMER_LLM_BASE_URL: `${model.url}/v1`,
      STIGMER_LLM_API_KEY: 'none-needed',
    };
  }, 120_000);

  afterAll(async () => {
    await end(start('bin/stigmer server stop --now'));
    await model.close();
    await rm(home, { recursive: true, force: true });
  }, 60_000);

  function start(command: string): ChildProcess {
    return spawn('bash', ['-c', `exec ${command}`], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  it('has a tour whose commands do what they say', async () => {
    const commands = await commandsBelow('A tour');
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) {
      const running = start(command);
      const output = collect(running);
      // The log is followed until someone ends it.
      if (command.endsWith(' -f')) running.stdout?.once('data', () => running.kill('SIGINT'));
      const code = await end(running);
      expect({ command, code: command.endsWith(' -f') ? 0 : code, output: output() }).toMatchObject({ command, code: 0 });
      if (command.includes(' run ')) expect(output()).toMatch(/Execution ID: aex-[\s\S]*completed in/);
    }
  }, 180_000);

  it('names only scripts that there are', async () => {
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const named = [...readme.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] as string);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

function collect(running: ChildProcess): () => string {
  const chunks: Buffer[] = [];
  running.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  running.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

async function end(running: ChildProcess): Promise<number | null> {
  const [code] = (await once(running, 'close')) as [number | null];
  return code;
}
