import type { ReportIndex } from '../../src/model/report-index.ts'
import type { ShownText } from '../../src/model/rows.ts'
import { bytesText, durationText, shortPath } from '../text/format.ts'
import type { DetailPart, Tab } from './row.ts'

export function commandTab({ commands }: ReportIndex): Tab {
  return {
    id: 'commands',
    name: 'Commands',
    columns: [
      { name: 'is', width: '5.5rem' },
      { name: 'command', width: 'minmax(14rem, 3fr)', mono: true },
      { name: 'ended', width: 'minmax(8rem, 2fr)' },
      { name: 'took', width: '6rem', align: 'right' },
      { name: 'its output begins', width: 'minmax(12rem, 4fr)', mono: true },
    ],
    rows: commands.map((command) => ({
      t: command.t,
      end: command.end,
      tone: command.failed ? 'bad' : undefined,
      cells: [
        command.isSample ? 'sample' : 'command',
        command.what,
        command.outcome,
        command.end === null || command.t === null ? '' : durationText(command.end - command.t),
        beginningOf(command.stdout?.text || command.stderr?.text || ''),
      ],
      file: command.file,
      details: [
        { label: command.isSample ? 'sample' : 'command', text: command.what },
        { label: 'ended', text: command.outcome },
        ...command.notes,
        ...output('standard output', command.stdout),
        ...output('standard error', command.stderr),
      ],
    })),
    empty: 'nothing was run in the guest',
  }
}

/** The first lines of a text, as one. */
function beginningOf(text: string): string {
  return text.slice(0, 200).trimEnd().split(/\r?\n/).join(' ⏎ ')
}

function output(label: string, shown: ShownText | null): DetailPart[] {
  if (shown === null || (shown.text === '' && shown.beyond === 0)) return []
  const more = shown.beyond === 0 ? '' : ` (${bytesText(shown.beyond)} more in its file)`
  return [{ label: `${label}${more}`, text: shown.text, block: true }]
}

export function screenTab({ screens, files, identifier }: ReportIndex): Tab {
  return {
    id: 'screens',
    name: 'Screens',
    columns: [
      { name: 'at event', width: 'minmax(10rem, 1fr)' },
      { name: 'file', width: 'minmax(14rem, 3fr)', mono: true },
      { name: 'size', width: '7rem' },
      { name: 'note', width: 'minmax(10rem, 2fr)' },
    ],
    rows: screens.map((screen) => ({
      t: screen.t,
      end: null,
      cells: [
        screen.event ?? '',
        shortPath(files[screen.file ?? -1]?.path ?? '', identifier),
        screen.width === 0 ? '' : `${screen.width} × ${screen.height}`,
        screen.why === null ? '' : `not in this page: ${screen.why}`,
      ],
      file: screen.file,
      picture: screen.picture,
      details: [
        ...(screen.event === null ? [] : [{ label: 'at event', text: screen.event }]),
        ...(screen.why === null ? [] : [{ label: 'not in this page', text: screen.why }]),
      ],
    })),
    empty: 'no screen was captured',
  }
}

export function consoleTab({ consoles, identifier }: ReportIndex): Tab {
  return {
    id: 'console',
    name: 'Console',
    columns: [
      { name: 'file', width: 'minmax(14rem, 2fr)', mono: true },
      { name: 'text', width: 'minmax(14rem, 4fr)', mono: true },
    ],
    rows: consoles.map(({ t, end, file, name, text }) => ({
      t,
      end,
      cells: [shortPath(name, identifier), beginningOf(text.text.slice(-200))],
      file,
      details: [
        {
          label: `what the guest wrote${text.beyond === 0 ? '' : ` (${bytesText(text.beyond)} more in its file)`}`,
          text: text.text === '' ? 'nothing' : text.text,
          block: true,
        },
      ],
    })),
    empty: 'no console was recorded',
  }
}
