import type { ScriptInput } from '../script.js';
import { remarks } from './remarks.js';

/**
 * What a person sees who has no model yet: a code reviewer that writes its review into a file and answers with it, and a plain
 * chat for agents without tools. Every turn says first that it is a script; every answer says last how to use a model.
 */
const notice = 'This is a scripted stand-in, not a model.\n\n';

const howToUseAModel = `

To ask a real model: set STIGMER_LLM_PROVIDER to ollama, openai or anthropic, STIGMER_LLM_MODEL to a model's name, \
and for ollama OLLAMA_BASE_URL (http://localhost:11434 by default), for openai OPENAI_API_KEY, for anthropic ANTHROPIC_API_KEY \
(STIGMER_LLM_API_KEY serves either); then restart the server.`;

const answer = (...parts: string[]): string => `${notice}${parts.join('')}${howToUseAModel}`;

/** That the user wants code looked at, or simply sent some. */
const aboutCode = /\breview|\bcheck\b|look (?:at|over)|\bdiff\b|\bpull request\b|\bPR\b|\bcode\b|[;{}]\s*$|=>|[!=]==?|\w\(.*\)/im;

export const demoScript: ScriptInput = {
  models: ['demo-script'],
  token_ms: 25,
  texts: {
    review: [
      'What the script noticed:\n',
      ...remarks,
      {
        otherwise:
          '- Nothing. It looks for fourteen patterns, such as an assignment in a condition or an empty catch block, and none is ' +
          'in the text. Whether the code is right it cannot tell: it does not read, it searches.\n',
      },
      '\nYour text began with: "{{message.line}}"',
    ],
  },
  rules: [
    {
      name: 'a review is written down first',
      when: { after_tool: false, offers: 'write_file', message: aboutCode },
      say: `${notice}I write the review to /review.md first.`,
      call: { tool: 'write_file', args: { file_path: '/review.md', content: '# Review\n\n{{text.review}}\n' } },
    },
    {
      name: 'then it is said',
      when: { after_tool: 'write_file' },
      say: answer('{{text.review}}\n\nThe tool answered: {{tool_result.line}}'),
    },
    {
      name: 'without write_file, a look around',
      when: { after_tool: false, offers: 'ls', message: aboutCode },
      say: `${notice}I look at the workspace first.`,
      call: { tool: 'ls', args: { path: '/' } },
    },
    {
      name: 'after the look around',
      when: { after_tool: 'ls' },
      say: answer('{{text.review}}\n\nThe workspace: {{tool_result.line}}'),
    },
    {
      name: 'after any other tool',
      when: { after_tool: true },
      say: answer('{{tool}} answered: {{tool_result.line}}'),
    },
    {
      name: 'a review without tools',
      when: { message: aboutCode },
      say: answer('{{text.review}}'),
    },
    {
      name: 'a greeting',
      when: { message: /^\s*(?:hello|hi|hey|good (?:morning|evening|day))\b/i },
      say: answer('Hello! Send me a few lines of code, and I search them for patterns that often are mistakes.'),
    },
    {
      name: 'a question about itself',
      when: { message: /\bwho are you\b|\bwhat (?:are you|can you do)\b|\bhelp\b/i },
      say: answer(
        'I play an agent, so that you can watch an answer stream in before any model is set up. I can search code for a few ',
        'patterns that often are mistakes, call a tool where one is offered, and repeat what you wrote. Nothing more.',
      ),
    },
    {
      name: 'anything else',
      say: answer(
        'You wrote: "{{message.line}}". A model would answer that now. I can only say that it arrived, word for word, and that ',
        'this reply comes back to you piece by piece the way a model\'s would. Send me some code for more.',
      ),
    },
  ],
};
