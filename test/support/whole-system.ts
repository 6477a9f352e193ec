import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { RpcClient } from '../../src/client/rpc-client.js';
import { AgentCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agent/v1/command_pb.js';
import type { AgentExecution, AgentExecutionSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { AgentExecutionCommandController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/command_pb.js';
import { AgentExecutionQueryController } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/query_pb.js';
import type { AgentExecutionSpecSchema } from '../../src/contract/gen/ai/stigmer/agentic/agentexecution/v1/spec_pb.js';
import { ApiResourceOwnerScope } from '../../src/contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { type ComponentStatus, type DaemonStatus, daemonStatus, startDaemon, stopDaemon } from '../../src/daemon/control.js';
import { identify, isRunning } from '../../src/daemon/supervision/process-identity.js';
import { freePort } from '../../src/daemon/supervision/ports.js';
import type { ScriptInput } from '../../src/demo-model/script.js';
import { ExecutionWitness, PlainSubscriber } from './execution-witness.js';
import { ProgramProcess } from './program-process.js';
import { until } from './rpc.js';
import { temporalBinary } from './temporal.js';

const root = resolve(import.meta.dirname, '..', '..');
/** How long anything may take that needs a process to come back, on a machine that is busy with other things. */
const GUARD_MS = 60_000;

export interface SystemOptions {
  /** What the model says. */
  readonly script: ScriptInput;
  /** What is started at first; everything when left out. */
  readonly only?: readonly string[];
  /** Variables of the supervisor, beside those that every system has. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A program of the build, while it runs and after. */
export interface Program {
  readonly process: ChildProcess;
  /** What it has written to standard output and to standard error so far, as it came. */
  readonly output: string;
  readonly code: Promise<number | null>;
}

/** The programs of the build, all of them, as a supervisor runs them: real processes over real sockets, with a scripted model. */
export class WholeSystem {
  readonly home: string;
  readonly endpoint: string;
  readonly httpUrl: string;
  readonly temporalAddress: string;
  /** Shows the token of the user. */
  readonly client: RpcClient;
  readonly #start: (only?: readonly string[]) => Promise<DaemonStatus>;
  readonly #model: ProgramProcess;
  readonly #folder: string;
  #agents = 0;

  constructor(parts: { folder: string; home: string; ports: Ports; model: ProgramProcess; start: (only?: readonly string[]) => Promise<DaemonStatus> }) {
    const { folder, home, ports, model, start } = parts;
    this.home = home;
    this.endpoint = `127.0.0.1:${ports.grpcPort}`;
    this.httpUrl = `http://127.0.0.1:${ports.httpPort}`;
    this.temporalAddress = `127.0.0.1:${ports.temporalPort}`;
    this.client = new RpcClient({ endpoint: this.endpoint, token: () => this.token('user') });
    this.#folder = folder;
    this.#model = model;
    this.#start = start;
  }

  /** The token of `user`, `worker` or a runner. */
  token(holder: string): string {
    return readFileSync(join(this.home, 'state', 'tokens', holder), 'utf8').trim();
  }

  /** Starts more of it. */
  async startOnly(...components: string[]): Promise<void> {
    await this.#start(components);
  }

  async component(name: string): Promise<ComponentStatus> {
    const status = await daemonStatus(this.home);
    const found = status?.components.find((component) => component.name === name);
    if (found === undefined) throw new Error(`there is no component ${name}`);
    return found;
  }

  /** Kills its process as `kill -9` does. Resolves when it is gone. */
  async kill(name: string): Promise<void> {
    const { pid } = await this.component(name);
    if (pid === undefined) throw new Error(`${name} has no process`);
    const identity = await identify(pid);
    process.kill(pid, 'SIGKILL');
    await until(async () => identity === undefined || !(await isRunning(identity)), GUARD_MS);
  }

  /** Resolves when it has been started again so often and is ready. */
  async backAgain(name: string, restarts: number): Promise<void> {
    await until(async () => {
      const component = await this.component(name);
      return component.state === 'ready' && component.restarts >= restarts;
    }, GUARD_MS);
  }

  /** Id of a new agent, and its name. */
  async createAgent(name = `chaos-${++this.#agents}`): Promise<{ readonly id: string; readonly name: string }> {
    const metadata = { name, ownerScope: ApiResourceOwnerScope.organization, org: 'local' };
    const spec = { instructions: 'You say what the script of the test has for you.' };
    const agent = await this.client.unary(AgentCommandController.method.create, { apiVersion: 'agentic.stigmer.ai/v1', kind: 'Agent', metadata, spec });
    return { id: agent.metadata!.id, name };
  }

  /** A message to an agent, as a new execution. */
  create(spec: MessageInitShape<typeof AgentExecutionSpecSchema>): Promise<AgentExecution> {
    return this.client.unary(AgentExecutionCommandController.method.create, draftOf(spec));
  }

  /** The same from a new agent; gives the execution's id. */
  async run(message: string, spec: MessageInitShape<typeof AgentExecutionSpecSchema> = {}): Promise<string> {
    const { id: agentId } = await this.createAgent();
    return (await this.create({ agentId, message, ...spec })).metadata!.id;
  }

  get(id: string): Promise<AgentExecution> {
    return this.client.unary(AgentExecutionQueryController.method.get, { value: id });
  }

  watch(id: string): ExecutionWitness {
    return new ExecutionWitness(this.client, id);
  }

  subscribe(id: string): PlainSubscriber {
    return new PlainSubscriber(this.client, id);
  }

  /** The command line, as a person runs it who has these variables beside. */
  cli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
    return startProgram([join(root, 'bin', 'stigmer'), ...args], { ...ownEnvironment(this.home), ...env });
  }

  /** Lets go of everything, by force where it must be. */
  async stop(): Promise<void> {
    this.client.close();
    await stopDaemon(this.home, { now: true }, () => undefined);
    this.#model.process.kill('SIGKILL');
    await this.#model.ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export function draftOf(spec: MessageInitShape<typeof AgentExecutionSpecSchema>): MessageInitShape<typeof AgentExecutionSchema> {
  return { apiVersion: 'agentic.stigmer.ai/v1', kind: 'AgentExecution', metadata: { name: 'run', org: 'local' }, spec };
}

/** A program of the build that a test starts by hand. */
export function startProgram(args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  return {
    process: child,
    get output() {
      return output;
    },
    code: once(child, 'close').then(([code]) => code as number | null),
  };
}

/** Path of a program in the build. */
export function builtProgram(path: string): string {
  return join(root, 'dist', path);
}

interface Ports {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly temporalPort: number;
}

const ownEnvironment = (home: string): Record<string, string> => ({ PATH: process.env['PATH'] ?? '', HOME: home, STIGMER_HOME: home });

/** Starts a system in a home of its own, on free ports. Resolves when what is wanted of it is ready. */
export async function startWholeSystem({ script, only, env: more = {} }: SystemOptions): Promise<WholeSystem> {
  const binary = await temporalBinary();
  const folder = await mkdtemp(join(tmpdir(), 'stigmer-chaos-'));
  const home = join(folder, 'home');
  const scriptFile = join(folder, 'script.json');
  await writeFile(scriptFile, JSON.stringify(script));
  const model = new ProgramProcess(builtProgram('demo-model/main.js'), { DEMO_MODEL_SCRIPT: scriptFile });
  await until(() => {
    if (model.process.exitCode !== null) throw new Error(`the model ended: ${model.errors}`);
    return model.lines.length > 0;
  }, GUARD_MS);
  const ports: Ports = { grpcPort: await freePort('127.0.0.1'), httpPort: await freePort('127.0.0.1'), temporalPort: await freePort('127.0.0.1') };
  const env = {
    ...ownEnvironment(home),
    STIGMER_TEMPORAL_BIN: binary,
    STIGMER_RUNNER_MODE: 'process',
    STIGMER_START_TIMEOUT_S: '60',
    STIGMER_LLM_PROVIDER: 'openai',
    STIGMER_LLM_BASE_URL: `${String(model.lines[0]!['listening'])}/v1`,
    STIGMER_LLM_MODEL: 'scripted',
    STIGMER_LLM_API_KEY: 'the-key-of-the-provider',
    ...more,
  };
  const start = async (components?: readonly string[]): Promise<DaemonStatus> => {
    const chosen = components === undefined ? {} : { only: components };
    return (await startDaemon({ home, demoModel: false, ...ports, ...chosen, env }, () => undefined)).status;
  };
  const system = new WholeSystem({ folder, home, ports, model, start });
  try {
    await start(only);
    return system;
  } catch (error) {
    await system.stop();
    throw error;
  }
}
