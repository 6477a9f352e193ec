import { anything, type Check, condition, duration, listOf, mapOf, shape, template, text } from './check.js';
import { address, authentication, errorDefinition, inputFlow, outputFlow, retryPolicy, timeout } from './common.js';
import { strategy } from './events.js';
import { oneTask, taskList } from './tasks.js';

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const SEMVER = /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[\w.-]+)?(?:\+[\w.-]+)?$/;

function matching(pattern: RegExp, rule: string): Check {
  return (value, path, scope) => {
    if (typeof value !== 'string') return text(value, path, scope);
    if (!pattern.test(value)) scope.findings.error(path, rule);
  };
}

const name = matching(DNS_LABEL, 'must be lower-case letters, digits and -, at most 63 characters');

const head = shape({
  'dsl!': matching(/^1\.0\.\d+(?:-[\w.]+)?$/, "must be a version 1.0 of the DSL: '1.0.0'"),
  'namespace!': name,
  'name!': name,
  'version!': matching(SEMVER, 'must be a semantic version: 1.2.3'),
  title: text,
  summary: text,
  description: text,
  tags: mapOf(anything),
  metadata: mapOf(anything),
});

const use = shape({
  authentications: mapOf(authentication),
  catalogs: mapOf(shape({ 'endpoint!': address })),
  errors: mapOf(errorDefinition),
  extensions: listOf(mapOf(anything)),
  functions: mapOf(oneTask),
  retries: mapOf(retryPolicy),
  secrets: listOf(text, 0),
  timeouts: mapOf(timeout),
});

const schedule = shape({ every: duration, cron: text, after: duration, on: strategy });

/** A whole document. */
export const documentShape: Check = shape({
  'document!': head,
  input: inputFlow,
  use,
  'do!': taskList,
  timeout,
  output: outputFlow,
  schedule,
  evaluate: shape({ language: text, mode: text }),
  metadata: template,
  if: condition,
});
