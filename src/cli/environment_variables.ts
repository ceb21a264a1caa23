import { envName, OPTION_KEYS } from "../config/options.ts";
import { TERMINAL_VARIABLES } from "./io.ts";

/** Every environment variable that the command line reads itself; the AWS SDK reads some of its own. */
export const ENVIRONMENT_VARIABLES: readonly string[] = [
  ...OPTION_KEYS.map(envName),
  ...TERMINAL_VARIABLES,
];
