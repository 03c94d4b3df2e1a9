import { diskAnalysis } from './disk-analysis.ts'

// Analyses a disk in a process of its own, and prints what that took and where the report is:
// node measure-analysis.js FOLDER IMAGE CHECKPOINT CONFIGURATION

const [folder = '', image = '', checkpoint = '', configuration = '{}'] = process.argv.slice(2)
const settings: object = JSON.parse(configuration)
await using run = await diskAnalysis(folder, { image, checkpoint }, settings)
const { context, identifier } = run
const startedMs = performance.now()
await context.trigger('start_analysis')
await context.trigger('wait_analysis')
await context.settled()
const ms = Math.round(performance.now() - startedMs)
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024)
const failures = context.failures.map(({ error }) => String(error))
console.log(JSON.stringify({ ms, peakMiB, identifier, failures }))
