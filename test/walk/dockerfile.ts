/** An instruction of a Dockerfile. */
export interface Instruction {
  /** Its name, such as `COPY`. */
  readonly name: string;
  /** Its options, such as `from`. */
  readonly options: ReadonlyMap<string, string>;
  /** What follows; a list, if it is one in JSON. */
  readonly words: readonly string[];
  /** What follows, as it is written. */
  readonly text: string;
}

/**
 * The instructions of a Dockerfile, by stage, each of which begins with `FROM`.
 *
 * @param text The Dockerfile.
 */
export function stagesOf(text: string): Instruction[][] {
  const lines = text.replaceAll(/\\\n/g, " ").split("\n").filter((line) => /^[A-Z]/.test(line));
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [, name = "", flags = "", rest = ""] = /^([A-Z]+)((?: +--\S+)*) +(.*)$/.exec(line) ?? [];
    const options = new Map(
      Array.from(flags.matchAll(/--(\w+)=(\S+)/g), ([, key, value]) => [key!, value!] as const),
    );
    const words = rest.startsWith("[") ? JSON.parse(rest) as string[] : rest.split(/ +/);
    if (name === "FROM") stages.push([]);
    stages.at(-1)?.push({ name, options, words, text: rest });
  }
  return stages;
}
