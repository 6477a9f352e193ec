import { anything, boolean, type Check, condition, duration, endpoint, integer, listOf, mapOf, oneOf, orExpression, shape, template, templateObject, templateText, text, textOr } from './check.js';

const basic = textOr(templateText, shape({ 'username!': templateText, 'password!': templateText, use: text }));
const credentials = shape({ username: templateText, password: templateText, use: text });
const oauth2 = shape({
  use: text,
  authority: templateText,
  grant: oneOf('client_credentials', 'password', 'refresh_token', 'authorization_code', 'urn:ietf:params:oauth:grant-type:token-exchange'),
  client: shape({
    id: templateText,
    secret: templateText,
    assertion: templateText,
    authentication: oneOf('client_secret_post', 'client_secret_basic', 'client_secret_jwt', 'private_key_jwt', 'none'),
  }),
  request: shape({ encoding: oneOf('application/x-www-form-urlencoded', 'application/json') }),
  endpoints: shape({ token: text, revocation: text, introspection: text }),
  issuers: listOf(text),
  scopes: listOf(templateText),
  audiences: listOf(templateText),
  username: templateText,
  password: templateText,
  subject: shape({ 'token!': templateText, 'type!': text }),
  actor: shape({ 'token!': templateText, 'type!': text }),
});

/** How a call proves who it is: by name from `use.authentications`, or here. */
export const authentication: Check = textOr(
  text,
  shape({
    use: text,
    basic: textOr(basic, credentials),
    bearer: shape({ token: templateText, use: text }),
    digest: credentials,
    oauth2,
    oidc: oauth2,
    certificate: shape({ use: text }),
  }),
);

export const address: Check = endpoint(authentication);

/** A document elsewhere. */
export const resource: Check = textOr(templateText, shape({ name: text, 'endpoint!': address }));

/** A schema of JSON: inline, or at an address. */
export const schema: Check = shape({ format: text, document: anything, resource });

/** What becomes of a value on its way: an expression, whose `${ }` may be left out, or an object with expressions in it. */
export const transformation: Check = textOr(condition, template);

export const inputFlow: Check = shape({ schema, from: transformation });
export const outputFlow: Check = shape({ schema, as: transformation });

/** By name from `use.timeouts`, or here. */
export const timeout: Check = textOr(text, shape({ 'after!': duration }));

/** An error that is raised: by name from `use.errors`, or here. */
export const errorDefinition: Check = textOr(
  text,
  shape({ 'type!': templateText, 'status!': orExpression(integer(100, 599)), title: templateText, detail: templateText, instance: templateText }),
);

export const retryPolicy: Check = textOr(
  text,
  shape({
    when: condition,
    exceptWhen: condition,
    delay: duration,
    backoff: shape({ constant: template, exponential: template, linear: template }),
    limit: shape({ attempt: shape({ count: integer(0, 10_000), duration }), duration }),
    jitter: shape({ 'from!': duration, 'to!': duration }),
  }),
);

/** Which events are meant: by attributes of CloudEvents, each a text or an expression. `acceptIf` is the original's. */
export const eventFilter: Check = shape({
  'with!': mapOf(template),
  correlate: mapOf(shape({ 'from!': condition, expect: template })),
});

/** The common keys of tasks. `then` is checked where the names are known. */
export const commonKeys: Readonly<Record<string, Check>> = {
  if: condition,
  input: inputFlow,
  output: outputFlow,
  export: outputFlow,
  timeout,
  then: text,
  metadata: templateObject,
};

export const asynchronous: Check = boolean;
