import { dataLoss, invalidArgument } from '../../contract/errors.js';
import type { SecretReader, WriteOp } from '../../store/ports.js';
import type { KindDefinition, SecretRule, SecretValue } from './kind.js';
import type { Resource } from './resource.js';

/** What stands in the place of a secret value wherever a resource is stored or shown. */
export const REDACTED = '***';

export interface SealedSecrets {
  /** Changes to the sealed table; empty when the values are those that it holds. */
  readonly ops: readonly WriteOp[];
  /** Paths of the secrets that are new, changed or gone. */
  readonly fields: readonly string[];
}

const NOTHING: SealedSecrets = { ops: [], fields: [] };

/**
 * Takes the secret values out of a resource: in it stays `***`, the values go to the sealed table. A value that arrives as `***` means
 * the one that is sealed already. `before` is the stored resource that this one replaces. INVALID_ARGUMENT when `***` stands for
 * nothing, or when a secret is made plain without its value.
 */
export async function sealSecrets<R extends Resource>(
  reader: SecretReader,
  kind: KindDefinition<R>,
  ownerId: string,
  resource: R,
  before?: R,
): Promise<SealedSecrets> {
  const rule = kind.secrets;
  if (rule === undefined) return NOTHING;
  const held = before === undefined ? new Map<string, Uint8Array>() : await openHeld(reader, rule.values(before), ownerId);
  const sealed = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(rule.values(resource) ?? {})) {
    const kept = keptSecret(rule, key, value, held);
    if (!value.isSecret || value.value === '') continue;
    sealed.set(key, kept ?? Buffer.from(value.value, 'utf8'));
    value.value = REDACTED;
  }
  const keys = [...new Set([...held.keys(), ...sealed.keys()])].sort();
  const changed = keys.filter((key) => !sameBytes(held.get(key), sealed.get(key)));
  if (changed.length === 0) return NOTHING;
  const clear: WriteOp[] = held.size > 0 ? [{ op: 'delete-secrets', ownerId }] : [];
  const put: WriteOp[] = sealed.size > 0 ? [{ op: 'put-secrets', ownerId, values: Object.fromEntries(sealed) }] : [];
  return { ops: [...clear, ...put], fields: changed.map((key) => `${pathOf(rule, key)}.value`) };
}

/** The values of a stored resource with the secret ones opened. Not for anything that is shown. Throws DATA_LOSS when one is missing. */
export async function openValues<R extends Resource>(
  reader: SecretReader,
  kind: KindDefinition<R>,
  ownerId: string,
  resource: R,
): Promise<ReadonlyMap<string, SecretValue>> {
  const values = kind.secrets?.values(resource) ?? {};
  const held = await openHeld(reader, values, ownerId);
  return new Map(
    Object.entries(values).map(([key, stored]) => {
      if (!isSealed(stored)) return [key, stored];
      const opened = held.get(key);
      if (opened === undefined)
        throw dataLoss(`${kind.kind.name} ${ownerId}: the secret ${JSON.stringify(key)} is not in the sealed table; set it again`);
      return [key, { value: Buffer.from(opened).toString('utf8'), isSecret: true }];
    }),
  );
}

async function openHeld(
  reader: SecretReader,
  values: Record<string, SecretValue> | undefined,
  ownerId: string,
): Promise<Map<string, Uint8Array>> {
  if (!Object.values(values ?? {}).some(isSealed)) return new Map();
  return new Map(Object.entries(await reader.open(ownerId)));
}

function isSealed(value: SecretValue): boolean {
  return value.isSecret && value.value !== '';
}

/** What a `***` stands for; undefined for a value that is given as it is. */
function keptSecret<R extends Resource>(
  rule: SecretRule<R>,
  key: string,
  { value, isSecret }: SecretValue,
  held: ReadonlyMap<string, Uint8Array>,
) {
  if (value !== REDACTED) return undefined;
  const kept = held.get(key);
  if (isSecret && kept === undefined)
    throw invalidArgument(`${pathOf(rule, key)}.value`, `'${REDACTED}' stands for a stored secret, and there is none of this name`);
  if (!isSecret && kept !== undefined)
    throw invalidArgument(`${pathOf(rule, key)}.value`, 'must be given when a secret is made a plain value');
  return kept;
}

function pathOf<R extends Resource>(rule: SecretRule<R>, key: string): string {
  return `${rule.field}[${JSON.stringify(key)}]`;
}

function sameBytes(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return Buffer.compare(left, right) === 0;
}
