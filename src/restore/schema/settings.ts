import { relatedId } from "../../content/attributes.ts";
import type { JsonObject, Resource } from "../../content/resource.ts";
import { CmaError } from "../../source/datocms/cma_error.ts";
import { isObject, type Json } from "../../text/json.ts";
import { isSame } from "../../tools/diff/compare_json.ts";
import type { RestoreRun } from "../run.ts";
import { KINDS, positionOf } from "./kinds.ts";
import {
  byDifference,
  freesKeys,
  nameOf,
  parentsFirst,
  type SchemaContext,
  type Stage,
} from "./stage.ts";
import type { SchemaState } from "./state.ts";
import {
  creates,
  type Parts,
  partsOf,
  partsThatDiffer,
  picked,
  updates,
  without,
  type Write,
} from "./write.ts";

/** Ways of working that a project was switched over to, which can't be taken back. */
const SWITCHES = [
  ...["improved_timezone_management", "improved_hex_management", "improved_gql_multilocale_fields"],
  ...["improved_gql_visibility_control", "improved_boolean_fields", "draft_mode_default"],
  ...["improved_validation_at_publishing", "improved_exposure_of_inline_blocks_in_cda"],
  ...["improved_items_listing", "milliseconds_in_datetime", "non_localized_focal_points"],
];

/** What is the whole project's, and not an environment's. */
const OF_PROJECT = ["require_2fa", "ip_tracking_enabled", "force_use_of_sandbox_environments"];

/** Locales, and how the project works: before anything is localized. */
export const siteFirst: Stage = {
  needs: [],
  writes(wanted, present, { lose }) {
    const { attributes, meta = {} } = wanted.site;
    const { locales } = present.site.attributes;
    const extra = locales.filter((locale) => !attributes.locales.includes(locale));
    const changes = changed(present, {
      ...picked(attributes, ["timezone", "no_index"]),
      locales: [...attributes.locales, ...extra],
    });
    const now = present.site.meta ?? {};
    const on = SWITCHES.filter((name) => meta[name] === true && now[name] !== true);
    const off = SWITCHES.filter((name) => meta[name] === false && now[name] === true);
    if (off.length > 0) {
      lose({
        code: "project_switched_over",
        message:
          `The target works in ways that can't be switched off again, which the snapshot's project didn't: ${
            off.join(", ")
          }.`,
        type: "site",
      });
    }
    return one(changes, Object.fromEntries(on.map((name) => [name, true])));
  },
};

/** Everything of the project that needs uploads, or that would be in the way of what is written before. */
export const siteLast: Stage = {
  needs: [],
  writes(wanted, present, context) {
    const { attributes } = wanted.site;
    const withUpload = (what: string, value: Json | undefined) => {
      return uploadOrNull(what, value ?? null, context);
    };
    const { theme, favicon, global_seo: seo } = attributes;
    const body: JsonObject = {
      ...picked(attributes, context.isOtherProject ? OF_PROJECT : []),
      ...isObject(theme) ? { theme: { ...theme, logo: withUpload("logo", theme.logo) } } : {},
      ...favicon === undefined ? {} : { favicon: withUpload("favicon", favicon) },
      ...seo === undefined ? {} : { global_seo: seoOf(seo, context) },
    };
    const writes = one(changed(present, body), {});
    const cdn = attributes.assets_cdn_default_settings;
    if (isObject(cdn) && !isSame(cdn, present.site.attributes.assets_cdn_default_settings)) {
      writes.push([cdnWrite(cdn)]);
    }
    return writes;
  },
};

/** Locales that the snapshot hasn't go, with what is in them. */
export const siteLocales: Stage = {
  needs: [],
  writes(wanted, present, { removes, isInScope }) {
    if (!removes || !isInScope("site", "site")) return [];
    return one(changed(present, picked(wanted.site.attributes, ["locales"])), {});
  },
};

/** Makes and changes workflows. */
export const workflows: Stage = {
  needs: ["workflow"],
  writes(wanted, present) {
    return byDifference("workflow", wanted, present).map((write) => [write]);
  },
};

/** Workflows whose `api_key` another one is to have get another one. */
export const workflowKeys: Stage = {
  needs: ["workflow"],
  writes: (wanted, present, context) => [
    freesKeys(wanted.all("workflow"), present.all("workflow"), context),
  ],
};

/** Installs plugins, in their version, or else in the newest one. */
export const plugins: Stage = {
  needs: ["plugin"],
  writes(wanted, present) {
    return wanted.all("plugin").flatMap((plugin): Write[][] => {
      if (present.get("plugin", plugin.id) !== undefined) return [];
      return [[installs(plugin)]];
    });
  },
};

/** Settings of plugins, which can't be sent while one is installed. */
export const pluginSettings: Stage = {
  needs: ["plugin"],
  writes(wanted, present, { lose }) {
    return wanted.all("plugin").flatMap((plugin): Write[][] => {
      const now = present.get("plugin", plugin.id);
      if (now === undefined) return [];
      const isPublic = typeof plugin.attributes?.package_name === "string";
      const parts = partsOf(KINDS.plugin, plugin);
      // What a package says of itself can't be changed, and nor can the package.
      const fixed = isPublic
        ? ["package_name", "package_version", "name", "description", "url", "permissions"]
        : ["package_name", "package_version"];
      if (isPublic && now.attributes?.package_version !== plugin.attributes?.package_version) {
        lose(renewed(plugin, now));
      }
      const changes = partsThatDiffer(without(parts, fixed), now);
      return changes === undefined ? [] : [[updates(now, changes)]];
    });
  },
};

/** Collections of uploads, those above before those below. */
export const collections: Stage = {
  needs: ["upload_collection"],
  writes(wanted, present) {
    const ordered = parentsFirst(
      wanted.all("upload_collection").toSorted((a, b) => positionOf(a) - positionOf(b)),
      (one) => relatedId(one, "parent"),
    );
    const chain = ordered.flatMap((one): Write[] => {
      const parts = partsOf(KINDS.upload_collection, one);
      const now = present.get("upload_collection", one.id);
      if (now === undefined) return [creates(one, parts)];
      const changes = partsThatDiffer(parts, now);
      return changes === undefined ? [] : [updates(now, changes)];
    });
    return [chain];
  },
};

function changed(present: SchemaState, body: JsonObject): JsonObject {
  const now = present.site.attributes;
  return Object.fromEntries(
    Object.entries(body).filter(([name, value]) => !isSame(value, now[name])),
  );
}

/** One request for what changes of the project, if anything does. */
function one(attributes: JsonObject, meta: JsonObject): Write[][] {
  if (Object.keys(attributes).length + Object.keys(meta).length === 0) return [];
  return [[{
    action: "update",
    type: "site",
    ids: ["site"],
    requests: 2,
    send: async ({ target, signal }) => {
      const data = {
        id: "site",
        type: "site",
        attributes,
        ...Object.keys(meta).length > 0 ? { meta } : {},
      };
      await target.update("/site", data, { signal });
      return undefined;
    },
    foresee(state) {
      const { site } = state;
      state.site = {
        ...site,
        attributes: { ...site.attributes, ...attributes } as typeof site.attributes,
        meta: { ...site.meta, ...meta },
      };
    },
  }]];
}

function cdnWrite(settings: JsonObject): Write {
  return {
    action: "update",
    type: "site",
    ids: ["site"],
    requests: 1,
    send: async ({ target, signal }) => {
      const attributes = { assets_cdn_default_settings: settings };
      const data = { type: "assets_cdn_default_settings", attributes };
      await target.update("/site/assets-cdn-default-settings", data, { signal });
      return undefined;
    },
    foresee(state) {
      const { site } = state;
      const attributes = { ...site.attributes, assets_cdn_default_settings: settings };
      state.site = { ...site, attributes };
    },
  };
}

function uploadOrNull(what: string, value: Json, { missingUploads, lose }: SchemaContext): Json {
  if (typeof value !== "string" || !missingUploads.has(value)) return value;
  lose({
    code: "asset_reference_dropped",
    message: `The project's ${what} is left empty: the snapshot has no file of its asset ${value}.`,
    type: "site",
    id: value,
  });
  return null;
}

/** SEO settings of the project, in all locales or for each. */
function seoOf(value: Json, context: SchemaContext): Json {
  if (!isObject(value)) return value;
  const { fallback_seo: fallback } = value;
  if (isObject(fallback)) {
    const image = uploadOrNull("image for search engines", fallback.image ?? null, context);
    return { ...value, fallback_seo: { ...fallback, image } };
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, isObject(each) ? seoOf(each, context) : each]),
  );
}

/** A plugin by its package in its version, or else in the newest one, or else by its address. */
function installs(plugin: Resource): Write {
  const { attributes } = partsOf(KINDS.plugin, plugin);
  const { package_name: name, package_version: version } = attributes;
  const isPublic = typeof name === "string";
  const own = picked(attributes, ["name", "description", "url", "permissions"]);
  const ways: JsonObject[] = isPublic
    ? [
      { package_name: name, ...version === null ? {} : { package_version: version ?? null } },
      { package_name: name },
      own,
    ]
    : [own];
  const parts = (attributes: JsonObject): Parts => ({ attributes, relationships: {} });
  return {
    ...creates(plugin, parts(attributes)),
    send: async (run: RestoreRun) => {
      for (const [i, way] of ways.entries()) {
        try {
          const made = await creates(plugin, parts(way)).send(run);
          if (made && i > 0) run.lost(renewed(plugin, made));
          return made;
        } catch (error) {
          const isRefused = error instanceof CmaError && error.isRefusedQuery;
          if (!isRefused || i === ways.length - 1) throw error;
        }
      }
      return undefined;
    },
    foresee: (state) =>
      state.put({ ...plugin, attributes: without(parts(attributes), ["parameters"]).attributes }),
  };
}

function renewed(plugin: Resource, now: Resource) {
  const [was, is] = [plugin, now].map(({ attributes }) => {
    const { package_version: version } = attributes ?? {};
    return typeof version === "string" ? `version ${version}` : "its address alone";
  });
  return {
    code: "plugin_renewed",
    message: `The plugin ${
      nameOf(plugin)
    } is installed as ${is}, not as ${was}: check that fields still use it well.`,
    type: "plugin",
    id: plugin.id,
  };
}
