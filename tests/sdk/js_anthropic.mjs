/* The npm package `@anthropic-ai/sdk`, with its stream and parse helpers. */
import { ARGS, BASE, BOTH, CLAUDE, ECHO, FAKE, KEY, PARAMS, PICTURES, PNG, RESULTS, SCHEMA, STREAM, SYSTEM, TEXT, URL_,
	WHOLE, holds, isEcho, like, load, main, raises, repeat, same, scripted, statusOf } from './kit.mjs';

const { Anthropic } = load('@anthropic-ai/sdk');
const { zodOutputFormat } = load('@anthropic-ai/sdk/helpers/zod');
const { z } = load('zod');
const Person = z.object({ name: z.string(), age: z.number().int(), tags: z.array(z.string()) });
const TOOLS = [{ name: 'weather', description: 'the weather', input_schema: PARAMS }];
const ERRORS = { 400: Anthropic.BadRequestError, 429: Anthropic.RateLimitError, 500: Anthropic.InternalServerError };
const make = (more) => new Anthropic({ baseURL: BASE, apiKey: KEY, maxRetries: 0, timeout: 20000, ...more });
const user = (content) => ({ role: 'user', content });

class Client {
	c = make();

	/* ask takes one turn, as a Message, which the SDK's helper builds from a stream. */
	async ask(up, stream, messages, more = {}, c = this.c) {
		const args = { model: up, max_tokens: 99, messages, ...more };
		return stream ? c.messages.stream(args).finalMessage() : c.messages.create(args);
	}

	async text(up, stream, nonce) {
		const r = await this.ask(up, stream, [user(nonce)],
			{ system: SYSTEM, temperature: 0.25, stop_sequences: ['END', '###'] });
		same([r.type, r.role, r.stop_reason], ['message', 'assistant', 'end_turn']);
		if (isEcho(up))
			return holds(r.content[0].text.includes(nonce) && r.usage.output_tokens > 0, r);
		same(r.content.map((b) => b.text), [TEXT]);
		same([r.usage.input_tokens, r.usage.cache_read_input_tokens, r.usage.output_tokens], [8, 3, 7]);
		return { system: SYSTEM, temperature: 0.25, max_tokens: 99, stop: ['END', '###'] };
	}

	async tools(up, stream, nonce) {
		const echo = isEcho(up), with_tools = { tools: TOOLS };
		const messages = [user(`${nonce} ${echo ? 'call weather ' + JSON.stringify(ARGS) : 'Two towns, please'}`)];
		let r = await this.ask(up, stream, messages, with_tools);
		same(r.stop_reason, 'tool_use');
		const calls = r.content.filter((b) => b.type === 'tool_use');
		same(calls.map((c) => [c.name, c.input]), repeat(echo ? 1 : 2, ['weather', ARGS]));
		messages.push({ role: 'assistant', content: r.content },
			user(calls.map((c, i) => ({ type: 'tool_result', tool_use_id: c.id, content: RESULTS[i] }))));
		r = await this.ask(up, stream, messages, with_tools);
		same(r.stop_reason, 'end_turn');
		if (echo)
			return holds(r.content[0].text.includes(RESULTS[0]), r);
		same(r.content[0].text, TEXT);
		messages.push({ role: 'assistant', content: r.content }, user('and now?'));
		same((await this.ask(up, stream, messages, with_tools)).content[0].text, TEXT);
		return { calls: [ARGS, ARGS], results: RESULTS, tools: { weather: PARAMS }, last: 'and now?' };
	}

	async schema(up, stream, nonce) {
		if (isEcho(up)) {
			const r = await this.c.messages.parse({ model: up, max_tokens: 99, messages: [user(nonce)],
				output_config: { format: zodOutputFormat(Person) } });
			return void Person.parse(r.parsed_output);
		}
		const r = await this.ask(up, stream, [user(nonce)],
			{ output_config: { format: { type: 'json_schema', schema: SCHEMA } } });
		same(r.content[0].text, TEXT);
		return { schema: SCHEMA };
	}

	async images(up, stream, nonce) {
		const r = await this.ask(up, stream, [user([{ type: 'text', text: nonce },
			{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
			{ type: 'image', source: { type: 'url', url: URL_ } }])]);
		same(r.content[0].text, TEXT);
		return { images: PICTURES };
	}

	async failure(up, stream, nonce) {
		const status = statusOf(up);
		const e = await raises(ERRORS[status], () => this.ask(up, stream, [user(nonce)]), { status: like(status) });
		holds(e.message.includes('scripted failure'), e.message);
	}

	async refusals(up, stream, nonce) {
		const ask = (c, model) => () => this.ask(model, stream, [user(nonce)], {}, c);
		const e = await raises(Anthropic.AuthenticationError, ask(make({ apiKey: 'sk-of-nobody' }), up), { status: 401 });
		same(e.error.error.type, 'authentication_error');
		await raises(Anthropic.NotFoundError, ask(this.c, 'no-such-model'), { status: 404 });
	}

	async mid_error(up, stream, nonce) {
		let text = '';
		await raises(Anthropic.APIError, async () => {
			const s = this.c.messages.stream({ model: up, max_tokens: 9, messages: [user(nonce)] });
			s.on('text', (t) => { text += t; });
			await s.finalMessage();
		});
		holds(text && TEXT.startsWith(text), text);
	}

	async timeout(up, stream, nonce) {
		await raises(Anthropic.APIConnectionTimeoutError, () => make({ timeout: 400 }).messages.create(
			{ model: up, max_tokens: 9, messages: [user(nonce)], stream }));
		return { gone: true };
	}

	async leave(up, stream, nonce) {
		const s = await this.c.messages.create({ model: up, max_tokens: 9, messages: [user(nonce)], stream: true });
		for await (const event of s)
			if (event.type === 'content_block_delta')
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

	async count(up, stream, nonce) {
		const n = (await this.c.messages.countTokens({ model: up, messages: [user(nonce)], tools: TOOLS })).input_tokens;
		holds(up === 'anthropic-good' ? n === 42 : n > 0, n);
	}

	async headers(up, stream, nonce) {
		const c = make({ apiKey: null, authToken: KEY });
		same((await this.ask(up, stream, [user(nonce)], {}, c)).content[0].text, TEXT);
	}

	async thinking(up, stream, nonce) {
		const more = { max_tokens: 4096, thinking: { type: 'enabled', budget_tokens: 1024 } };
		const r = await this.ask(up, stream, [user(nonce)], more);
		same(r.content.map((b) => b.type), ['thinking', 'text']);
		const again = [user(nonce), { role: 'assistant', content: r.content }, user('again')];
		holds((await this.ask(up, stream, again, more)).content.at(-1).text.includes('again'));
	}
}

await main('npm-anthropic', new Client(), [
	['text', [...FAKE, ...ECHO], BOTH], ['tools', [...FAKE, ...ECHO], BOTH], ['schema', CLAUDE, BOTH],
	['schema', ECHO, WHOLE], ['images', FAKE, BOTH],
	...Object.keys(ERRORS).map((s) => ['failure', scripted('status-' + s), BOTH]), ['refusals', FAKE, BOTH],
	['mid_error', scripted('mid-error'), STREAM], ['timeout', scripted('never'), BOTH],
	['leave', scripted('trickle'), STREAM], ['models', [...FAKE, ...ECHO], WHOLE],
	['count', [...FAKE, ...ECHO], WHOLE], ['headers', FAKE, BOTH], ['thinking', ECHO, BOTH]]);
