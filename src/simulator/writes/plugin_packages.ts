import type { JsonObject } from "../../content/resource.ts";
import { invalidField } from "./write_call.ts";

/** A package of a plugin, as far as installing it needs it. */
interface PluginPackage {
  /** What it says of itself. */
  readonly attributes: JsonObject;
  /** The versions that there are, the newest last. */
  readonly versions: readonly string[];
}

/** The packages that this server knows, as DatoCMS knows those of npm. */
const PACKAGES: Readonly<Record<string, PluginPackage>> = {
  "datocms-plugin-tag-editor": {
    attributes: {
      name: "Tag editor",
      description: "A plugin that transforms any string and JSON field into a tag editor",
      permissions: [],
    },
    versions: ["0.1.2", "0.2.0"],
  },
};

/**
 * What a plugin that is installed from a package has by that: its name, version and address.
 *
 * @param given The attributes that were sent.
 * @return Nothing for a private plugin, which has no package.
 * @throws {ApiError} If there is no such package, or not in that version.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/plugin/create}
 */
export function packageAttributes({ package_name: name, package_version }: JsonObject): JsonObject {
  if (typeof name !== "string") return {};
  const found = Object.hasOwn(PACKAGES, name) ? PACKAGES[name]! : undefined;
  if (found === undefined) throw invalidField("package_name", "VALIDATION_INVALID");
  const version = package_version ?? found.versions.at(-1)!;
  if (typeof version !== "string" || !found.versions.includes(version)) {
    throw invalidField("package_version", "VALIDATION_INVALID");
  }
  return {
    ...found.attributes,
    package_version: version,
    url: `https://unpkg.com/${name}@${version}/build/index.html`,
  };
}
