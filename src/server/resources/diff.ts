import { type DescField, type DescMessage, equals, type Message, type UnknownField } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { registry } from '../../contract/registry.js';

/**
 * Paths of the fields in which two messages of one type differ, in proto names: `spec.instructions`, `spec.tasks[2].name`,
 * `metadata.labels["team"]`. A list whose length differs, and a message that one side lacks, is named as a whole. Empty when the
 * messages are equal, unknown fields included.
 */
export function changedFields(schema: DescMessage, before: Message, after: Message, path = ''): string[] {
  if (equals(schema, before, after, { registry, unknown: true })) return [];
  const [old, now] = [reflect(schema, before), reflect(schema, after)];
  const changed = schema.fields.flatMap((field) => changesOf(field, old, now, path === '' ? field.name : `${path}.${field.name}`));
  // Only fields that this contract does not know can differ now.
  return changed.length > 0 || unknownOf(before) === unknownOf(after) ? changed : [path];
}

function changesOf(field: DescField, old: ReflectMessage, now: ReflectMessage, path: string): string[] {
  if (field.fieldKind === 'map') return mapChanges(field.message, entries(old.get(field)), entries(now.get(field)), path);
  if (field.fieldKind === 'list') return listChanges(field.message, [...old.get(field)], [...now.get(field)], path);
  if (old.isSet(field) !== now.isSet(field)) return [path];
  if (!old.isSet(field)) return [];
  return valueChanges(field.message, old.get(field), now.get(field), path);
}

function mapChanges(schema: DescMessage | undefined, old: Map<string, unknown>, now: Map<string, unknown>, path: string): string[] {
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort();
  return keys.flatMap((key) => {
    const at = `${path}[${JSON.stringify(key)}]`;
    return old.has(key) && now.has(key) ? valueChanges(schema, old.get(key), now.get(key), at) : [at];
  });
}

function listChanges(schema: DescMessage | undefined, old: readonly unknown[], now: readonly unknown[], path: string): string[] {
  if (old.length !== now.length) return [path];
  return old.flatMap((value, index) => valueChanges(schema, value, now[index], `${path}[${index}]`));
}

function valueChanges(schema: DescMessage | undefined, old: unknown, now: unknown, path: string): string[] {
  if (schema === undefined) return sameScalar(old, now) ? [] : [path];
  const [before, after] = [(old as ReflectMessage).message, (now as ReflectMessage).message];
  // A free-form value (google.protobuf.Struct) has no fields that mean anything to a reader.
  if (schema.typeName.startsWith('google.protobuf.')) return equals(schema, before, after) ? [] : [path];
  return changedFields(schema, before, after, path);
}

function sameScalar(old: unknown, now: unknown): boolean {
  if (old instanceof Uint8Array && now instanceof Uint8Array) return Buffer.compare(old, now) === 0;
  return Object.is(old, now);
}

function entries(map: unknown): Map<string, unknown> {
  return new Map([...(map as Iterable<[unknown, unknown]>)].map(([key, value]) => [String(key), value]));
}

function unknownOf(message: Message): string {
  const fields: readonly UnknownField[] = message.$unknown ?? [];
  return fields.map(({ no, wireType, data }) => `${no}:${wireType}:${Buffer.from(data).toString('base64')}`).join();
}
