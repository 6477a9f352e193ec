/** Marks a ProtoPayload. From the registry of symbols, because this module may be loaded more than once in a process. */
const MARK = Symbol.for('stigmer.proto-payload');

/** A protobuf message in proto JSON, with its full name: how messages pass through code that has no protobuf library. */
export interface ProtoPayload {
  readonly [MARK]: true;
  /** Such as `ai.stigmer.agentic.agentexecution.v1.AgentExecution`. */
  readonly type: string;
  /** Undefined when the sender encoded it in binary, which is not read here. */
  readonly json: unknown;
}

/** Wraps a message for a Temporal argument or result. Passed at top level only: within another value it would lose its type. */
export function protoPayload(type: string, json: unknown): ProtoPayload {
  return { [MARK]: true, type, json };
}

export function isProtoPayload(value: unknown): value is ProtoPayload {
  return typeof value === 'object' && value !== null && MARK in value;
}
