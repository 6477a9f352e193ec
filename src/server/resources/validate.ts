import { validateAnnotations } from '../../contract/annotations.js';
import { type FieldViolation, StigmerError } from '../../contract/errors.js';
import { validationError } from '../../contract/validation.js';
import type { EngineContext } from './engine-context.js';
import type { KindDefinition } from './kind.js';
import type { Resource } from './resource.js';

/** Refuses a draft that breaks a rule of the contract, of our annotations or of its kind, with INVALID_ARGUMENT that names every fault. */
export function validateDraft<R extends Resource>({ validate }: EngineContext, kind: KindDefinition<R>, draft: R): void {
  const violations = [
    ...violationsOf(() => validate(kind.schema, draft)),
    ...violationsOf(() => validateAnnotations(kind.kind.kind, draft.metadata)),
    ...(kind.check?.(draft, validate) ?? []),
  ];
  if (violations.length > 0) throw validationError(violations);
}

/** What a check that throws finds at fault; any other error is thrown on. */
export function violationsOf(check: () => void): readonly FieldViolation[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof StigmerError && error.violations.length > 0) return error.violations;
    throw error;
  }
}
