import { aborted, alreadyExists, failedPrecondition, internal, notFound, type StigmerError } from '../../contract/errors.js';
import { kindByEnumName } from '../../contract/kinds.js';
import { failureError } from '../sqlite/sqlite-error.js';
import type { Refusal } from './protocol.js';

/** The error that `Store.write` throws for a refusal. */
export function refusalError<T extends Refusal['type']>(refusal: Extract<Refusal, { type: T }>, file: string): StigmerError {
  const make: Makers[T] = makers[refusal.type];
  return make(refusal, file);
}

type Makers = { readonly [T in Refusal['type']]: (refusal: Extract<Refusal, { type: T }>, file: string) => StigmerError };

const makers: Makers = {
  'not-found': ({ kind, id }) => notFound(kindName(kind), id),
  'already-exists': ({ kind, what, id }) => alreadyExists(kindName(kind), what, id),
  'version-conflict': ({ kind, id, expected, actual }) =>
    aborted(`${kindName(kind)} ${id} has changed: its version is ${actual}, this write expects ${expected}. Read it again and repeat.`, {
      reason: 'VERSION_CONFLICT',
      metadata: { kind, id, expected, actual },
    }),
  'reference-missing': ({ kind, id, field }) =>
    failedPrecondition(`${field} refers to ${kindName(kind)} ${id}, which is not found`, {
      reason: 'REFERENCE_MISSING',
      metadata: { kind, id, field },
    }),
  'has-children': ({ id, childKind, childId }) =>
    aborted(`${id} still has ${kindName(childKind)} ${childId}`, { reason: 'HAS_CHILDREN', metadata: { id, childKind, childId } }),
  referenced: ({ kind, id, byKind, byId, field }) =>
    aborted(`${kindName(kind)} ${id} is still referred to by ${kindName(byKind)} ${byId} in ${field}`, {
      reason: 'REFERENCED',
      metadata: { kind, id, byKind, byId, field },
    }),
  'revision-conflict': ({ id, expected, actual }) =>
    aborted(`the log of execution ${id} is at revision ${actual}, this append expects ${expected}`, {
      reason: 'REVISION_CONFLICT',
      metadata: { id, expected: String(expected), actual: String(actual) },
    }),
  'report-repeated': ({ id, attempt, sequence, logged }) =>
    aborted(`report ${sequence} of attempt ${attempt} is not beyond what the log of execution ${id} has, which is ${logged}`, {
      reason: 'REPORT_REPEATED',
      metadata: { id, attempt: String(attempt), sequence: String(sequence), logged: String(logged) },
    }),
  'attempt-overtaken': ({ id, attempt, logged }) =>
    aborted(`attempt ${attempt} of execution ${id} has been given up: the log has attempt ${logged}`, {
      reason: 'ATTEMPT_OVERTAKEN',
      metadata: { id, attempt: String(attempt), logged: String(logged) },
    }),
  'head-mismatch': ({ id, expected, actual }) =>
    internal(`the head given for execution ${id} is at revision ${actual}; with its events the log comes to ${expected}`),
  'secrets-claimed': ({ ownerId, attempt }) => alreadyExists('Claim', `attempt ${attempt}`, ownerId),
  'answer-kept': ({ key }) => alreadyExists('Answer', 'this idempotency key', key),
  'key-replaced': ({ keyVersion }) =>
    aborted(`version ${keyVersion} of the key for secrets is no longer in force`, { reason: 'KEY_REPLACED', metadata: { keyVersion: String(keyVersion) } }),
  sqlite: ({ failure }, file) => failureError(failure, file),
  fault: ({ message }, file) => internal(`a write to ${file} failed: ${message}`),
};

/** `AgentInstance` for `agent_instance`; a word that is no kind as it is. */
function kindName(enumName: string): string {
  return kindByEnumName(enumName)?.name ?? enumName;
}
