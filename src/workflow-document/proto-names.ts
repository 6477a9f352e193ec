/** Kinds of the contract's tasks, as proto JSON has them. */
export type ProtoKind =
  | 'SET'
  | 'HTTP_CALL'
  | 'GRPC_CALL'
  | 'CALL_ACTIVITY'
  | 'SWITCH'
  | 'FOR'
  | 'FORK'
  | 'TRY'
  | 'LISTEN'
  | 'WAIT'
  | 'RAISE'
  | 'RUN'
  | 'AGENT_CALL';

const KINDS: readonly ProtoKind[] = ['SET', 'HTTP_CALL', 'GRPC_CALL', 'CALL_ACTIVITY', 'SWITCH', 'FOR', 'FORK', 'TRY', 'LISTEN', 'WAIT', 'RAISE', 'RUN', 'AGENT_CALL'];

const PREFIX = 'WORKFLOW_TASK_KIND_';

/** A kind by its name or its number, both of which proto JSON may have. */
export function protoKind(value: unknown): ProtoKind | undefined {
  if (typeof value === 'number') return KINDS[value - 1];
  return KINDS.find((kind) => value === `${PREFIX}${kind}`);
}

export function protoKindName(kind: ProtoKind): string {
  return `${PREFIX}${kind}`;
}

/** The variable of a SET task that holds, as JSON, a task that the contract has no fields for. */
export const ESCAPE_VARIABLE = 'stigmer.ai/task';

/** Where the specification's own error types are. */
export const ERROR_TYPES = 'https://serverlessworkflow.io/spec/1.0.0/errors/';

/** The specification's errors with their status. */
export const STANDARD_ERRORS: Readonly<Record<string, number>> = {
  configuration: 400,
  validation: 400,
  expression: 400,
  authentication: 401,
  authorization: 403,
  timeout: 408,
  communication: 500,
  runtime: 500,
};
