/**
 * Waits for steps that do not depend on each other, for each of them also when one fails: what it makes meanwhile has to
 * be known to those that release it.
 * @throws what the first of them, in the order given, threw
 */
export async function allOrCollect<Results extends readonly unknown[]>(
  ...steps: { readonly [Index in keyof Results]: Promise<Results[Index]> | Results[Index] }
): Promise<Results> {
  await Promise.allSettled(steps)
  return await Promise.all(steps)
}
