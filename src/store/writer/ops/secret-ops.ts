import type Database from 'better-sqlite3';
import { Refused } from '../refused.js';
import type { SecretOp } from '../protocol.js';
import type { Handlers } from './context.js';

/** Changes of secret values. Only ciphertext comes here. */
export function secretOps(db: Database.Database): Handlers<SecretOp['op'] | 'delete-secrets' | 'claim-secrets'> {
  const keyInForce = db.prepare<[], string>(`SELECT value FROM meta WHERE name = 'key_version'`).pluck();
  const setMeta = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  const put = db.prepare(
    `INSERT INTO secrets (owner_id, field, key_version, nonce, sealed) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET key_version = excluded.key_version, nonce = excluded.nonce, sealed = excluded.sealed`,
  );
  const reseal = db.prepare('UPDATE secrets SET key_version = ?, nonce = ?, sealed = ? WHERE owner_id = ? AND field = ? AND nonce = ?');
  const dropSecrets = db.prepare('DELETE FROM secrets WHERE owner_id = ?');
  const dropClaims = db.prepare('DELETE FROM secret_claims WHERE owner_id = ?');
  const claimed = db.prepare<[string, number], number>('SELECT 1 FROM secret_claims WHERE owner_id = ? AND attempt = ?').pluck();
  const claim = db.prepare('INSERT INTO secret_claims (owner_id, attempt) VALUES (?, ?)');

  return {
    'put-sealed': ({ ownerId, keyVersion, values }) => {
      if (Number(keyInForce.get()) !== keyVersion) throw new Refused({ type: 'key-replaced', keyVersion });
      for (const value of values) put.run(ownerId, value.field, value.keyVersion, value.nonce, value.sealed);
    },
    'use-key': ({ keyVersion, check }) => {
      setMeta.run('key_version', String(keyVersion));
      setMeta.run('key_check', check);
    },
    reseal: ({ ownerId, oldNonce, value }) =>
      reseal.run(value.keyVersion, value.nonce, value.sealed, ownerId, value.field, oldNonce).changes,
    'delete-secrets': ({ ownerId }) => {
      dropSecrets.run(ownerId);
      dropClaims.run(ownerId);
    },
    'claim-secrets': ({ ownerId, attempt }) => {
      if (claimed.get(ownerId, attempt)) throw new Refused({ type: 'secrets-claimed', ownerId, attempt });
      claim.run(ownerId, attempt);
    },
  };
}
