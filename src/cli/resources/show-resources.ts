import type { CliContext } from '../context.js';
import { formatAge } from '../terminal/format.js';
import { dim, type Piece } from '../terminal/output.js';
import { type Column, writeTable } from '../terminal/table.js';
import { writeValue } from '../terminal/write-value.js';
import { usageError } from '../usage-error.js';
import { createdAt } from './created-at.js';
import type { Kind } from './kinds.js';
import { type ListFilter, listResources } from './list-resources.js';
import { resourceValue } from './resource-value.js';
import type { AnyResource } from '../../contract/resource-schemas.js';

const COLUMNS: readonly Column[] = [{ title: 'NAME', wraps: true }, { title: 'ID' }, { title: 'ORG' }, { title: 'AGE' }, { title: 'DESCRIPTION', wraps: true }];

/** Writes the resources of a kind: a table for a person, their manifests for a program. */
export async function showResources(ctx: CliContext, kind: Kind, options: { readonly org: string | undefined; readonly label: readonly string[]; readonly tag: readonly string[] }): Promise<void> {
  const filter: ListFilter = { org: options.org ?? '', labels: labelsOf(options.label), tags: options.tag };
  const client = await ctx.client();
  const all: AnyResource[] = [];
  for await (const { resources } of listResources(client, kind, filter)) {
    // Line by line there is no need to wait for the last page.
    if (ctx.format === 'ndjson') await writeValue(ctx.out, ctx.format, resources.map((resource) => resourceValue(kind, resource)));
    else all.push(...resources);
  }
  if (ctx.format === 'ndjson') return;
  if (ctx.format !== 'text') {
    await writeValue(ctx.out, ctx.format, all.map((resource) => resourceValue(kind, resource)));
    return;
  }
  if (all.length === 0) {
    ctx.err.line(dim(`no ${kind.plural.replaceAll('-', ' ')}${options.org === undefined ? '' : ` in organization ${options.org}`}`));
    return;
  }
  const now = ctx.clock.now();
  writeTable(ctx.out, COLUMNS, all.map((resource) => row(resource, now)));
}

function row(resource: AnyResource, now: number): Piece[] {
  const { metadata, spec } = resource;
  const created = createdAt(resource);
  const description = spec !== undefined && 'description' in spec ? spec.description : '';
  return [metadata?.slug || metadata?.name || '', metadata?.id ?? '', metadata?.org ?? '', created === undefined ? '' : formatAge(new Date(created).toISOString(), now), description];
}

function labelsOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((label) => {
      const at = label.indexOf('=');
      if (at < 1) throw usageError(`--label: '${label}' must be KEY=VALUE`, 'stigmer list');
      return [label.slice(0, at), label.slice(at + 1)];
    }),
  );
}
