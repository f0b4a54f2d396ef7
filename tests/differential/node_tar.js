// What npm's own tar makes of the files named on standard input: {path: [[kind, name, size], ...] or null}.
'use strict'
const tar = require(process.argv[2])
const kinds = { File: 'file', OldFile: 'file', ContiguousFile: 'file', Directory: 'dir', SymbolicLink: 'sym',
  Link: 'hard', CharacterDevice: 'dev', BlockDevice: 'dev', FIFO: 'fifo' }
// Names were written as UTF-8 and are compared byte by byte.
const latin = s => Buffer.from(s, 'utf8').toString('latin1')
const paths = require('fs').readFileSync(0, 'utf8').split('\n')
const out = {}
for (const file of paths) {
  const members = []
  try {
    tar.list({ file, sync: true, onReadEntry: e =>
      members.push([kinds[e.type] || 'other', latin(e.path).replace(/\/+$/, ''), e.size]) })
    out[file] = members
  } catch (e) {
    out[file] = null
  }
}
process.stdout.write(JSON.stringify(out))
