/*
 * The Vercel AI SDK: `ai` with the providers `@ai-sdk/openai`, `@ai-sdk/anthropic` and `@ai-sdk/google`, each of which
 * speaks its own dialect to the gate.
 */
import { ARGS, BASE, BOTH, ECHO, FAKE, KEY, PNG, STREAM, SYSTEM, TEXT, WHOLE, holds, isEcho, like, load, main, raises,
	same, scripted, statusOf } from './kit.mjs';

globalThis.AI_SDK_LOG_WARNINGS = false;
// A stream that fails leaves promises of the SDK's behind that no case awaits; each case judges its own error.
process.on('unhandledRejection', () => {});
const ai = load('ai');
const { z } = load('zod');
const Person = z.object({ name: z.string(), age: z.number().int(), tags: z.array(z.string()) });

const PROVIDERS = {
	openai: (key) => load('@ai-sdk/openai').createOpenAI({ baseURL: BASE + '/v1', apiKey: key }).chat,
	anthropic: (key) => load('@ai-sdk/anthropic').createAnthropic({ baseURL: BASE + '/v1', apiKey: key }),
	google: (key) => load('@ai-sdk/google').createGoogleGenerativeAI({ baseURL: BASE + '/v1beta', apiKey: key }),
};

class Client {
	constructor(dialect) {
		this.model = (up, key = KEY) => PROVIDERS[dialect](key)(up);
	}

	/* ask takes as many turns as the SDK's own loop wants, and gives what it settled. */
	async ask(up, stream, more, key) {
		const args = { model: this.model(up, key), maxRetries: 0, ...more };
		if (!stream)
			return ai.generateText(args);
		let error;
		const s = ai.streamText({ ...args, onError: (e) => { error = e.error; } });
		for await (const part of s.fullStream)
			if (part.type === 'error')
				error = part.error;
		if (error)
			throw error;
		return { text: await s.text, usage: await s.totalUsage, finishReason: await s.finishReason,
			steps: await s.steps };
	}

	async text(up, stream, nonce) {
		const r = await this.ask(up, stream, { system: SYSTEM, prompt: nonce, temperature: 0.25, maxOutputTokens: 99,
			stopSequences: ['END', '###'] });
		same(r.finishReason, 'stop');
		if (isEcho(up))
			return holds(r.text.includes(nonce) && r.usage.outputTokens > 0, r);
		same(r.text, TEXT);
		same([r.usage.inputTokens, r.usage.outputTokens], [11, 7]);
		return { system: SYSTEM, temperature: 0.25, max_tokens: 99, stop: ['END', '###'] };
	}

	async tools(up, stream, nonce) {
		const seen = [];
		const weather = ai.tool({ description: 'the weather',
			inputSchema: z.object({ city: z.string(), note: z.string().optional() }),
			execute: (args) => { seen.push(args); return 'warm'; } });
		const echo = isEcho(up);
		const r = await this.ask(up, stream, { tools: { weather }, stopWhen: ai.stepCountIs(3),
			prompt: `${nonce} ${echo ? 'call weather ' + JSON.stringify(ARGS) : 'Two towns, please'}` });
		same(seen, echo ? [ARGS] : [ARGS, ARGS]);
		same([r.steps.length, r.steps[0].finishReason, r.finishReason], [2, 'tool-calls', 'stop']);
		if (echo)
			return holds(r.text.includes('warm'), r.text);
		same(r.text, TEXT);
		return { calls: [ARGS, ARGS] };
	}

	async schema(up, stream, nonce) {
		const args = { model: this.model(up), schema: Person, prompt: nonce, maxRetries: 0 };
		if (!stream)
			return void Person.parse((await ai.generateObject(args)).object);
		const s = ai.streamObject(args);
		let last;
		for await (last of s.partialObjectStream); // the stream moves only when it is read
		same(last, await s.object);
		Person.parse(last);
	}

	async images(up, stream, nonce) {
		const r = await this.ask(up, stream, { messages: [{ role: 'user', content: [{ type: 'text', text: nonce },
			{ type: 'image', image: PNG, mediaType: 'image/png' }] }] });
		same(r.text, TEXT);
		return { images: [['image/png', PNG]] };
	}

	async failure(up, stream, nonce) {
		const status = statusOf(up);
		const e = await raises(ai.APICallError, () => this.ask(up, stream, { prompt: nonce }),
			{ statusCode: like(status) });
		holds(e.message.includes('scripted failure'), e.message);
	}

	async refusals(up, stream, nonce) {
		await raises(ai.APICallError, () => this.ask(up, stream, { prompt: nonce }, 'sk-of-nobody'), { statusCode: 401 });
		await raises(ai.APICallError, () => this.ask('no-such-model', stream, { prompt: nonce }), { statusCode: 404 });
	}

	async abort(up, stream, nonce) {
		await this.ask(up, stream, { prompt: nonce, abortSignal: AbortSignal.timeout(400) }).then(
			(r) => holds(stream, r), (e) => holds(/abort|timeout/i.test(e.name + e.message), `${e.name}: ${e.message}`));
		return { gone: true };
	}

	async leave(up, stream, nonce) {
		const stop = new AbortController();
		const s = ai.streamText({ model: this.model(up), prompt: nonce, abortSignal: stop.signal, onError: () => {} });
		for await (const part of s.textStream)
			if (part)
				stop.abort();
		return { gone: true };
	}
}

for (const dialect of Object.keys(PROVIDERS))
	await main('npm-ai-' + dialect, new Client(dialect), [
		['text', [...FAKE, ...ECHO], BOTH], ['tools', [...FAKE, ...ECHO], BOTH], ['schema', ECHO, BOTH],
		['images', FAKE, WHOLE], ...[400, 429, 500].map((s) => ['failure', scripted('status-' + s), WHOLE]),
		['failure', scripted('status-429'), STREAM], ['refusals', FAKE, WHOLE], ['abort', scripted('never'), WHOLE],
		['leave', scripted('trickle'), STREAM]]);
