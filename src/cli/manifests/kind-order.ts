import { ApiResourceKind } from '../../contract/kinds.js';
import type { ServedKind } from '../../contract/resource-schemas.js';

/** Kinds that a manifest may have, in the order in which they are applied: what others refer to comes first. */
export const APPLICABLE: readonly ServedKind[] = [
  ApiResourceKind.environment,
  ApiResourceKind.mcp_server,
  ApiResourceKind.agent,
  ApiResourceKind.workflow,
  ApiResourceKind.agent_instance,
  ApiResourceKind.workflow_instance,
  ApiResourceKind.session,
  ApiResourceKind.execution_context,
];

/** What to do with a kind that is no manifest's. */
export const INSTEAD: Readonly<Record<number, string>> = {
  [ApiResourceKind.skill]: 'a skill is pushed as a folder, not applied',
  [ApiResourceKind.agent_execution]: 'an execution is started by `stigmer run`, not applied',
  [ApiResourceKind.workflow_execution]: 'an execution is started by `stigmer run`, not applied',
};

/** Owner scope of a manifest that gives none. Those left out must not have one. */
export const DEFAULT_SCOPED: readonly ServedKind[] = APPLICABLE.filter((kind) => kind !== ApiResourceKind.execution_context);
