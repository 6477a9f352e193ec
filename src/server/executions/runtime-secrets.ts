import type { ExecutionValue } from '../../contract/gen/ai/stigmer/agentic/executioncontext/v1/spec_pb.js';
import type { WriteOp } from '../../store/ports.js';

/** What stands in the place of a secret value wherever an execution is stored or shown. */
const REDACTED = '***';

/** Field of the sealed table under which the callback token of an execution lies. */
export const CALLBACK_TOKEN = 'callback_token';

const VARIABLE_PREFIX = 'runtime_env/';

/** The part of both kinds' specs that may hold secrets. */
interface SecretHolder {
  runtimeEnv: Record<string, ExecutionValue>;
  callbackToken: Uint8Array;
}

/**
 * Takes the secret values and the callback token out of a spec, for the sealed table. In the spec stays `***`, and no token. A value that
 * arrives as `***` means the one that is sealed already.
 */
export function sealRuntime(executionId: string, spec: SecretHolder): readonly WriteOp[] {
  const values: Record<string, Uint8Array> = {};
  for (const [name, value] of Object.entries(spec.runtimeEnv)) {
    if (!value.isSecret || value.value === REDACTED) continue;
    values[`${VARIABLE_PREFIX}${name}`] = Buffer.from(value.value, 'utf8');
    value.value = REDACTED;
  }
  if (spec.callbackToken.length > 0) values[CALLBACK_TOKEN] = spec.callbackToken;
  spec.callbackToken = new Uint8Array();
  return Object.keys(values).length === 0 ? [] : [{ op: 'put-secrets', ownerId: executionId, values }];
}

/** The variables of a stored spec with the sealed ones opened. */
export function openRuntime(
  runtimeEnv: Readonly<Record<string, ExecutionValue>>,
  sealed: Readonly<Record<string, Uint8Array>>,
): ReadonlyMap<string, { readonly value: string; readonly isSecret: boolean }> {
  return new Map(
    Object.entries(runtimeEnv).map(([name, { value, isSecret }]) => {
      const opened = isSecret ? sealed[`${VARIABLE_PREFIX}${name}`] : undefined;
      return [name, { value: opened === undefined ? value : Buffer.from(opened).toString('utf8'), isSecret }];
    }),
  );
}
