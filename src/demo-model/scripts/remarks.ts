const remark = (message: RegExp, say: string) => ({ when: { message }, say: `- ${say}\n` });

/** What the demo script says about code. Each pattern runs in time linear in the text; a quoted match is a few words at most. */
export const remarks = [
  remark(
    /\b(?:if|while)\s*\(\s*[\w.$]{1,40}\s*=(?![=>])[^=()\n]{0,40}\)/,
    '`{{match}}` assigns a value where a comparison was probably meant: write `===`, or assign before the condition.',
  ),
  remark(/[!=]==?\s*NaN\b/, '`{{match}}` is no test: NaN equals nothing, itself included. Use `Number.isNaN`.'),
  remark(
    /[\w$\])'"]\s{0,4}([!=]=)(?!=)\s{0,4}(?!null\b|NaN\b)[\w$(["'-]/,
    '`{{match.1}}` converts types before it compares in JavaScript; `{{match.1}}=` does not.',
  ),
  remark(/\bvar\s+([\w$]{1,40})/, '`{{match}}`: in JavaScript `var` belongs to the whole function. `const {{match.1}}`, or `let` if it changes.'),
  remark(/\b(?:TODO|FIXME|XXX)\b[^\n]{0,50}/, 'Left to do, by its own words: "{{match}}". Do it now, or say who does it and when.'),
  remark(/\bcatch\s*(?:\([^()\n]{0,60}\)\s*)?\{\s*\}/, 'An empty catch block swallows the error. Handle it, or let it go up.'),
  remark(/\bexcept\s*(?:Exception\s*)?:\s*pass\b/, '`except: pass` swallows every error. Name the one you expect, and handle it.'),
  remark(/\bconsole\.(?:log|debug|dir)\b/, '`{{match}}` looks like a trace of debugging. Remove it, or use the logger.'),
  remark(/\beval\s*\(|\bnew Function\s*\(/, '`{{match}}…)` runs text as code. If any of that text comes from outside, so does the code.'),
  remark(/\.(?:innerHTML|outerHTML)\s*\+?=(?!=)/, '`{{match}}` takes markup as it comes: with a user\'s text in it, a user\'s script runs. Use `textContent`.'),
  remark(
    /\b(?:password|passwd|secret|api_?key|token)\b\s{0,4}[:=]\s{0,4}["'`][^"'`\s]/i,
    'Something that looks like a secret stands in the code. Take it from the environment, and change it: it has been seen.',
  ),
  remark(
    /["'`](?:select|insert|update|delete)\s[^"'`\n]{0,200}(?:["']\s{0,4}\+|\$\{)/i,
    'SQL is put together from strings. Pass the values as parameters, or a quote in one of them ends the statement.',
  ),
  remark(/\.forEach\(\s{0,4}async\b/, '`forEach` does not wait for an async function. Use `for … of` with `await`, or `Promise.all`.'),
  remark(/:\s{0,4}any\b|\bas any\b|@ts-(?:ignore|nocheck)\b/, '`{{match}}` turns the type checker off here. `unknown` and a check keep it on.'),
];
