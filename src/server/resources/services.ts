import type { DescMethod, DescMethodUnary, DescService, Message } from '@bufbuild/protobuf';
import type { ApiResourceReference } from '../../contract/gen/ai/stigmer/commons/apiresource/io_pb.js';
import type { CallContext, ServiceBinding, UnaryHandler } from '../rpc.js';
import { slugOf } from '../../contract/slug.js';
import { isDryRun, tellOutcome } from './answer.js';
import { runCommand } from './command.js';
import type { ResourceEngine, Verb } from './engine.js';
import type { KindDefinition } from './kind.js';
import { kindDefinitions } from './kinds/index.js';
import { resourceQuery } from './resource-query.js';
import { metadataOf, type Resource } from './resource.js';

/** All services over resources: the contract's for each kind, and our own for all of them. */
export function resourceServices(engine: ResourceEngine): ServiceBinding[] {
  const contract = kindDefinitions.flatMap((kind) => kind.services.map((service) => bindKind(engine, kind, service)));
  return [...contract, resourceQuery(engine)];
}

function bindKind(engine: ResourceEngine, kind: KindDefinition, service: DescService): ServiceBinding {
  const handlers = service.methods.filter(isUnary).flatMap((method): [string, UnaryHandler][] => {
    const handler = extraHandler(engine, kind, method) ?? usualHandler(engine, kind, method);
    return handler === undefined ? [] : [[method.name, handler]];
  });
  return { service, handlers: Object.fromEntries(handlers) };
}

function isUnary(method: DescMethod): method is DescMethodUnary & DescMethod {
  return method.methodKind === 'unary';
}

function extraHandler(engine: ResourceEngine, kind: KindDefinition, method: DescMethodUnary): UnaryHandler | undefined {
  const extra = kind.methods?.[method.name];
  if (extra === undefined) return undefined;
  return async (request, call) => {
    engine.validate(method.input, request);
    return extra(engine, request, call);
  };
}

/** The methods that mean the same for every kind, by name. */
function usualHandler(engine: ResourceEngine, kind: KindDefinition, method: DescMethodUnary): UnaryHandler | undefined {
  switch (method.name) {
    case 'create':
    case 'update':
    case 'apply':
      return writeHandler(engine, kind, method, method.name);
    case 'delete':
      return deleteHandler(engine, kind, method);
    case 'get':
      return async (request: Message & { readonly value: string }) => {
        engine.validate(method.input, request);
        return (await engine.row(kind, request.value)).data;
      };
    case 'getByReference':
      return async (request: ApiResourceReference) => {
        engine.validate(method.input, request);
        return (await engine.rowByReference(kind, request)).data;
      };
    default:
      return undefined;
  }
}

function writeHandler(engine: ResourceEngine, kind: KindDefinition, method: DescMethodUnary, verb: Verb): UnaryHandler {
  return async (draft: Resource, call: CallContext) =>
    runCommand(engine, method, draft, call, {
      subject: subjectOf(kind, draft),
      plan: async () => engine.plan(verb, kind, draft, call.caller),
    });
}

/** What a command is about, as far as its draft tells. */
function subjectOf(kind: KindDefinition, draft: Resource): string {
  const { id, org, slug, name } = metadataOf(draft);
  return JSON.stringify([kind.kind.enumName, ...(id === '' ? [org, slug || slugOf(name)] : [id])]);
}

/** Both forms of naming what to delete: an id alone, and ApiResourceDeleteInput. */
type DeleteRequest = Message & ({ readonly value: string } | { readonly resourceId: string; readonly force: boolean });

function deleteHandler(engine: ResourceEngine, kind: KindDefinition, method: DescMethodUnary): UnaryHandler {
  return async (request: DeleteRequest, call: CallContext) => {
    engine.validate(method.input, request);
    const [id, force] = 'resourceId' in request ? [request.resourceId, request.force] : [request.value, false];
    const plan = await (isDryRun(call)
      ? engine.planDelete(kind, id, call.caller, { force })
      : engine.delete(kind, id, call.caller, { force }));
    tellOutcome(call, plan);
    return plan.resource;
  };
}
