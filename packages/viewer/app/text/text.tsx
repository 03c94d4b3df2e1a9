import { piecesOf } from './visible.ts'

interface Props {
  readonly value: string
  /** Whether line ends and tabs stay as they are. */
  readonly lines?: boolean
}

/** Text of the guest, as text nodes only; characters that would hide or reorder something are boxes with their codes. */
export function Text({ value, lines = false }: Props) {
  const pieces = piecesOf(value, lines)
  return (
    <bdi>
      {pieces.map((piece, index) =>
        'text' in piece ? (
          piece.text
        ) : (
          <span key={index} class="code">
            {piece.code}
          </span>
        ),
      )}
    </bdi>
  )
}
