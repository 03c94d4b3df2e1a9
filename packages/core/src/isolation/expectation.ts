import type { IsolationExpectation, IsolationPlan } from '../contract/isolation.ts'
import type { Attempt } from './attempt.ts'

/** What is expected of an attempt. */
export function expectation(
  { target, isOurs }: Pick<Attempt, 'target' | 'isOurs'>,
  expected: IsolationPlan['expected'],
): IsolationExpectation {
  switch (target) {
    // Frames with a forged sender may reach this host where it may be reached at all.
    case 'raw':
      return expected.host
    case 'neighbours':
      return 'forbidden'
    case 'allowed':
      return 'allowed'
    case 'ipv6':
      return !isOurs && expected.internet === 'forbidden' ? 'forbidden' : expected.ipv6
    default:
      return expected[target]
  }
}
