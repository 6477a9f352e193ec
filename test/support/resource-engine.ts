import { create, type DescMethodUnary, fromBinary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { idFactory } from '../../src/contract/ids.js';
import { loadValidator, type Validate } from '../../src/contract/validation.js';
import { ResourceEngine } from '../../src/server/resources/engine.js';
import { resourceServices } from '../../src/server/resources/services.js';
import type { CallContext, Caller, ServiceBinding, UnaryHandler } from '../../src/server/rpc.js';
import type { ManualClock } from './manual-clock.js';
import { makeStoreFolder, type OpenedStore, type StoreFolder, storeFolder } from './temp-store.js';

let validator: Promise<Validate> | undefined;

export const alice: Caller = { kind: 'user', name: 'alice' };

export interface CallOptions {
  readonly caller?: Caller;
  readonly headers?: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
}

export interface Answer<T> {
  readonly message: T;
  readonly headers: Readonly<Record<string, string>>;
}

/** An engine on a store of its own, and its services called as the edge calls them. */
export interface EngineFixture {
  readonly engine: ResourceEngine;
  readonly store: OpenedStore;
  readonly folder: StoreFolder;
  readonly clock: ManualClock;
  readonly services: readonly ServiceBinding[];
  /** Executions that the engine wanted deleted, in order. */
  readonly deletedExecutions: string[];
  readonly answer: <M extends DescMethodUnary>(
    method: M,
    request: MessageInitShape<M['input']>,
    options?: CallOptions,
  ) => Promise<Answer<MessageShape<M['output']>>>;
  readonly call: <M extends DescMethodUnary>(
    method: M,
    request: MessageInitShape<M['input']>,
    options?: CallOptions,
  ) => Promise<MessageShape<M['output']>>;
}

/** For one test. */
export async function engineFixture(): Promise<EngineFixture> {
  const folder = await storeFolder();
  return engineOn(folder, await folder.open());
}

/** For all tests of a file, which closes it. */
export async function engineWorld(): Promise<EngineFixture & { close(): Promise<void> }> {
  const folder = await makeStoreFolder();
  return { ...(await engineOn(folder, await folder.open())), close: () => folder.remove() };
}

async function engineOn(folder: StoreFolder, store: OpenedStore): Promise<EngineFixture> {
  validator ??= loadValidator();
  const { clock } = folder;
  const deletedExecutions: string[] = [];
  const engine = new ResourceEngine({
    store,
    clock,
    newId: idFactory(clock),
    validate: await validator,
    executions: {
      deleteExecutions: async (ids) => {
        deletedExecutions.push(...ids);
        await store.write(ids.map((id) => ({ op: 'delete-execution', id })));
      },
    },
  });
  const services = resourceServices(engine);
  const answer: EngineFixture['answer'] = async (method, request, options = {}) => {
    const binding = services.find(({ service }) => service === method.parent);
    const handler = binding?.handlers[method.name] as UnaryHandler | undefined;
    if (handler === undefined) throw new Error(`no handler for ${method.parent.typeName}/${method.name}`);
    const headers: Record<string, string> = {};
    const message = await handler(create(method.input, request) as never, callContext(options, headers));
    return { headers, message: message instanceof Uint8Array ? fromBinary(method.output, message) : message } as never;
  };
  return {
    engine,
    store,
    folder,
    clock,
    services,
    deletedExecutions,
    answer,
    call: async (method, request, options) => (await answer(method, request, options)).message,
  };
}

function callContext({ caller = alice, headers = {}, idempotencyKey = '' }: CallOptions, answered: Record<string, string>): CallContext {
  return {
    caller,
    idempotencyKey,
    peer: '127.0.0.1:1',
    signal: new AbortController().signal,
    header: (name) => headers[name] ?? '',
    setHeader: (name, value) => void (answered[name] = value),
  };
}
