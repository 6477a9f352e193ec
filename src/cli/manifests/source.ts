import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative, resolve } from 'node:path';
import type { CliContext } from '../context.js';
import { usageError } from '../usage-error.js';

/** A manifest file. */
export interface ManifestSource {
  /** As a person is told of it: relative to the working directory where it lies below. */
  readonly path: string;
  readonly text: string;
}

const EXTENSIONS = ['.yaml', '.yml', '.json'];
const SKIPPED_FOLDERS = ['node_modules'];

/** Reads what `-f` names: files, folders with all that lies below them (YAML and JSON, by name), `-` for standard input. */
export async function readSources(ctx: Pick<CliContext, 'cwd' | 'readInput'>, given: readonly string[]): Promise<ManifestSource[]> {
  const sources: ManifestSource[] = [];
  for (const name of given) {
    if (name === '-') {
      sources.push({ path: '<stdin>', text: await ctx.readInput() });
      continue;
    }
    const path = resolve(ctx.cwd, name);
    const files = isFolder(path) ? filesBelow(path) : [path];
    if (files.length === 0) throw usageError(`${name} has no manifest in it: no file that ends in ${EXTENSIONS.join(', ')}`, 'stigmer apply');
    for (const file of files) sources.push({ path: shownPath(ctx.cwd, file), text: readText(file) });
  }
  return sources;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw usageError(missing ? `${path} does not exist` : `${path} cannot be read: ${(error as Error).message}`, 'stigmer apply');
  }
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((left, right) => left.name.localeCompare(right.name));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) return [];
    if (entry.isDirectory()) return SKIPPED_FOLDERS.includes(entry.name) ? [] : filesBelow(path);
    return EXTENSIONS.includes(extname(entry.name)) ? [path] : [];
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw usageError(`${path} cannot be read: ${(error as Error).message}`, 'stigmer apply');
  }
}

function shownPath(cwd: string, path: string): string {
  const below = relative(cwd, path);
  return below.startsWith('..') ? path : below;
}
