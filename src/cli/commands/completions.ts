import { EXIT, type ExitCode, SluiceError } from "../../error.ts";
import type { Command, CommandContext } from "../command.ts";
import { exitCodesOf } from "../exit_codes.ts";
import { bashCompletions } from "../completions/bash.ts";
import { fishCompletions } from "../completions/fish.ts";
import { type Grammar, grammarOf } from "../completions/grammar.ts";
import { zshCompletions } from "../completions/zsh.ts";

const SHELLS: Readonly<Record<string, (grammar: Grammar) => string>> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

/**
 * `sluice completions`
 *
 * @param commands Gives all commands, this one included.
 */
export function completionsCommand(commands: () => readonly Command[]): Command {
  return {
    name: "completions",
    summary: "Write shell completions of commands and options",
    description:
      "Writes a script to stdout that makes a shell complete commands, options, their values and the ids of " +
      "snapshots when Tab is pressed.",
    positionals: [{ name: "shell", choices: Object.keys(SHELLS), required: true }],
    options: [],
    flagsOnly: true,
    exitCodes: exitCodesOf("the script was written"),
    examples: [
      { about: "In ~/.bashrc", line: 'eval "$(sluice completions bash)"' },
      { about: "In ~/.zshrc, after compinit", line: "source <(sluice completions zsh)" },
      {
        about: "Once, for fish",
        line: "sluice completions fish > ~/.config/fish/completions/sluice.fish",
      },
    ],
    run({ words: [shell], io }: CommandContext): Promise<ExitCode> {
      const render = SHELLS[shell ?? ""];
      if (render === undefined) {
        throw new SluiceError(
          "sluice completions needs to know the shell: write sluice completions bash, zsh or fish.",
          EXIT.usage,
        );
      }
      io.stdout.write(render(grammarOf(commands())));
      return Promise.resolve(EXIT.complete);
    },
  };
}
