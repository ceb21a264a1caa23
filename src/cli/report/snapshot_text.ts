import type { ManifestNote } from "../../snapshot/manifest.ts";
import type { ShownModel, ShownSnapshot, ShownTally } from "../../tools/show.ts";
import { fewNames, printable, printableJson, shownAddress } from "../../text/printable.ts";
import { projectName } from "../progress/render_progress.ts";
import { counted, formatBytes, formatCount, formatDuration } from "../text/format.ts";
import { renderTable } from "../text/table.ts";
import { wrap } from "../text/wrap.ts";
import { labelsText, shownTime, toolOf } from "./snapshots_text.ts";

/** Notes of a kind that are shown, at most. */
const NOTES = 10;
const LABEL = 11;

/**
 * What a snapshot holds, for people.
 *
 * @param shown The snapshot.
 * @param options The widest line, and the command that shows records.
 * @return Lines, with a line break at the end.
 */
export function renderSnapshot(
  shown: ShownSnapshot,
  { columns, next }: { readonly columns: number; readonly next: string },
): string {
  const width = Math.max(40, Math.min(columns, 100));
  const { project, environment, name, models, failures, findings, warnings } = shown;
  const line = ([label, text]: readonly [string, string]) => {
    const [first = "", ...rest] = wrap(text, width - LABEL - 2);
    return [
      `${label.padEnd(LABEL)}  ${first}`,
      ...rest.map((more) => " ".repeat(LABEL + 2) + more),
    ];
  };
  const notes = (title: string, of: readonly ManifestNote[]) =>
    of.length === 0 ? [] : [
      "",
      counted(of.length, title),
      ...of.slice(0, NOTES).flatMap(({ message }) => {
        const [first = "", ...rest] = wrap(printable(message, 500), width - 4);
        return [`  - ${first}`, ...rest.map((more) => `    ${more}`)];
      }),
      ...(of.length > NOTES ? ["  - …"] : []),
    ];
  return [
    ...wrap(`${projectName({ project, environment: environment.id })}: snapshot ${name}`, width),
    "",
    ...rowsOf(shown).flatMap(line),
    "",
    ...modelsTable(models),
    ...notes("failure", failures),
    ...notes("finding", findings),
    ...notes("warning", warnings),
    "",
    `Next: look into it: ${next}`,
    "",
  ].join("\n");
}

function rowsOf(shown: ShownSnapshot): (readonly [string, string])[] {
  const { state, createdAt, durationMs, address, locales, bytes, objects, tool } = shown;
  const took = durationMs === null ? "" : `, took ${formatDuration(durationMs)}`;
  const by = tool.name === "datocms" ? toolOf(shown) : `Sluice ${toolOf(shown)}`;
  const skipped = Object.entries(shown.resources ?? {}).flatMap(([name, resource]) => {
    return "skipped" in resource ? [name] : [];
  });
  const all: (readonly [string, string | undefined])[] = [
    ["State", `${state}, by ${by}`],
    ["Problem", shown.problem === undefined ? undefined : printable(shown.problem, 500)],
    ["Begun", `${shownTime(createdAt)} UTC${took}`],
    ["Labels", labelsText(shown) || undefined],
    ["Where", shownAddress(address)],
    ["Locales", locales === null ? undefined : fewNames(locales, 50)],
    ["Size", `${formatBytes(bytes ?? 0)} in ${counted(objects, "object")}`],
    ["Assets", filesText(shown)],
    ["Not read", skipped.length === 0 ? undefined : fewNames(skipped, 50)],
    ["Left over", shown.leftovers.length === 0 ? undefined : fewNames(shown.leftovers)],
    ["Options", optionsText(shown.options)],
  ];
  return all.filter((row): row is readonly [string, string] => row[1] !== undefined);
}

function filesText({ assets, files }: ShownSnapshot): string | undefined {
  if (assets === null || files === null) return undefined;
  const others = [
    [files.withdrawn, "withdrawn"],
    [files.notServed ?? 0, "not served"],
    [files.failed, "failed"],
  ] as const;
  const rest = others.flatMap(([count, what]) => {
    return count === 0 ? [] : [`, ${formatCount(count)} ${what}`];
  });
  return `${counted(assets.count, "file")}, ${formatBytes(assets.bytes)}${rest.join("")}`;
}

/** The options that aren't off. */
function optionsText(options: ShownSnapshot["options"]): string | undefined {
  const given = Object.entries(options ?? {}).flatMap(([name, value]) => {
    if (value === null || value === undefined || value === false) return [];
    if (value === true) return [printable(name, 40)];
    const text = typeof value === "string" ? value : printableJson(value);
    return [`${printable(name, 40)} ${printable(text, 200)}`];
  });
  return given.length === 0 ? undefined : given.join(", ");
}

function modelsTable(models: readonly ShownModel[]): string[] {
  if (models.length === 0) return ["No records."];
  const count = (tally: ShownTally | null) => {
    return tally === null ? "" : tally.count === null ? "?" : formatCount(tally.count);
  };
  const bytes = ({ current, published }: ShownModel) => {
    return (current?.bytes ?? 0) + (published?.bytes ?? 0);
  };
  const sum = (version: "current" | "published"): ShownTally => {
    const own = models.map((model) => model[version]).filter((tally) => tally !== null);
    return {
      count: own.some(({ count }) => count === null)
        ? null
        : own.reduce((sum, { count }) => sum + count!, 0),
      bytes: 0,
    };
  };
  return renderTable(["text", "number", "number", "number"], [
    ["Model", "Current", "Published", "Size"],
    ...models.map((model) => [
      printable(model.model, 80),
      count(model.current),
      count(model.published),
      formatBytes(bytes(model)),
    ]),
    [
      counted(models.length, "model"),
      count(sum("current")),
      count(sum("published")),
      formatBytes(models.reduce((total, model) => total + bytes(model), 0)),
    ],
  ]);
}
