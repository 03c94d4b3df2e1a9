#!/usr/bin/env node
// npm links this at installation, before there is a build.
await import('../dist/see.js')
