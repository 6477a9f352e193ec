export { isObject } from '../expressions/jq/json.js';
export type { Json, JsonObject } from '../expressions/expression.js';
