import { environment } from '../../demo-model/env.js';
import type { Component } from '../component.js';
import { httpGet } from '../http-get.js';
import type { Program } from '../program-files.js';
import { type Endpoint, formatAddress } from '../wiring/network.js';
import { nodeProgram } from './node-program.js';
import type { Workbench } from './workbench.js';

export interface DemoModelComponentOptions {
  readonly program: Program;
  readonly env: Readonly<Record<string, string>>;
  readonly endpoint: Endpoint;
}

/** The scripted model that stands in for a provider. Ready when it answers. */
export function demoModelComponent(bench: Workbench, { program, env, endpoint }: DemoModelComponentOptions): Component {
  const address = formatAddress(endpoint);
  return nodeProgram(bench, {
    name: 'demo-model',
    group: 'demo-model',
    rank: 0,
    program,
    environment,
    env,
    facts: () => ({ address, detail: 'a script, not a model' }),
    probe: async (signal) => {
      const { status } = await httpGet(`http://${address}/api/version`, signal);
      if (status !== 200) throw new Error(`http://${address}/api/version answers with HTTP status ${status}`);
    },
  });
}
