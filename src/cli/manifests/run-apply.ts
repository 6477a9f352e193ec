import { StigmerError } from '../../contract/errors.js';
import type { CliContext } from '../context.js';
import { formatCount } from '../terminal/format.js';
import { cyan, dim, green, type Piece, yellow } from '../terminal/output.js';
import { type Column, writeTable } from '../terminal/table.js';
import { writeValue } from '../terminal/write-value.js';
import { usageError } from '../usage-error.js';
import { type Applied, appliedValue, applyManifest, planManifests } from './apply.js';
import { loadManifests, placeText } from './load.js';
import { readSources } from './source.js';

export interface ApplyOptions {
  readonly files: readonly string[];
  readonly dryRun: boolean;
  readonly org: string | undefined;
}

/** Organization of whoever has no other. */
const DEFAULT_ORG = 'local';

const APPLIED: readonly Column[] = [{ title: 'TYPE' }, { title: 'NAME', wraps: true }, { title: 'STATUS' }, { title: 'ID' }, { title: 'CHANGED', wraps: true }];
const PLANNED: readonly Column[] = [{ title: 'TYPE' }, { title: 'NAME', wraps: true }, { title: 'ACTION' }, { title: 'ID' }, { title: 'CHANGES', wraps: true }];

/** Reads the manifests, checks all of them before anything is sent, and applies them in the order of their dependencies. */
export async function runApply(ctx: CliContext, { files, dryRun, org }: ApplyOptions): Promise<void> {
  if (files.length === 0) throw usageError('pass the manifests with -f FILE or -f FOLDER', 'stigmer apply');
  const organization = org ?? (await ctx.config()).organization ?? DEFAULT_ORG;
  const manifests = await loadManifests(await readSources(ctx, files), { org: organization });
  const client = await ctx.client();
  if (dryRun) {
    const { planned, reached } = await planManifests(ctx, client, manifests);
    if (!reached) ctx.err.line(yellow(`⚠ no server answers at ${client.endpoint}: the manifests were checked, but not compared with what is there`));
    return report(ctx, planned, dryRun);
  }
  const applied: Applied[] = [];
  try {
    for (const manifest of manifests) applied.push(await applyManifest(ctx, client, manifest));
  } catch (error) {
    // What was applied stays; whoever applies again goes on from there.
    if (applied.length > 0 && ctx.format === 'text') writeTable(ctx.out, APPLIED, applied.map((one) => row(one, false)));
    const failed = manifests[applied.length];
    const known = StigmerError.from(error);
    if (failed === undefined || known.message.startsWith(failed.place.file)) throw known;
    throw new StigmerError(known.code, `${placeText(failed.place)}: ${failed.kind.name} '${failed.slug}': ${known.message}`, { details: known.details, cause: known.cause });
  }
  await report(ctx, applied, dryRun);
}

async function report(ctx: CliContext, applied: readonly Applied[], dryRun: boolean): Promise<void> {
  if (ctx.format !== 'text') return writeValue(ctx.out, ctx.format, applied.map(appliedValue));
  writeTable(ctx.out, dryRun ? PLANNED : APPLIED, applied.map((one) => row(one, dryRun)));
  ctx.out.line();
  if (dryRun) {
    ctx.out.line(green('✓'), ` Dry run successful: ${formatCount(applied.length, 'resource')}, nothing was changed`);
    return;
  }
  ctx.out.line(green('✓'), ` Deployment successful: ${formatCount(applied.length, 'resource')}`);
  const runnable = applied.find(({ manifest }) => manifest.kind.name === 'Agent' || manifest.kind.name === 'Workflow');
  if (runnable !== undefined) ctx.out.line('  → ', cyan(`stigmer run ${runnable.manifest.slug}${runnable.manifest.kind.name === 'Agent' ? ' --message "…"' : ''}`));
}

const STATUS: Readonly<Record<Applied['outcome'], Piece>> = { created: green('✓ Created'), updated: green('✓ Updated'), unchanged: dim('Unchanged'), applied: green('✓ Applied') };
const ACTION: Readonly<Record<Applied['outcome'], Piece>> = { created: green('Create'), updated: yellow('Update'), unchanged: dim('Unchanged'), applied: yellow('Apply') };

function row({ manifest, outcome, id, fields }: Applied, dryRun: boolean): Piece[] {
  return [manifest.kind.name, manifest.slug, (dryRun ? ACTION : STATUS)[outcome], id, outcome === 'updated' ? fields.join(', ') : ''];
}
