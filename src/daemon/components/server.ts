import type { Component } from '../component.js';
import type { Program } from '../program-files.js';
import type { ServerView } from '../server-view.js';
import { serverEnvironment } from '../../server/env.js';
import { type Endpoint, formatAddress } from '../wiring/network.js';
import { nodeProgram } from './node-program.js';
import type { Workbench } from './workbench.js';

export interface ServerComponentOptions {
  readonly program: Program;
  readonly env: Readonly<Record<string, string>>;
  readonly grpc: Endpoint;
  readonly http: Endpoint;
  readonly view: ServerView;
  /** Whether Temporal is meant to be there: a server that does not reach it then is not ready. */
  readonly wantsTemporal: () => boolean;
}

/** A server that lives but answers nothing for so long is replaced, in milliseconds. */
const REPLACE_AFTER_MS = 60_000;

/** stigmer-server. Ready when its store and Temporal answer it; once it was, it need only live: what it lacks then shows elsewhere. */
export function serverComponent(bench: Workbench, options: ServerComponentOptions): Component {
  const { program, env, grpc, http, view, wantsTemporal } = options;
  let wasReady = false;
  let version: string | undefined;
  return nodeProgram(bench, {
    name: 'server',
    group: 'server',
    rank: 1,
    program,
    environment: serverEnvironment,
    env,
    ports: [
      { ...grpc, setting: '--grpc-port' },
      { ...http, setting: '--http-port' },
    ],
    timings: { replaceUnhealthyAfterMs: REPLACE_AFTER_MS },
    onLaunch: () => {
      wasReady = false;
    },
    facts: () => ({ address: formatAddress(grpc), detail: `http ${formatAddress(http)}`, ...(version === undefined ? {} : { version }) }),
    probe: async (signal) => {
      if (wasReady) return view.healthy(signal);
      const components = await view.components(signal);
      const needed = ['store', ...(wantsTemporal() ? ['temporal'] : [])];
      const missing = components.find(({ name, state }) => needed.includes(name) && state !== 'ready');
      if (missing !== undefined) throw new Error(`stigmer-server at ${formatAddress(grpc)} waits for ${missing.name}: ${missing.detail || missing.state}`);
      version = components.find(({ name }) => name === 'server')?.version;
      wasReady = true;
    },
  });
}
