import { type DescMessage, type MessageShape, toJson } from '@bufbuild/protobuf';
import type { FieldViolation } from '../contract/errors.js';
import { type WorkflowSpec, WorkflowSpecSchema } from '../contract/gen/ai/stigmer/agentic/workflow/v1/spec_pb.js';
import { pathText } from './findings.js';
import { documentOfSpec, type SpecDocument } from './from-spec.js';
import type { Json, JsonObject } from './json.js';
import { validateDocument } from './validate.js';

export interface SpecValidation {
  /** What must be mended, by the contract's paths: `spec.tasks[0].task_config`. */
  readonly errors: readonly FieldViolation[];
  /** What a person should look at, with its place. */
  readonly warnings: readonly string[];
}

/** The document of a WorkflowSpec message. */
export function documentOf(spec: WorkflowSpec, extras?: JsonObject): SpecDocument {
  return documentOfSpec(json(WorkflowSpecSchema, spec), extras);
}

/** Checks a WorkflowSpec as the document that it stands for: expressions, names, targets, references, tasks that nothing leads to. */
export function validateSpec(spec: WorkflowSpec, extras?: JsonObject): SpecValidation {
  const { document, origin } = documentOf(spec, extras);
  const found = validateDocument(document).map(({ severity, path, message }) => {
    const { field, rest } = origin(path);
    const description = rest.length === 0 ? message : `${pathText(rest)}: ${message}`;
    return { severity, violation: { field, description, rule: 'document' } };
  });
  return {
    errors: found.flatMap(({ severity, violation }) => (severity === 'error' ? [violation] : [])),
    warnings: found.flatMap(({ severity, violation }) => (severity === 'warning' ? [`${violation.field}: ${violation.description}`] : [])),
  };
}

function json<D extends DescMessage>(schema: D, message: MessageShape<D>): Json {
  return toJson(schema, message) as Json;
}
