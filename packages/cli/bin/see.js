#!/usr/bin/env node
// npm links this at installation, before there is a build.
import '../dist/see.js'
