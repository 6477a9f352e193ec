import { isObject } from '../json.js';
import { boolean, type Check, condition, listOf, mapOf, oneOf, shape, template, templateObject, templateText, textOr } from './check.js';
import { eventFilter } from './common.js';

const until: Check = textOr(condition, (value, path, scope) => (value === false ? undefined : strategy(value, path, scope)));

const keys: Readonly<Record<string, Check>> = { one: eventFilter, any: listOf(eventFilter, 0), all: listOf(eventFilter), until };

/** What a listener waits for: one event, any of several, or all. */
export const strategy: Check = (value, path, scope) => {
  shape(keys)(value, path, scope);
  if (!isObject(value)) return;
  const chosen = ['one', 'any', 'all'].filter((key) => Object.hasOwn(value, key));
  if (chosen.length !== 1) scope.findings.error(path, `must have one of one, any, all${chosen.length === 0 ? '' : `, and has ${chosen.join(' and ')}`}`);
  if (Object.hasOwn(value, 'until') && !Object.hasOwn(value, 'any')) scope.findings.error([...path, 'until'], 'goes with any only');
};

export const listen: Check = shape({ 'to!': strategy, read: oneOf('data', 'envelope', 'raw') });

export const emit: Check = shape({ 'event!': shape({ 'with!': mapOf(template) }), cc: templateText, data: templateObject, blocking: boolean });
