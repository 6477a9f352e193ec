import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { readEnvironment } from './env.js';
import { parseScript } from './script.js';
import type { ScriptInput } from './script.js';
import { demoScript } from './scripts/demo.js';
import { startModelServer } from './server.js';

async function main(): Promise<void> {
  const env = readEnvironment();
  const server = await startModelServer({
    script: env.DEMO_MODEL_SCRIPT === undefined ? demoScript : await scriptFile(env.DEMO_MODEL_SCRIPT),
    port: env.DEMO_MODEL_PORT,
    pace: { delay_ms: env.DEMO_MODEL_DELAY_MS, token_ms: env.DEMO_MODEL_TOKEN_MS },
    // A conversation may outlive this process, and its tool calls go by id: a restart must not give the same ids again.
    seed: env.DEMO_MODEL_SEED ?? randomBytes(4).toString('hex'),
    keepRequests: 0,
  });
  const stop = (): void => {
    server.close().catch(fail);
    process.stdin.destroy();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (env.STIGMER_EXIT_WITH_STDIN) process.stdin.once('end', stop).resume();
  process.stdout.write(`${JSON.stringify({ listening: server.url })}\n`);
}

async function scriptFile(path: string): Promise<ScriptInput> {
  return parseScript(await readFile(path, 'utf8'), path);
}

function fail(error: unknown): void {
  process.stderr.write(`demo-model: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

main().catch(fail);
