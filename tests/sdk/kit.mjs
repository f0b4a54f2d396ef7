/*
 * What the JavaScript clients of tests/sdk share; kit.py says how it works. Packages come from build/sdk/node.
 */
import assert from 'node:assert';
import { createRequire } from 'node:module';

const env = process.env;
export const BASE = env.YETT_SDK_BASE, KEY = env.YETT_SDK_KEY;
export const load = createRequire(env.YETT_SDK_MODULES + '/node_modules/');

export const TEXT = 'Hello from the fake provider. \u00e9\u{1f600}';
export const ARGS = { city: 'Paris', note: 'a "quoted" \\ line\n' };
export const SYSTEM = 'You answer in one word \u2014 always.';
export const PNG =
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const URL_ = 'https://images.example.com/a%20cat.png?x=1&y=2';
export const PARAMS = { type: 'object', properties: { city: { type: 'string', description: 'a town' },
	note: { type: 'string' } }, required: ['city'] };
export const SCHEMA = { type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer' },
	tags: { type: 'array', items: { type: 'string' } } }, required: ['name', 'age', 'tags'],
additionalProperties: false };
export const RESULTS = ['18 degrees \u2600', '19 degrees'];
export const PICTURES = [['image/png', PNG], ['url', URL_]];

export const FAKE = ['openai-good', 'anthropic-good', 'gemini-good'];
export const CLAUDE = ['openai-good', 'anthropic-claude-sonnet-4-5', 'gemini-good']; // that Claude takes a schema
export const ECHO = ['echo-openai', 'echo-anthropic', 'echo-gemini'];
export const BOTH = [false, true], WHOLE = [false], STREAM = [true];
export const scripted = (what) => ['openai', 'anthropic', 'gemini'].map((d) => `${d}-${what}`);
export const isEcho = (up) => ECHO.includes(up);
export const statusOf = (up) => Number(up.split('-').pop());
export const repeat = (n, x) => Array.from({ length: n }, () => x);

export const same = assert.deepStrictEqual;
export const holds = (cond, what) => assert.ok(cond, typeof what === 'string' ? what : JSON.stringify(what));

/* raises awaits call and gives the error, which must be of this very class and have the attributes. */
export async function raises(cls, call, want = {}) {
	let got;
	try {
		got = await call();
	} catch (e) {
		holds(e instanceof cls, `raised ${e?.constructor?.name}, want ${cls.name}: ${e?.message}`);
		for (const [k, v] of Object.entries(want))
			holds(typeof v === 'function' ? v(e[k]) : e[k] === v, `${k} of ${cls.name} is ${e[k]}: ${e.message}`);
		return e;
	}
	throw new assert.AssertionError({ message: `${cls.name} was not raised: ${JSON.stringify(got)}` });
}

/* Is a status what the SDK should see of a provider's? Of 5xx another one will do. */
export const like = (status) => (s) => (status >= 500 ? s >= 500 && s < 600 : s === status);

/* main: rows of [feature, upstreams, streams]. */
export async function main(name, client, table) {
	let n = 0;
	for (const [feature, ups, streams] of table)
		for (const up of ups)
			for (const stream of streams) {
				const text = `${name} ${feature} ${up} ${stream ? 'stream' : 'whole'}`;
				if (env.YETT_SDK_ONLY && !text.includes(env.YETT_SDK_ONLY))
					continue;
				const nonce = `nonce-${name}-${++n}-`, line = { case: text, ok: true, up, nonce };
				try {
					line.sent = await client[feature](up, stream, nonce) ?? null;
				} catch (e) {
					line.ok = false;
					line.why = e instanceof assert.AssertionError ? e.message : String(e.stack).slice(0, 900);
				}
				console.log(JSON.stringify(line));
			}
}
