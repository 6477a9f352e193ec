import { create } from '@bufbuild/protobuf';
import type { Clock } from '../../contract/clock.js';
import { type Component, Component_State as State, ComponentSchema } from '../../contract/gen/stigmer/system/v1/system_pb.js';
import type { TemporalClient } from '../../workflows/client.js';
import type { Lease, LeaseRegistry } from '../runners/lease-registry.js';

export interface ComponentStatesContext {
  readonly leases: LeaseRegistry;
  readonly temporal: TemporalClient;
  readonly clock: Clock;
  readonly startedAt: number;
  readonly version: string;
  /** What is damaged in the store, for a person; empty when nothing is. */
  readonly storeProblems: () => readonly string[];
}

/** What the server knows of itself and of everything that it depends on, one component an entry. */
export function componentStates(context: ComponentStatesContext): Component[] {
  return [server(context), store(context), temporal(context), worker(context), ...runners(context)];
}

/** What keeps the server from running an agent from beginning to end; empty when nothing does. */
export function missing(context: ComponentStatesContext): { readonly component: string; readonly detail: string }[] {
  return componentStates(context)
    .filter(({ state }) => state === State.DOWN || state === State.STARTING)
    .map(({ name, detail }) => ({ component: name, detail }));
}

/** A component as `/readyz` tells it: what a supervisor wants to know that has started the processes and asks whether they arrived. */
export interface ReadinessEntry {
  readonly name: string;
  /** `ready`, `down` and so on: the states of stigmer.system.v1, in small letters. */
  readonly state: string;
  readonly detail: string;
  readonly version: string;
  /** Process id and host name of the holder of a lease, as it has given them. */
  readonly pid?: number;
  readonly host?: string;
}

/** Every component with its state, those that hold a lease with their process. */
export function readiness(context: ComponentStatesContext): ReadinessEntry[] {
  const holders = new Map(context.leases.all().map(({ introduction: { name, pid, host } }) => [name, { pid, host }]));
  return componentStates(context).map(({ name, state, detail, version }) => ({ name, state: State[state].toLowerCase(), detail, version, ...holders.get(name) }));
}

function server({ startedAt, version }: ComponentStatesContext): Component {
  return create(ComponentSchema, { name: 'server', state: State.READY, since: iso(startedAt), version });
}

function store({ storeProblems, startedAt }: ComponentStatesContext): Component {
  const problems = storeProblems();
  return create(ComponentSchema, {
    name: 'store',
    state: problems.length === 0 ? State.READY : State.DEGRADED,
    since: iso(startedAt),
    detail: problems.join('\n'),
  });
}

function temporal({ temporal: client, startedAt }: ComponentStatesContext): Component {
  const state = client.state();
  const base = { name: 'temporal', address: client.address };
  if (state.state === 'untried') return create(ComponentSchema, { ...base, state: State.STARTING, since: iso(startedAt), detail: 'has not been asked yet' });
  const since = iso(state.since);
  if (state.state === 'connected') return create(ComponentSchema, { ...base, state: State.READY, since });
  const detail = `${state.error.replace(/\.$/, '')}. Start it with: stigmer server start --only temporal`;
  return create(ComponentSchema, { ...base, state: State.DOWN, since, detail });
}

function worker(context: ComponentStatesContext): Component {
  const [lease] = context.leases.ofComponent('worker');
  return lease === undefined ? absent(context, 'worker') : held(lease);
}

function runners(context: ComponentStatesContext): Component[] {
  const leases = context.leases.all().filter(({ introduction }) => introduction.component !== 'worker');
  const present = leases.map(held);
  return leases.some(({ introduction }) => introduction.component === 'agent-runner') ? present : [absent(context, 'agent-runner'), ...present];
}

function held({ introduction, since, slotsUsed, draining }: Lease): Component {
  return create(ComponentSchema, {
    name: introduction.name,
    state: draining ? State.DEGRADED : State.READY,
    since: iso(since),
    address: introduction.endpoint,
    slots: introduction.slots,
    slotsUsed,
    version: introduction.version,
    detail: draining ? 'takes no more work' : '',
  });
}

function absent({ leases, startedAt }: ComponentStatesContext, component: string): Component {
  const last = leases.lost().findLast(({ lease }) => lease.introduction.component === component);
  const why = last === undefined ? 'has not connected' : `${last.lease.introduction.name} is gone: ${last.reason}`;
  return create(ComponentSchema, {
    name: component,
    state: State.DOWN,
    since: iso(last?.at ?? startedAt),
    address: last?.lease.introduction.endpoint ?? '',
    detail: `${why}. Start it with: stigmer server start --only ${component}; its log: stigmer server logs -c ${component}`,
  });
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
