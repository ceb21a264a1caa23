import type { Command } from "../command.ts";
import { catCommand } from "./cat.ts";
import { completionsCommand } from "./completions.ts";
import { copyCommand } from "./copy.ts";
import { demoCommand } from "./demo.ts";
import { diffCommand } from "./diff.ts";
import { doctorCommand } from "./doctor.ts";
import { downloadCommand } from "./download.ts";
import { drillCommand } from "./drill.ts";
import { exportCommand } from "./export.ts";
import { findCommand } from "./find.ts";
import { listCommand } from "./list.ts";
import { planCommand } from "./plan.ts";
import { pruneCommand } from "./prune.ts";
import { retryCommand } from "./retry.ts";
import { restoreCommand } from "./restore.ts";
import { scheduleCommand } from "./schedule.ts";
import { serveCommand } from "./serve.ts";
import { showCommand } from "./show.ts";
import { tablesCommand } from "./tables.ts";
import { unlockCommand } from "./unlock.ts";
import { verifyCommand } from "./verify.ts";

/** All commands, in the order of the help text. */
export const COMMANDS: readonly Command[] = [
  exportCommand,
  planCommand,
  retryCommand,
  scheduleCommand,
  listCommand,
  showCommand,
  catCommand,
  findCommand,
  diffCommand,
  pruneCommand,
  unlockCommand,
  verifyCommand,
  downloadCommand,
  copyCommand,
  restoreCommand,
  drillCommand,
  tablesCommand,
  serveCommand,
  doctorCommand,
  demoCommand,
  completionsCommand(() => COMMANDS),
];
