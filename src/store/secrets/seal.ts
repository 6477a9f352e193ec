import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SealedValue } from '../writer/protocol.js';

/** Keys by version, counted from 1. */
export type KeyRing = ReadonlyMap<number, Buffer>;

export const KEY_BYTES = 32;

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals a value under one of the keys, bound to owner, field and version of the key. */
export function seal(ring: KeyRing, keyVersion: number, ownerId: string, field: string, value: Uint8Array): SealedValue {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(ring, keyVersion), nonce);
  cipher.setAAD(binding(ownerId, field, keyVersion));
  const sealed = Buffer.concat([cipher.update(value), cipher.final(), cipher.getAuthTag()]);
  return { field, keyVersion, nonce, sealed };
}

/** The value. Throws when key, owner, field or a byte of it is another. */
export function unseal(ring: KeyRing, ownerId: string, { field, keyVersion, nonce, sealed }: SealedValue): Uint8Array {
  const decipher = createDecipheriv(CIPHER, keyOf(ring, keyVersion), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(binding(ownerId, field, keyVersion));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()]);
}

function keyOf(ring: KeyRing, version: number): Buffer {
  const key = ring.get(version);
  if (!key) throw new Error(`there is no key of version ${version}`);
  return key;
}

/** JSON, because a bare joining of texts could be read in two ways. */
function binding(ownerId: string, field: string, keyVersion: number): Buffer {
  return Buffer.from(JSON.stringify([ownerId, field, keyVersion]));
}
