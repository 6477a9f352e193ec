import { create } from '@bufbuild/protobuf';
import type { Agent } from '../../contract/gen/ai/stigmer/agentic/agent/v1/api_pb.js';
import type { AgentInstance } from '../../contract/gen/ai/stigmer/agentic/agentinstance/v1/api_pb.js';
import { type Session, SessionSchema } from '../../contract/gen/ai/stigmer/agentic/session/v1/api_pb.js';
import { ApiResourceKind, resourceKind } from '../../contract/kinds.js';
import type { NewId } from '../../contract/ids.js';
import { Scope } from './scope.js';

/** For whom the server makes a session. */
export interface SessionRequest {
  readonly agent: Agent;
  readonly instance: AgentInstance;
  /** Organisation of the execution that needs the session, or ''. */
  readonly org: string;
}

/**
 * The session that the server makes for an execution which names none. Its name holds a new ULID, so that two of one moment do not
 * collide. Sessions cannot be platform-scoped: one with a platform-scoped agent belongs to the organisation that runs it, or to the
 * local account.
 */
export function sessionDraft({ agent, instance, org }: SessionRequest, newId: NewId): Session {
  const { apiVersion, name: kind, kind: number } = resourceKind(ApiResourceKind.session);
  const name = `session-${newId(number).split('-').at(-1)}`;
  const owner =
    agent.metadata?.ownerScope === Scope.organization ? { org: agent.metadata.org, ownerScope: Scope.organization } : ownerFrom(org);
  return create(SessionSchema, {
    apiVersion,
    kind,
    metadata: { name, slug: name, ...owner },
    spec: { agentInstanceId: instance.metadata?.id ?? '', subject: 'Auto-created session' },
  });
}

function ownerFrom(org: string) {
  return { org, ownerScope: org === '' ? Scope.account : Scope.organization };
}
