/* The npm package `openai`, with its stream and parse helpers. */
import { ARGS, BASE, BOTH, CLAUDE, ECHO, FAKE, KEY, PARAMS, PICTURES, PNG, RESULTS, SCHEMA, STREAM, SYSTEM, TEXT, URL_,
	WHOLE, holds, isEcho, like, load, main, raises, repeat, same, scripted, statusOf } from './kit.mjs';

const OpenAI = load('openai');
const { zodResponseFormat } = load('openai/helpers/zod');
const { z } = load('zod');
const Person = z.object({ name: z.string(), age: z.number().int(), tags: z.array(z.string()) });
const TOOLS = [{ type: 'function', function: { name: 'weather', description: 'the weather', parameters: PARAMS } }];
const ERRORS = { 400: OpenAI.BadRequestError, 429: OpenAI.RateLimitError, 500: OpenAI.InternalServerError };
const make = (more) => new OpenAI({ baseURL: BASE + '/v1', apiKey: KEY, maxRetries: 0, timeout: 20000, ...more });
const user = (content) => ({ role: 'user', content });

class Client {
	c = make();

	/* ask takes one turn, as a ChatCompletion, which the SDK's helper builds from a stream. */
	async ask(up, stream, messages, more = {}, c = this.c) {
		const args = { model: up, messages, ...more };
		if (!stream)
			return c.chat.completions.create(args);
		return c.chat.completions.stream({ ...args, stream_options: { include_usage: true } }).finalChatCompletion();
	}

	async text(up, stream, nonce) {
		const r = await this.ask(up, stream, [{ role: 'system', content: SYSTEM }, user(nonce)],
			{ temperature: 0.25, max_tokens: 99, stop: ['END', '###'] });
		same(r.choices[0].finish_reason, 'stop');
		if (isEcho(up))
			return holds(r.choices[0].message.content.includes(nonce) && r.usage.total_tokens > 0, r);
		same(r.choices[0].message.content, TEXT);
		same([r.usage.prompt_tokens, r.usage.completion_tokens, r.usage.total_tokens], [11, 7, 18]);
		same(r.usage.prompt_tokens_details.cached_tokens, 3);
		return { system: SYSTEM, temperature: 0.25, max_tokens: 99, stop: ['END', '###'] };
	}

	async tools(up, stream, nonce) {
		const echo = isEcho(up), with_tools = { tools: TOOLS };
		const messages = [user(`${nonce} ${echo ? 'call weather ' + JSON.stringify(ARGS) : 'Two towns, please'}`)];
		let r = await this.ask(up, stream, messages, with_tools);
		same(r.choices[0].finish_reason, 'tool_calls');
		const calls = r.choices[0].message.tool_calls;
		same(calls.map((c) => [c.function.name, JSON.parse(c.function.arguments)]),
			repeat(echo ? 1 : 2, ['weather', ARGS]));
		same(new Set(calls.map((c) => c.id)).size, calls.length);
		messages.push(r.choices[0].message,
			...calls.map((c, i) => ({ role: 'tool', tool_call_id: c.id, content: RESULTS[i] })));
		r = await this.ask(up, stream, messages, with_tools);
		if (echo)
			return holds(r.choices[0].message.content.includes(RESULTS[0]), r);
		same(r.choices[0].message.content, TEXT);
		messages.push(r.choices[0].message, user('and now?'));
		same((await this.ask(up, stream, messages, with_tools)).choices[0].message.content, TEXT);
		return { calls: [ARGS, ARGS], results: RESULTS, tools: { weather: PARAMS }, last: 'and now?' };
	}

	/* runTools is the SDK's own loop. */
	async runTools(up, stream, nonce) {
		const seen = [];
		const weather = { type: 'function', function: { name: 'weather', parameters: PARAMS, parse: JSON.parse,
			function: (args) => { seen.push(args); return 'warm'; } } };
		const runner = this.c.chat.completions.runTools({ model: up, messages: [user(nonce)], tools: [weather], stream });
		same(await runner.finalContent(), TEXT);
		same(seen, [ARGS, ARGS]);
		return { results: ['warm', 'warm'] };
	}

	async schema(up, stream, nonce) {
		if (isEcho(up)) {
			const args = { model: up, messages: [user(nonce)], response_format: zodResponseFormat(Person, 'person') };
			const r = stream ? await this.c.chat.completions.stream(args).finalChatCompletion()
				: await this.c.chat.completions.parse(args);
			return void Person.parse(r.choices[0].message.parsed);
		}
		const response_format = { type: 'json_schema', json_schema: { name: 'person', schema: SCHEMA, strict: true } };
		const r = await this.c.chat.completions.create({ model: up, messages: [user(nonce)], response_format });
		same(r.choices[0].message.content, TEXT);
		return { schema: SCHEMA };
	}

	async images(up, stream, nonce) {
		const r = await this.ask(up, stream, [user([{ type: 'text', text: nonce },
			{ type: 'image_url', image_url: { url: 'data:image/png;base64,' + PNG } },
			{ type: 'image_url', image_url: { url: URL_ } }])]);
		same(r.choices[0].message.content, TEXT);
		return { images: PICTURES };
	}

	async failure(up, stream, nonce) {
		const status = statusOf(up);
		const e = await raises(ERRORS[status], () => this.ask(up, stream, [user(nonce)]), { status: like(status) });
		holds(e.message.includes('scripted failure'), e.message);
	}

	async refusals(up, stream, nonce) {
		const ask = (c, model) => () => this.ask(model, stream, [user(nonce)], {}, c);
		await raises(OpenAI.AuthenticationError, ask(make({ apiKey: 'sk-of-nobody' }), up), { status: 401 });
		await raises(OpenAI.NotFoundError, ask(this.c, 'no-such-model'), { status: 404, code: 'model_not_found' });
	}

	async mid_error(up, stream, nonce) {
		let text = '';
		await raises(OpenAI.APIError, async () => {
			const s = await this.c.chat.completions.create({ model: up, messages: [user(nonce)], stream: true });
			for await (const chunk of s)
				text += chunk.choices[0]?.delta.content ?? '';
		});
		holds(text && TEXT.startsWith(text), text);
	}

	async timeout(up, stream, nonce) {
		await raises(OpenAI.APIConnectionTimeoutError, () => make({ timeout: 400 }).chat.completions.create(
			{ model: up, messages: [user(nonce)], stream }));
		return { gone: true };
	}

	async leave(up, stream, nonce) {
		const s = await this.c.chat.completions.create({ model: up, messages: [user(nonce)], stream: true });
		for await (const chunk of s)
			if (chunk.choices[0]?.delta.content)
				break;
		return { gone: true };
	}

	async models(up) {
		const ids = [];
		for await (const m of this.c.models.list())
			ids.push(m.id);
		holds(ids.includes(up), ids);
		same((await this.c.models.retrieve(up)).id, up);
	}
}

await main('npm-openai', new Client(), [
	['text', [...FAKE, ...ECHO], BOTH], ['tools', [...FAKE, ...ECHO], BOTH], ['runTools', FAKE, BOTH],
	['schema', CLAUDE, WHOLE], ['schema', ECHO, BOTH], ['images', FAKE, BOTH],
	...Object.keys(ERRORS).map((s) => ['failure', scripted('status-' + s), BOTH]), ['refusals', FAKE, BOTH],
	['mid_error', scripted('mid-error'), STREAM], ['timeout', scripted('never'), BOTH],
	['leave', scripted('trickle'), STREAM], ['models', [...FAKE, ...ECHO], WHOLE]]);
