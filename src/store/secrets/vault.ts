import { dataLoss, failedPrecondition, type StigmerError } from '../../contract/errors.js';
import type { SecretReader, WriteOp } from '../ports.js';
import type { Statements } from '../sqlite/statements.js';
import type { SealedValue, SecretOp, WriterOp } from '../writer/protocol.js';
import { createKeyFile, readKeyFile, replaceKeyFile, withKey } from './key-file.js';
import { type KeyRing, seal, unseal } from './seal.js';

/** How many values a change of the key seals anew in one commit. */
const RESEAL_LIMIT = 200;

/** What the key check is bound to in place of an owner and a field. */
const CHECK = { owner: 'meta', field: 'key_check' };

interface StoredSecret {
  readonly owner_id: string;
  readonly field: string;
  readonly key_version: number;
  readonly nonce: Buffer;
  readonly sealed: Buffer;
}

export type Submit = (ops: readonly WriterOp[]) => Promise<number>;

/** Seals secret values before they go to the writer, and opens them. Holds the keys; plain text goes no further than its caller. */
export class Vault implements SecretReader {
  readonly #statements: Statements;
  readonly #file: string;
  #ring: KeyRing;
  /** Version of the key that seals: the one in force in the database, which need not be the newest of the file. */
  #sealing: number;

  private constructor(statements: Statements, file: string, ring: KeyRing, sealing: number) {
    this.#statements = statements;
    this.#file = file;
    this.#ring = ring;
    this.#sealing = sealing;
  }

  /**
   * With the keys of the file, which is made when neither it nor a sealed value exists. Throws FAILED_PRECONDITION naming the file
   * when it is missing or does not fit the database.
   */
  static async open(statements: Statements, file: string, submit: Submit): Promise<Vault> {
    const inForce = keyInForce(statements);
    const found = readKeyFile(file);
    if (!found && inForce) throw mismatch(file, 'is missing');
    const ring = found ?? createKeyFile(file);
    const vault = new Vault(statements, file, ring, inForce?.version ?? Math.max(...ring.keys()));
    if (inForce) vault.#assertFits(inForce);
    else await submit([vault.#useKeyOp()]);
    return vault;
  }

  async open(ownerId: string): Promise<Readonly<Record<string, Uint8Array>>> {
    const sql = 'SELECT owner_id, field, key_version, nonce, sealed FROM secrets WHERE owner_id = ?';
    return Object.fromEntries(this.#statements.query<StoredSecret>(sql).all(ownerId).map((row) => [row.field, this.#open(row)]));
  }

  /** The changes of a write with the secret values in them sealed. */
  seal(ops: readonly WriteOp[]): readonly WriterOp[] {
    return ops.map((op) => (op.op === 'put-secrets' ? this.#sealOp(op.ownerId, op.values) : op));
  }

  /** Reads the keys again, because another process has put a new one in force. */
  reload(): void {
    this.#ring = readKeyFile(this.#file) ?? this.#ring;
    const inForce = keyInForce(this.#statements);
    if (!inForce) return;
    this.#assertFits(inForce);
    this.#sealing = inForce.version;
  }

  /**
   * Puts a new key in force and seals everything anew; the old ones leave the file when nothing is sealed under them any more. May be
   * broken off at any point: called again, it goes on.
   */
  async rotate(submit: Submit): Promise<void> {
    this.reload();
    const version = Math.max(...this.#ring.keys()) + 1;
    this.#ring = withKey(this.#ring, version);
    replaceKeyFile(this.#file, this.#ring);
    this.#sealing = version;
    await submit([this.#useKeyOp()]);
    const sql = 'SELECT owner_id, field, key_version, nonce, sealed FROM secrets WHERE key_version < ? LIMIT ?';
    for (;;) {
      const rows = this.#statements.query<StoredSecret>(sql).all(version, RESEAL_LIMIT);
      if (rows.length === 0) break;
      await submit(rows.map((row) => this.#resealOp(row)));
    }
    this.#ring = new Map([...this.#ring].filter(([kept]) => kept >= version));
    replaceKeyFile(this.#file, this.#ring);
  }

  #open(row: StoredSecret): Uint8Array {
    if (!this.#ring.has(row.key_version)) this.reload();
    try {
      return unseal(this.#ring, row.owner_id, toSealed(row));
    } catch (error) {
      throw dataLoss(`the secret ${row.field} of ${row.owner_id} cannot be opened with the keys in ${this.#file}: it is damaged, or the file is another's`, {
        reason: 'SECRET_DAMAGED',
        metadata: { ownerId: row.owner_id, field: row.field, file: this.#file },
        cause: error,
      });
    }
  }

  #sealOp(ownerId: string, values: Readonly<Record<string, Uint8Array>>): SecretOp {
    const sealed = Object.entries(values).map(([field, value]) => seal(this.#ring, this.#sealing, ownerId, field, value));
    return { op: 'put-sealed', ownerId, keyVersion: this.#sealing, values: sealed };
  }

  #resealOp(row: StoredSecret): SecretOp {
    return { op: 'reseal', ownerId: row.owner_id, oldNonce: row.nonce, value: seal(this.#ring, this.#sealing, row.owner_id, row.field, this.#open(row)) };
  }

  #useKeyOp(): SecretOp {
    const { nonce, sealed, keyVersion } = seal(this.#ring, this.#sealing, CHECK.owner, CHECK.field, Buffer.alloc(0));
    return { op: 'use-key', keyVersion, check: [nonce, sealed].map((part) => Buffer.from(part).toString('base64')).join(' ') };
  }

  /** Opens the value that was sealed when the key in force was put there. */
  #assertFits({ version, check }: KeyInForce): void {
    const [nonce, sealed] = check.split(' ').map((part) => Buffer.from(part, 'base64'));
    try {
      if (!nonce || !sealed) throw new Error('the key check in the database is incomplete');
      unseal(this.#ring, CHECK.owner, { field: CHECK.field, keyVersion: version, nonce, sealed });
    } catch (error) {
      throw mismatch(this.#file, 'does not fit', error);
    }
  }
}

interface KeyInForce {
  readonly version: number;
  readonly check: string;
}

function keyInForce(statements: Statements): KeyInForce | undefined {
  const meta = (name: string): string | undefined => statements.query<{ value: string }>('SELECT value FROM meta WHERE name = ?').get(name)?.value;
  const version = meta('key_version');
  const check = meta('key_check');
  return version === undefined || check === undefined ? undefined : { version: Number(version), check };
}

function toSealed({ field, key_version: keyVersion, nonce, sealed }: StoredSecret): SealedValue {
  return { field, keyVersion, nonce, sealed };
}

function mismatch(file: string, fault: string, cause?: unknown): StigmerError {
  return failedPrecondition(
    `the key file ${file} ${fault}: the secrets in the database were sealed with another key. Put the key file back that belongs to this database.`,
    { reason: 'KEY_MISMATCH', metadata: { file }, cause },
  );
}
