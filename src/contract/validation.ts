import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { Code, type FieldViolation, internal, StigmerError } from './errors.js';

/**
 * Checks a message against the rules in the .proto files. One that breaks any is refused with INVALID_ARGUMENT, whose text starts
 * with `validation error: <path>: ` (or has a line per violation below `validation errors:`), as the original's clients know it,
 * and whose details have each path, text and rule id. A rule that cannot be evaluated is INTERNAL.
 */
export type Validate = <D extends DescMessage>(schema: D, message: MessageShape<D>) => void;

/**
 * Loads the engine and gives the function that uses it. Called once by a program that validates, at its start: the engine for
 * rules and regular expressions is as slow to load as grpc-js, and compiles each message's rules when it sees the first one.
 */
export async function loadValidator(): Promise<Validate> {
  const { createValidator } = await import('@bufbuild/protovalidate');
  const validator = createValidator();
  return (schema, message) => {
    const result = validator.validate(schema, message);
    if (result.kind === 'valid') return;
    if (result.kind === 'error') throw internal(`the rules of ${schema.typeName} cannot be evaluated: ${result.error.message}`, { cause: result.error });
    throw validationError(
      result.violations.map(({ field, message: description, ruleId: rule }) => ({ field: pathToString(field), description, rule })),
    );
  };
}

/** INVALID_ARGUMENT for these violations, in the form that `validate` gives. For rules that a .proto file cannot express. */
export function validationError(violations: readonly FieldViolation[]): StigmerError {
  const lines = violations.map(({ field, description }) => (field === '' ? description : `${field}: ${description}`));
  const message = lines.length === 1 ? `validation error: ${lines[0]}` : `validation errors:\n${lines.map((line) => ` - ${line}`).join('\n')}`;
  return new StigmerError(Code.INVALID_ARGUMENT, message, { details: [{ type: 'BadRequest', violations }] });
}
