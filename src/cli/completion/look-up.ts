import type { RpcClient } from '../../client/rpc-client.js';
import { ExecutionStream } from '../../contract/gen/stigmer/stream/v1/stream_pb.js';
import { ResourceQuery } from '../../contract/gen/stigmer/resource/v1/resource_pb.js';
import { phaseName } from '../../contract/phases.js';
import type { Completion } from '../command.js';
import { kindNamed, type Kind, servedKinds } from '../resources/kinds.js';
import { cleanLine } from '../terminal/text-cleaner.js';
import type { Candidate } from './candidates.js';

/** Whoever presses the tabulator does not wait longer. */
const TIMEOUT_MS = 1_500;
const MOST = 200;

/** Words of this sort that the contract and the server know. */
export async function lookUp(client: () => Promise<RpcClient>, completion: Exclude<Completion, 'shell'>, before: readonly string[]): Promise<readonly Candidate[]> {
  switch (completion) {
    case 'kind':
      return [...servedKinds.map(({ plural, displayName }) => ({ word: plural, meaning: displayName })), { word: 'executions', meaning: 'runs of agents and workflows' }];
    case 'agent':
      return resources(await client(), named('agents'));
    case 'runnable':
      return (await Promise.all(['agents', 'workflows'].map(async (kind) => resources(await client(), named(kind))))).flat();
    case 'resource':
      return resources(await client(), named(before[0] ?? ''));
    case 'execution':
      return executions(await client());
  }
}

function named(kind: string): Kind {
  return kindNamed(kind, 'stigmer');
}

async function resources(client: RpcClient, kind: Kind): Promise<Candidate[]> {
  const page = await client.unary(ResourceQuery.method.list, { kind: kind.kind, pageSize: MOST }, { timeoutMs: TIMEOUT_MS });
  return page.resources.flatMap(({ resource: { value } }) => {
    const { metadata, spec } = value ?? {};
    const meaning = spec !== undefined && 'description' in spec ? cleanLine(spec.description) : kind.displayName;
    // Sessions and the like have made-up names; people copy their ids.
    const word = kind.enumName === 'session' ? metadata?.id : metadata?.slug;
    return word ? [{ word, meaning }] : [];
  });
}

async function executions(client: RpcClient): Promise<Candidate[]> {
  for await (const { item } of client.serverStream(ExecutionStream.method.watchList, {}, { timeoutMs: TIMEOUT_MS })) {
    if (item.case === 'snapshot') return item.value.executions.slice(-MOST).map(({ executionId, phase }) => ({ word: executionId, meaning: phaseName(phase) }));
  }
  return [];
}
