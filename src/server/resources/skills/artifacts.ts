import { invalidArgument, notFound } from '../../../contract/errors.js';
import type { ArtifactStore, Store } from '../../../store/ports.js';
import { isContentUsed } from './versions.js';

const KEY = /^skills\/([0-9a-f]{64})\.zip$/;

/** Key of the archive with this content, as the original stores it. */
export function artifactKey(hash: string): string {
  return `skills/${hash}.zip`;
}

/** The archive of a key. INVALID_ARGUMENT for anything that is no key of an archive, NOT_FOUND when there is none. */
export async function readArtifact(artifacts: ArtifactStore, key: string): Promise<Uint8Array> {
  if (!KEY.test(key)) throw invalidArgument('artifact_storage_key', 'must be skills/<SHA-256 in lower-case hex>.zip');
  const artifact = await artifacts.get(key);
  if (artifact === undefined) throw notFound('skill artifact', key);
  return artifact;
}

/** Keeps an archive unless it is there. */
export async function keepArtifact(artifacts: ArtifactStore, key: string, bytes: Uint8Array): Promise<void> {
  const known = await artifacts.list(key);
  if (!known.includes(key)) await artifacts.put(key, bytes);
}

/**
 * Removes the archives among `keys` that no version of any skill refers to, and gives the keys removed. What a push writes meanwhile is
 * safe: it looks for its archive again after its commit.
 */
export async function collectArtifacts(store: Store, keys: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const key of keys) {
    const hash = KEY.exec(key)?.[1];
    if (hash === undefined || (await isContentUsed(store, hash))) continue;
    await store.artifacts.delete(key);
    removed.push(key);
  }
  return removed;
}

/** The same for all archives: those of pushes that a crash broke off. Called now and then. */
export async function collectAllArtifacts(store: Store): Promise<string[]> {
  return collectArtifacts(store, await store.artifacts.list('skills/'));
}
