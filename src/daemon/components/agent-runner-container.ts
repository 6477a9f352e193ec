import { rm } from 'node:fs/promises';
import { environment } from '../../runner/env.js';
import type { Component } from '../component.js';
import { startContainer } from '../containers/container-child.js';
import type { ContainerSite } from '../containers/container-site.js';
import type { ContainerEngine } from '../containers/engine.js';
import { COMPONENT_LABEL, HOME_LABEL, containerName } from '../containers/names.js';
import type { ContainerNetwork } from '../containers/network.js';
import { noteEngine, removeLeft } from '../containers/sweep.js';
import type { ContainerLimits } from '../containers/run-arguments.js';
import { containerFolder, containerUser, writeRunnerFiles } from '../containers/runner-files.js';
import { processRecordPath } from '../home.js';
import { treeMemory } from '../process-memory.js';
import type { ServerView } from '../server-view.js';
import { endRecorded, writeProcessRecord } from '../supervision/process-record.js';
import { Supervised } from '../supervision/supervised.js';
import { explainAddresses } from '../wiring/explain-addresses.js';
import { AGENT_RUNNER } from './agent-runner.js';
import { type LeaseSight, holdsLease } from './lease-probe.js';
import { type Workbench, componentLog } from './workbench.js';

/** Where a container finds its token and the workspaces. */
export const TOKEN_IN_CONTAINER = '/run/stigmer/token';
export const WORKSPACES_IN_CONTAINER = '/workspace';

export interface AgentRunnerContainerOptions {
  /** Its name at the server: `agent-runner-1`. */
  readonly name: string;
  readonly engine: ContainerEngine;
  readonly image: string;
  /** Absent where the engine's own network reaches this machine. */
  readonly bridge: ContainerNetwork | undefined;
  readonly site: ContainerSite | undefined;
  readonly limits: ContainerLimits;
  readonly env: Readonly<Record<string, string>>;
  readonly view: ServerView;
  /** Why a container, and which model provider it was given, for status. */
  readonly description: string;
}

const LEFTOVER_GRACE_MS = 3_000;

/** An agent-runner in a container. Ready when that very container holds a lease, which proves the address from inside. */
export function agentRunnerContainer(bench: Workbench, options: AgentRunnerContainerOptions): Component {
  const { name, engine, image, bridge, site, limits, env, view, description } = options;
  const { home, clock, random } = bench;
  const container = containerName(home, name);
  const record = processRecordPath(home, name);
  const log = componentLog(bench, name);
  const sight: LeaseSight = { seen: undefined };
  const labels = { [HOME_LABEL]: home.root, [COMPONENT_LABEL]: name };
  let hostname = '';

  const managed = new Supervised({
    name,
    launch: async () => {
      const files = await writeRunnerFiles(home, name, env);
      await noteEngine(home, name, engine);
      // Another for each start: the lease of the one before must not pass for this one's.
      hostname = `${name}-${Math.floor(random() * 2 ** 32).toString(16)}-${(clock.now() % 2 ** 32).toString(16)}`;
      const { uid, gid } = containerUser();
      const child = await startContainer(
        engine,
        {
          name: container,
          image,
          hostname,
          labels,
          user: `${uid}:${gid}`,
          ...(bridge === undefined ? {} : { network: bridge }),
          envFile: files.envFile,
          mounts: [
            { from: files.tokenFile, to: TOKEN_IN_CONTAINER, writable: false },
            { from: home.workspaces, to: WORKSPACES_IN_CONTAINER, writable: true },
          ],
          limits,
        },
        log,
        clock,
      );
      log.record('info', 'started', { container, image });
      await writeProcessRecord(record, child.pid, `${engine.command.file} run ${container}`);
      return child;
    },
    probe: (signal) => holdsLease(view, name, { host: hostname }, sight, signal),
    clock,
    random,
    timings: bench.timings,
  });
  return {
    name,
    group: AGENT_RUNNER,
    rank: 3,
    managed,
    ports: [],
    facts: () => ({
      container,
      detail: `${description}; called back to STIGMER_BACKEND_ENDPOINT=${env['STIGMER_BACKEND_ENDPOINT'] ?? ''}`,
      ...(sight.seen?.version ? { version: sight.seen.version } : {}),
    }),
    memory: async () => {
      if (managed.status().pid === undefined) return undefined;
      const init = await engine.run(['inspect', '--type', 'container', '--format', '{{.State.Pid}}', container]).catch(() => '0');
      return init === '0' ? undefined : treeMemory(Number(init));
    },
    prepare: async () => site?.open(),
    clearLeftover: async () => {
      await endRecorded(record, LEFTOVER_GRACE_MS, clock);
      const ours = await removeLeft(engine, home, name);
      if (ours.length > 0) bench.notice(`removed the container ${ours.join(', ')} that an earlier supervisor had left`);
    },
    explain: () => {
      const given = explainAddresses(name, environment, env) ?? '';
      return `${given}. It runs in a container (${container}); where a firewall keeps it from this machine, STIGMER_RUNNER_MODE=process runs it as a process`;
    },
    close: async () => {
      log.close();
      await site?.close();
      await rm(containerFolder(home, name), { recursive: true, force: true });
    },
  };
}
