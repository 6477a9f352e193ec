import { isObject, type Json, type JsonObject } from '../../../workflow-document/json.js';
import { setKey } from '../../../expressions/jq/json.js';

/**
 * A secret within a run is a token with a mark that nobody outside knows; the activity which hands a value to the outside puts the secret
 * in its place. So expressions can carry secrets along, histories hold none, and text from outside cannot ask for one.
 */
export function secretToken(nonce: string, name: string): string {
  return `{{secret:${nonce}:${name}}}`;
}

function pattern(nonce: string): RegExp {
  return new RegExp(`\\{\\{secret:${nonce}:([A-Za-z_][A-Za-z0-9_.-]*)\\}\\}`, 'g');
}

/** Names of the secrets whose tokens occur in a value. */
export function secretsIn(value: Json, nonce: string): string[] {
  const text = JSON.stringify(value);
  return [...new Set([...text.matchAll(pattern(nonce))].map(([, name]) => name as string))];
}

/** The value with each token replaced. */
export function replaceSecrets(value: Json, nonce: string, secret: (name: string) => string): Json {
  return mapTexts(value, (text) => text.replaceAll(pattern(nonce), (_, name: string) => secret(name)));
}

/** The value as others may see it. */
export function maskSecrets(value: Json, nonce: string): Json {
  return JSON.stringify(value).includes(nonce) ? replaceSecrets(value, nonce, () => '***') : value;
}

/** Every text in a value, changed; keys too. */
export function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (!isObject(value)) return value;
  const mapped: JsonObject = {};
  for (const [key, inner] of Object.entries(value)) setKey(mapped, change(key), mapTexts(inner, change));
  return mapped;
}
