// Runs an npm package in the box, one phase at a time, and says what it could reach. See probe.py.
'use strict';
const fs = require('fs');
const path = require('path');
const { spawnSync } = require('child_process');

const dir = '/home/dev/app/node_modules/target';
const SECONDS = 10;

function say(...words) {
	try {
		fs.writeSync(3, words.join(' ').replace(/\n/g, ' ').slice(0, 500) + '\n');
	} catch (e) { /* closed by the package */ }
}

function manifest() {
	try {
		return JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8'));
	} catch (e) {
		say('note', 'package.json', e.message);
		return {};
	}
}

// The clock of the box skips waits, those for a process, too: only a timer of the kernel's is of use here.
function run(argv, env) {
	const done = spawnSync('/usr/bin/timeout', ['-s', 'KILL', String(SECONDS), ...argv], {
		cwd: dir, stdio: ['ignore', 1, 2, 3], env: { ...process.env, ...env },
	});
	return done.error ? `failed ${done.error.code}` : done.status === 0 ? 'ok' : `failed ${done.status ?? done.signal}`;
}

// What npm runs of a package that it has from a registry: "prepare" ran before it was packed, if ever.
function install(p) {
	for (const name of ['preinstall', 'install', 'postinstall']) {
		const script = p.scripts && p.scripts[name];
		if (typeof script !== 'string')
			continue;
		say('script', name, run(['/bin/sh', '-c', script], {
			npm_lifecycle_event: name, npm_package_name: String(p.name), npm_package_version: String(p.version),
			npm_config_user_agent: 'npm/10.8.2 node/v20 linux x64', INIT_CWD: '/home/dev/app',
			PATH: `${dir}/node_modules/.bin:/home/dev/app/node_modules/.bin:${process.env.PATH}`,
		}));
	}
	if (!(p.scripts && p.scripts.install) && fs.existsSync(path.join(dir, 'binding.gyp')))
		say('note', 'binding.gyp', 'is not built');
}

// What node would load for an import of the package, and every file that lies beside it.
function files() {
	const found = [];
	const queue = [dir];
	while (queue.length && found.length < 2000) {
		const where = queue.shift();
		for (const entry of fs.readdirSync(where, { withFileTypes: true })) {
			const at = path.join(where, entry.name);
			if (entry.isDirectory() && entry.name !== 'node_modules')
				queue.push(at);
			else if (entry.isFile() && /\.(js|cjs|mjs)$/.test(entry.name))
				found.push(at);
		}
	}
	return found;
}

// Runs beside the loader of modules that say import: what is missing becomes a module that asks require for it, which
// has something for every name, and hands on what the importer asks of it.
const HOOKS = `import fs from 'node:fs';
export async function resolve(name, context, next) {
	try {
		return await next(name, context);
	} catch (e) {
		if (e.code !== 'ERR_MODULE_NOT_FOUND' || /^[./#]|^[a-z]+:/.test(name) || !context.parentURL?.startsWith('file:'))
			throw e;
		return { url: 'stub:' + encodeURIComponent(JSON.stringify([name, context.parentURL])), format: 'module', shortCircuit: true };
	}
}
export async function load(url, context, next) {
	if (!url.startsWith('stub:'))
		return next(url, context);
	const [name, parent] = JSON.parse(decodeURIComponent(url.slice(5)));
	const wanted = new Set();
	for (const [, list, from] of fs.readFileSync(new URL(parent), 'utf8').matchAll(
		/(?:import|export)\\s*(?:[\\w$]+\\s*,\\s*)?\\{([^{}]*)\\}\\s*from\\s*['"]([^'"]+)['"]/g))
		for (const word of from === name ? list.split(',') : [])
			wanted.add(word.trim().split(/\\s+/)[0]);
	wanted.delete('default');
	const names = [...wanted].filter((w) => /^[A-Za-z_$][\\w$]*$/.test(w));
	return { format: 'module', shortCircuit: true, source: 'import { createRequire } from "node:module";' +
		'const it = createRequire(' + JSON.stringify(parent) + ')(' + JSON.stringify(name) + '); export default it;' +
		names.map((w, i) => 'const n' + i + ' = it.' + w + '; export { n' + i + ' as ' + w + ' };').join('') };
}`;

// Missing modules become something of which everything can be asked.
function stub() {
	const Module = require('module');
	const load = Module._load;
	function anything() {
		const f = function () { return it; };
		const it = new Proxy(f, {
			get: (t, k) => k === Symbol.toPrimitive ? () => '' : k === 'then' ? undefined : k === 'prototype' ? t.prototype :
				k === Symbol.iterator ? function* () {} : it,
			construct: () => ({}),
		});
		return it;
	}
	const clients = ['axios', 'node-fetch', 'got', 'undici', 'cross-fetch', 'superagent', 'request', 'needle'];
	// Who lacks an HTTP client still gets through to the network.
	function client() {
		const send = (method, url, data, more) => {
			if (url && typeof url === 'object' && !(url instanceof URL))
				({ url = '', method = method, data = url.data ?? url.body ?? url.json } = url);
			more = { ...(data && typeof data === 'object' && !Buffer.isBuffer(data) ? data : {}), ...more };
			const body = method === 'GET' ? undefined : typeof data === 'string' || Buffer.isBuffer(data) ? data :
				more.body ?? JSON.stringify(more.data ?? more.json ?? data ?? '');
			return fetch(String(url), { method: more.method || method, headers: more.headers, body: body })
				.then(async (got) => Object.assign(got, { data: await got.clone().text(), statusCode: got.status }));
		};
		const it = (url, more) => send((more && more.method) || 'GET', url, undefined, more);
		for (const method of ['get', 'post', 'put', 'patch', 'delete', 'head'])
			it[method] = (url, data, more) => send(method.toUpperCase(), url, data, more);
		return Object.assign(it, { default: it, fetch: it, request: it, create: () => it, Headers, Request, Response });
	}
	const lacks = (e, name) => e.code === 'MODULE_NOT_FOUND' && !/^[./]/.test(name) && e.message.includes(name);
	const pretended = new Map();
	Module._load = function (name, parent, main) {
		try {
			return load.call(this, name, parent, main);
		} catch (e) {
			const top = pretended.get(name) ?? name;
			if (top === name && !lacks(e, name))
				throw e;
			say('stub', top);
			return clients.includes(top) ? client() : anything();
		}
	};
	// require.resolve gives options, the loader does not: that one has to hear that nothing is there.
	const resolve = Module._resolveFilename;
	Module._resolveFilename = function (name, ...more) {
		try {
			return resolve.call(this, name, ...more);
		} catch (e) {
			if (more.length < 3 || !lacks(e, name))
				throw e;
			const path = `/home/dev/app/node_modules/${name}/index.js`;
			pretended.set(path, name);
			return path;
		}
	};
}

async function load(names) {
	stub();
	require('module').register?.('data:text/javascript,' + encodeURIComponent(HOOKS));
	for (const name of names) {
		let status = 'ok';
		try {
			require(name);
		} catch (e) {
			try {
				if (e.code !== 'ERR_REQUIRE_ESM' && e.code !== 'ERR_MODULE_NOT_FOUND')
					throw e;
				await import(require.resolve(name));
			} catch (x) {
				status = 'failed ' + String(x && x.message).split('\n')[0];
			}
		}
		say('module', path.relative(dir, name) || 'main', status);
	}
}

// One process loads many files; where it ends early the rest of its group is left out.
function imports(p) {
	const all = files();
	try {
		require.resolve(dir);
		all.unshift(dir);
	} catch (e) { // declarations of types alone have nothing that could be imported
		if (all.length || p.main)
			all.unshift(dir);
	}
	say('modules', all.length);
	for (let i = 0; i < all.length; i += i ? 16 : 1) {
		const group = all.slice(i, i ? i + 16 : 1);
		const status = run([process.execPath, __filename, 'load', ...group]);
		if (status !== 'ok')
			say('note', path.basename(group[0]), 'and those after it:', status);
	}
}

function entry(p) {
	const bins = typeof p.bin === 'string' ? { [String(p.name)]: p.bin } : p.bin || {};
	for (const [name, file] of Object.entries(bins))
		say('entry', name, run([process.execPath, path.join(dir, String(file)), '--help']));
}

const phase = process.argv[2];
if (phase === 'load') {
	const names = process.argv.splice(2).slice(1);
	load(names);
} else {
	({ install, import: imports, entry })[phase]?.(manifest());
}
