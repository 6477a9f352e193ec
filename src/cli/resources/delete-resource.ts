import type { DescMethodUnary } from '@bufbuild/protobuf';
import type { RpcClient } from '../../client/rpc-client.js';
import { CallMetadata } from '../../contract/call-metadata.js';
import { kindByEnumName } from '../../contract/kinds.js';
import type { CliContext } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { formatCount } from '../terminal/format.js';
import { green } from '../terminal/output.js';
import { writeValue } from '../terminal/write-value.js';
import { usageError } from '../usage-error.js';
import { knowsOurMetadata } from '../connection/knows-our-metadata.js';
import { findResource } from './find-resource.js';
import { kindMethod, requestById } from './kind-services.js';
import { kindNamed } from './kinds.js';

export interface Deletion {
  readonly kind: string;
  readonly nameOrId: string;
  readonly org: string | undefined;
  readonly yes: boolean;
}

/** Deletes a resource after it was asked for, and says what went with it. Gives the exit code. */
export async function deleteResource(ctx: CliContext, { kind: word, nameOrId, org, yes }: Deletion): Promise<number> {
  const kind = kindNamed(word, 'stigmer delete');
  const method = await kindMethod(kind.kind, 'delete');
  if (method === undefined) throw usageError(`${kind.plural} cannot be deleted`, 'stigmer delete');
  const client = await ctx.client();
  const resource = await findResource(client, kind, { nameOrId, org: org ?? (await ctx.config()).organization ?? '' });
  const id = resource.metadata?.id ?? nameOrId;
  const what = `${kind.displayName.toLowerCase()} ${resource.metadata?.slug ?? ''} (${id})`;
  if (!yes) {
    if (ctx.prompt === undefined) throw usageError(`there is no terminal to ask whether to delete ${what}; pass --yes`, 'stigmer delete');
    const goes = await wouldGo(ctx, client, method, id);
    const answer = await ctx.prompt.choose(`Delete ${what}${goes === '' ? '' : ` with ${goes}`}?`, [{ key: 'y', word: 'yes' }, { key: 'n', word: 'no' }], ctx.signal);
    if (answer !== 'y') return ExitCode.INTERRUPTED;
  }
  let went = '';
  await client.unary(method, requestById(method, id), { headers: { [CallMetadata.IDEMPOTENCY_KEY]: ctx.newKey() }, signal: ctx.signal, onHeaders: (headers) => (went = cascade(headers)) });
  if (ctx.format !== 'text') await writeValue(ctx.out, ctx.format, { kind: kind.name, id, outcome: 'deleted' });
  else ctx.out.line(green('✓'), ` Deleted ${what}${went === '' ? '' : ` with ${went}`}`);
  return ExitCode.DONE;
}

/** What would go as well. A server that knows no dry run would take the question for the deed, so it is not asked. */
async function wouldGo(ctx: CliContext, client: RpcClient, method: DescMethodUnary, id: string): Promise<string> {
  if (!(await knowsOurMetadata(client, ctx.signal))) return '';
  let goes = '';
  await client.unary(method, requestById(method, id), { headers: { [CallMetadata.DRY_RUN]: 'true' }, signal: ctx.signal, onHeaders: (headers) => (goes = cascade(headers)) });
  return goes;
}

/** `1 agent instance, 2 sessions`, from `agent_instance=1,session=2`. */
function cascade(headers: ReadonlyMap<string, string>): string {
  const text = headers.get(CallMetadata.CASCADE);
  if (text === undefined || text === '') return '';
  return text
    .split(',')
    .map((entry) => {
      const [name = '', count = '0'] = entry.split('=');
      const kind = kindByEnumName(name);
      return kind === undefined ? entry : formatCount(Number(count), kind.displayName.toLowerCase(), kind.plural.replaceAll('-', ' '));
    })
    .join(', ');
}
