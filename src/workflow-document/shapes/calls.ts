import { boolean, type Check, integer, listOf, mapOf, oneOf, orExpression, shape, template, templateObject, templateText, text, textOr } from './check.js';
import { address, authentication, resource } from './common.js';

const number: Check = (value, path, { findings }) => {
  if (typeof value !== 'number') findings.error(path, 'must be a number');
};

const temperature: Check = (value, path, scope) => {
  number(value, path, scope);
  if (typeof value === 'number' && (value < 0 || value > 1)) scope.findings.error(path, 'must be from 0 to 1');
};

/** What `with` of each call holds. */
export const callArguments: Readonly<Record<string, Check>> = {
  http: shape({
    'method!': templateText,
    'endpoint!': address,
    headers: orExpression(mapOf(template)),
    query: orExpression(mapOf(template)),
    body: template,
    output: oneOf('raw', 'content', 'response'),
    redirect: boolean,
    timeout_seconds: integer(0, 300),
  }),
  grpc: shape({
    'proto!': resource,
    'service!': shape({ 'name!': text, 'host!': templateText, port: orExpression(integer(1, 65_535)), authentication }),
    'method!': text,
    arguments: orExpression(templateObject),
    authentication,
  }),
  openapi: shape({
    'document!': resource,
    'operationId!': text,
    parameters: orExpression(templateObject),
    authentication,
    output: oneOf('raw', 'content', 'response'),
    redirect: boolean,
  }),
  asyncapi: shape({
    'document!': resource,
    channel: text,
    operation: text,
    server: shape({ 'name!': text, variables: templateObject }),
    protocol: text,
    message: shape({ payload: template, headers: templateObject }),
    subscription: shape({ filter: template, consume: template, foreach: template }),
    authentication,
  }),
  agent: shape({
    'agent!': templateText,
    scope: oneOf('platform', 'organization', 'identity_account'),
    version: templateText,
    'message!': template,
    env: mapOf(templateText),
    session: templateText,
    config: shape({ model: templateText, timeout: integer(0, 86_400), temperature }),
  }),
  activity: shape({ 'name!': text, taskQueue: text, arguments: orExpression(listOf(template, 0)), input: template }),
};

/** Arguments of a function of `use.functions` or of a catalog. */
export const functionArguments: Check = textOr(templateText, mapOf(template));
