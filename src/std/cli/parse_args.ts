/** Placeholder until the command line lands. */
export function parseArgs(args: string[]): { _: string[] } {
  return { _: args };
}
