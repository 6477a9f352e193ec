import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notFound } from '../src/contract/errors.js';
import { AgentQueryController } from '../src/contract/gen/ai/stigmer/agentic/agent/v1/query_pb.js';
import { AgentExecutionCommandController } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { MessageType } from '../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { WorkflowQueryController } from '../src/contract/gen/ai/stigmer/agentic/workflow/v1/query_pb.js';
import { ExecutionControl } from '../src/contract/gen/stigmer/execution/v1/execution_pb.js';
import { ExecutionStream, WatchResponseSchema } from '../src/contract/gen/stigmer/stream/v1/stream_pb.js';
import { Phase } from '../src/contract/phases.js';
import { emulate } from './support/fake-output.js';
import { type GrpcPeer, startGrpcPeer } from './support/grpc-peer.js';
import { until } from './support/rpc.js';

const root = resolve(import.meta.dirname, '..');
const STIGMER = join(root, 'bin', 'stigmer');
const TERMINAL = join(import.meta.dirname, 'support', 'pseudo-terminal.py');
const ID = 'aex-01kc0000000000000000000001';

let peer: GrpcPeer;
/** Ends the execution that is played: resolves with the phase of its end. */
let finish: (phase: number) => void;
const children: ChildProcess[] = [];

beforeEach(async () => {
  peer = await startGrpcPeer();
  const end = new Promise<number>((settle) => (finish = settle));
  peer.unary(AgentQueryController.method.getByReference, ({ slug }) => ({ metadata: { name: slug, slug, id: 'agt-1' } }));
  peer.unary(WorkflowQueryController.method.getByReference, ({ slug }) => {
    throw notFound('Workflow', slug);
  });
  peer.unary(WorkflowQueryController.method.get, ({ value }) => {
    throw notFound('Workflow', value);
  });
  peer.unary(AgentExecutionCommandController.method.create, () => ({ metadata: { id: ID } }));
  peer.unary(ExecutionControl.method.cancel, () => {
    finish(Phase.CANCELLED);
    return {};
  });
  peer.stream(ExecutionStream.method.watch, async function* () {
    const content = 'The change looks right,\u001b[2J with two remarks that are long enough to go over the edge of a terminal.';
    const value = { status: { phase: Phase.IN_PROGRESS, messages: [{ type: MessageType.MESSAGE_AI, content }] } };
    yield create(WatchResponseSchema, { item: { case: 'snapshot', value: { at: { logId: 'l', revision: 1n }, execution: { case: 'agent', value } } } });
    yield create(WatchResponseSchema, { item: { case: 'end', value: { phase: await end } } });
  });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  finish(Phase.COMPLETED);
  peer.down();
});

interface Running {
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly errors: () => string;
  readonly code: Promise<number | null>;
}

function start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const { NO_COLOR: _none, FORCE_COLOR: _neither, ...inherited } = process.env;
  const child = spawn(command, args, { env: { ...inherited, TERM: 'xterm-256color', STIGMER_HOME: '/nowhere/stigmer', STIGMER_SERVER_ADDR: peer.endpoint, ...env }, stdio: 'pipe' });
  children.push(child);
  let [text, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdin.on('error', () => undefined);
  const code = once(child, 'close').then(([exit]) => exit as number | null);
  return { child, text: () => text, errors: () => errors, code };
}

const piped = (args: readonly string[], env?: Readonly<Record<string, string>>) => start(process.execPath, [STIGMER, ...args], env);
const inTerminal = (columns: number, args: readonly string[], env?: Readonly<Record<string, string>>) => start('python3', [TERMINAL, String(columns), '24', process.execPath, STIGMER, ...args], env);
/** What a person sees of it. */
const screen = ({ text }: Running) => emulate(text().replaceAll('\r\n', '\n'));

describe('the program in a terminal', () => {
  it('breaks lines between words, at the width that the terminal has', async () => {
    const running = inTerminal(40, ['run', 'reviewer']);
    await until(() => screen(running).includes('terminal.'));
    finish(Phase.COMPLETED);
    expect(await running.code).toBe(0);
    expect(screen(running)).toContain('🤖 Agent: The change looks right, with\ntwo remarks that are long enough to go\nover the edge of a terminal.\n');
    expect(running.text()).toContain('\u001b[36m');
    expect(running.text()).not.toContain('\u001b[2J');
  });

  it('asks at Ctrl-C, and a second one leaves', async () => {
    const running = inTerminal(80, ['run', 'reviewer']);
    await until(() => screen(running).includes('terminal.'));
    running.child.stdin?.write('\u0003');
    await until(() => screen(running).includes('[d]etach  [c]ancel  [g]o on'));
    running.child.stdin?.write('\u0003');
    expect(await running.code).toBe(130);
    expect(screen(running)).toContain(`→ stigmer executions watch ${ID}`);
    expect(peer.calls).not.toContain('ExecutionControl/Cancel');
  });

  it('cancels when asked to, and shows the end', async () => {
    const running = inTerminal(80, ['run', 'reviewer']);
    await until(() => screen(running).includes('terminal.'));
    running.child.stdin?.write('\u0003');
    await until(() => screen(running).includes('[c]ancel'));
    running.child.stdin?.write('c');
    expect(await running.code).toBe(130);
    expect(screen(running)).toContain('⚠️ cancelled');
    expect(peer.calls).toContain('ExecutionControl/Cancel');
  });

  it('uses no colours with NO_COLOR, and no control sequences at all in a dumb terminal', async () => {
    finish(Phase.COMPLETED);
    const plain = inTerminal(80, ['run', 'reviewer'], { NO_COLOR: '1' });
    expect(await plain.code).toBe(0);
    // oxlint-disable-next-line no-control-regex -- colours
    expect(plain.text()).not.toMatch(/\u001b\[\d*m/);
    const dumb = inTerminal(80, ['run', 'reviewer'], { TERM: 'dumb' });
    expect(await dumb.code).toBe(0);
    expect(dumb.text()).not.toContain('\u001b');
  });
});

describe('the program in a pipe', () => {
  it('writes plain text, lines as they are', async () => {
    finish(Phase.COMPLETED);
    const running = piped(['run', 'reviewer']);
    expect(await running.code).toBe(0);
    expect(running.text()).toContain('🤖 Agent: The change looks right, with two remarks that are long enough to go over the edge of a terminal.\n');
    expect(running.text()).not.toContain('\u001b');
    expect(running.errors()).toBe('');
  });

  it('leaves the execution alone when it is interrupted or terminated, and says how to come back', async () => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      const running = piped(['run', 'reviewer']);
      await until(() => running.text().includes('terminal.'));
      running.child.kill(signal);
      expect(await running.code).toBe(code);
      expect(running.errors()).toContain(`→ stigmer executions watch ${ID}`);
    }
    expect(peer.calls).not.toContain('ExecutionControl/Cancel');
  });

  it('ends quietly when its reader has left', async () => {
    const running = piped(['run', 'reviewer']);
    await until(() => running.text().includes('terminal.'));
    running.child.stdout?.destroy();
    finish(Phase.COMPLETED);
    expect(await running.code).toBe(141);
    expect(running.errors()).toBe('');
  });
});

describe('the bundled program', () => {
  it('writes YAML, and reads it from its configuration and from manifests', async () => {
    const home = mkdtempSync(join(tmpdir(), 'stigmer-cli-'));
    try {
      writeFileSync(join(home, 'config.yaml'), `server:\n  endpoint: ${peer.endpoint}\n`);
      const got = piped(['get', 'agent', 'reviewer'], { STIGMER_HOME: home, STIGMER_SERVER_ADDR: '' });
      expect(await got.code).toBe(0);
      expect(got.text()).toBe('metadata:\n  name: reviewer\n  slug: reviewer\n  id: agt-1\n');
      writeFileSync(join(home, 'agent.yaml'), 'apiVersion: agentic.stigmer.ai/v1\nkind: Agent\nmetadata: {name: a}\nspec: {instructions: no}\n');
      const refused = piped(['apply', '-f', join(home, 'agent.yaml')]);
      expect(await refused.code).toBe(2);
      expect(refused.errors()).toContain('agent.yaml:4:8: spec.instructions: must be at least 10 characters');
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});

describe('starting', () => {
  it('loads neither gRPC nor messages nor YAML nor what measures text before a command asks for them', () => {
    const seen = new Set<string>();
    const packages = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const text = readFileSync(file, 'utf8');
      for (const [, name] of text.matchAll(/^(?:import|export)\s+(?!type\s)(?:[^'";]*?\sfrom\s+)?'([^']+)';/gm)) {
        if (name === undefined) continue;
        if (!name.startsWith('.')) packages.add(name);
        else visit(resolve(dirname(file), name.replace(/\.js$/, '.ts')));
      }
    };
    visit(join(root, 'src', 'cli', 'main.ts'));
    expect([...seen].filter((file) => file.includes(join('contract', 'gen')))).toEqual([]);
    expect([...packages].filter((name) => !name.startsWith('node:')).toSorted()).toEqual(['commander', 'picocolors']);
  });
});
