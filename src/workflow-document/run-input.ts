import type { WorkflowSpec } from '../contract/gen/ai/stigmer/agentic/workflow/v1/spec_pb.js';
import type { WorkflowDocument } from './document.js';
import type { Json, JsonObject } from './json.js';
import { documentOf } from './validate-spec.js';

/** What a run of a workflow is made from. */
export interface RunSource {
  readonly spec: WorkflowSpec;
  /** Parts of the document that the contract has no fields for, as they were kept beside the spec. */
  readonly extras?: JsonObject;
  readonly org: string;
  readonly triggerMessage: string;
  readonly triggerMetadata: Readonly<Record<string, string>>;
  /** Variables of the instance's environments and of the run over them. The value of a secret one is not taken over. */
  readonly variables: Readonly<Record<string, { readonly value: string; readonly isSecret: boolean }>>;
}

/** What the interpreter is given: `interpreter` of a run's options. Holds no secret value. */
export interface RunInput {
  readonly document: WorkflowDocument;
  readonly input: Json;
  readonly org: string;
  readonly variables: Readonly<Record<string, { readonly value?: string; readonly isSecret: boolean }>>;
}

/** The input of the workflow is its trigger's message, read as JSON when it is JSON; without a message, the trigger's metadata. */
export function runInput({ spec, extras, org, triggerMessage, triggerMetadata, variables }: RunSource): RunInput {
  return {
    document: documentOf(spec, extras).document,
    input: triggerMessage === '' ? { ...triggerMetadata } : readMessage(triggerMessage),
    org,
    variables: Object.fromEntries(Object.entries(variables).map(([name, { value, isSecret }]) => [name, isSecret ? { isSecret } : { value, isSecret }])),
  };
}

function readMessage(message: string): Json {
  try {
    return JSON.parse(message) as Json;
  } catch {
    // A sentence of a person.
    return message;
  }
}
