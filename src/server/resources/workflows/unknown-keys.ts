import type { DescField, DescMessage, JsonValue } from '@bufbuild/protobuf';

export interface UnknownKey {
  /** As `do[0].nmae`. */
  readonly path: string;
  /** The message that has no such field. */
  readonly schema: DescMessage;
}

/** The keys in a JSON value that its message has no field for, at any depth. Free-form parts may have any key. */
export function unknownKeys(schema: DescMessage, value: JsonValue, path = ''): UnknownKey[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || schema.typeName.startsWith('google.protobuf.')) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const at = path === '' ? key : `${path}.${key}`;
    const field = schema.fields.find(({ name, jsonName }) => name === key || jsonName === key);
    return field === undefined ? [{ path: at, schema }] : unknownWithin(field, member, at);
  });
}

function unknownWithin({ message, fieldKind }: DescField, value: JsonValue, path: string): UnknownKey[] {
  if (message === undefined) return [];
  if (fieldKind !== 'list') return unknownKeys(message, value, path);
  return Array.isArray(value) ? value.flatMap((item, index) => unknownKeys(message, item, `${path}[${index}]`)) : [];
}
