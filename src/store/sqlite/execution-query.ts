import type { ExecutionFilter } from '../ports.js';
import { type ListQuery, QueryBuilder } from './list-query.js';

/**
 * The queries whose rows, merged, are the list: one, or one for each phase when phases drive. What drives: session, else instance,
 * else owner, else a tag, else the phases, else the organisation, else the kind, else the order of insertion.
 */
export function executionQueries(filter: ExecutionFilter): readonly ListQuery[] {
  const { sessionId, instanceId, ownerId, org, kind, phases = [], tags = [] } = filter;
  const [tag, ...otherTags] = tags;
  const rest = (query: QueryBuilder, driver: 'tag' | 'phase' | 'other'): ListQuery => {
    if (sessionId !== undefined) query.where('e.session_id = ?', sessionId);
    if (instanceId !== undefined) query.where('e.instance_id = ?', instanceId);
    if (ownerId !== undefined) query.where('e.owner_id = ?', ownerId);
    if (org !== undefined) query.where('e.org = ?', org);
    if (kind !== undefined) query.where('e.kind = ?', kind);
    for (const other of driver === 'tag' ? otherTags : tags) {
      query.where('EXISTS (SELECT 1 FROM execution_tags WHERE tag = ? AND execution = e.key)', other);
    }
    if (phases.length > 0 && driver !== 'phase') query.where(`e.phase IN (${phases.map(() => '?').join(', ')})`, ...phases);
    return query.build();
  };
  const byIndex = (name: string): QueryBuilder => new QueryBuilder().from(`executions e INDEXED BY executions_by_${name}`, 'e.key');

  if (sessionId !== undefined) return [rest(byIndex('session'), 'other')];
  if (instanceId !== undefined) return [rest(byIndex('instance'), 'other')];
  if (ownerId !== undefined) return [rest(byIndex('owner'), 'other')];
  if (tag !== undefined) {
    const tagged = new QueryBuilder().from('execution_tags d CROSS JOIN executions e ON e.key = d.execution', 'd.execution');
    return [rest(tagged.where('d.tag = ?', tag), 'tag')];
  }
  if (phases.length > 0) return [...new Set(phases)].map((phase) => rest(byIndex('phase').where('e.phase = ?', phase), 'phase'));
  if (org !== undefined) return [rest(byIndex('org'), 'other')];
  if (kind !== undefined) return [rest(byIndex('kind'), 'other')];
  return [rest(new QueryBuilder().from('executions e', 'e.key'), 'other')];
}
