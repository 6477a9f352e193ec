import {
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  toJson,
} from '@bufbuild/protobuf';
import { Code, type FieldViolation, StigmerError } from './errors.js';

/**
 * The message as proto JSON: camelCase names, enum values by name, 64-bit numbers and bytes as text, fields at their default left
 * out. For manifests, HTTP and Temporal payloads.
 */
export function toProtoJson<D extends DescMessage>(schema: D, message: MessageShape<D>): JsonValue {
  return toJson(schema, message);
}

/** How fromProtoJson reads. */
export interface FromJsonOptions {
  /** Skip keys that the message does not have, as a newer peer may send them. False by default: in a manifest they are typing errors. */
  readonly ignoreUnknownFields?: boolean;
}

/**
 * The message that this proto JSON describes; names in camelCase or as in the proto. JSON that does not fit is refused with
 * INVALID_ARGUMENT, which names every field at fault by its path: `spec.mcp_servers[1].stdio.args`.
 */
export function fromProtoJson<D extends DescMessage>(schema: D, json: JsonValue, options: FromJsonOptions = {}): MessageShape<D> {
  try {
    return fromJson(schema, json, options);
  } catch (error) {
    const found = faultsIn(schema, json, options, '');
    throw jsonError(found.length > 0 ? found : [fault('', reasonOf(error))], error);
  }
}

function jsonError(violations: readonly FieldViolation[], cause: unknown): StigmerError {
  const message = violations.map(({ field, description }) => (field === '' ? description : `${field}: ${description}`)).join('\n');
  return new StigmerError(Code.INVALID_ARGUMENT, message, { details: [{ type: 'BadRequest', violations }], cause });
}

/** The decoder's own error names a type but no path, so whatever fails is looked for field by field. */
function faultsIn(schema: DescMessage, json: JsonValue, options: FromJsonOptions, path: string): FieldViolation[] {
  if (hasOwnForm(schema) || !isObject(json)) return faultOf(schema, json, options, path);
  return Object.entries(json).flatMap(([key, value]): FieldViolation[] => {
    const field = schema.fields.find((one) => one.jsonName === key || one.name === key);
    if (!field) return options.ignoreUnknownFields ? [] : [fault(join(path, key), `is not a field of ${schema.name}`)];
    const found = faultsInField(field, value, options, join(path, field.name));
    return found.length > 0 ? found : faultOf(schema, { [key]: value }, options, join(path, field.name));
  });
}

function faultsInField(field: DescField, value: JsonValue, options: FromJsonOptions, path: string): FieldViolation[] {
  const message = field.message;
  if (!message || value === null) return [];
  if (field.fieldKind === 'list' && Array.isArray(value)) {
    return value.flatMap((item, index) => faultsIn(message, item, options, `${path}[${index}]`));
  }
  if (field.fieldKind === 'map' && isObject(value)) {
    return Object.entries(value).flatMap(([key, item]) => faultsIn(message, item, options, `${path}[${JSON.stringify(key)}]`));
  }
  return field.fieldKind === 'message' ? faultsIn(message, value, options, path) : [];
}

function faultOf(schema: DescMessage, json: JsonValue, options: FromJsonOptions, path: string): FieldViolation[] {
  try {
    fromJson(schema, json, options);
    return [];
  } catch (error) {
    return [fault(path, reasonOf(error))];
  }
}

function fault(field: string, description: string): FieldViolation {
  return { field, description, rule: 'json' };
}

/** Without the type's full name, which tells a person less than the path. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^cannot decode field \S+ from JSON: /, '').replace(/^cannot decode (enum|message) (?:\S+\.)?(\S+) from JSON: /, 'is no $2: ');
}

/** Whether the message's JSON is not an object of its fields: Struct, Timestamp and the like. */
function hasOwnForm(schema: DescMessage): boolean {
  return schema.typeName.startsWith('google.protobuf.');
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
