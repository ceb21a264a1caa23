import * as z from "zod";
import { hiddenModels, hidesUploads } from "../../content/permissions.ts";
import type { ItemType } from "../../content/resource.ts";
import { fewNames } from "../../text/printable.ts";
import type { CmaClient } from "./cma_client.ts";
import { CmaError } from "./cma_error.ts";

const permissions = z.array(z.object({
  environment: z.string(),
  action: z.string(),
  item_type: z.string().nullish(),
  workflow: z.string().nullish(),
  on_stage: z.string().nullish(),
  on_creator: z.string().nullish(),
  upload_collection: z.string().nullish(),
}));

const me = z.object({
  data: z.object({
    type: z.string(),
    attributes: z.object({ hardcoded_type: z.string().nullish() }).optional(),
    relationships: z.object({
      role: z.object({ data: z.object({ id: z.string() }) }),
    }),
  }),
  included: z.array(z.unknown()).optional(),
});

const role = z.object({
  id: z.string(),
  attributes: z.object({ hardcoded_type: z.string().nullish() }).optional(),
  meta: z.object({
    final_permissions: z.object({
      positive_item_type_permissions: permissions,
      negative_item_type_permissions: permissions,
      positive_upload_permissions: permissions,
      negative_upload_permissions: permissions,
    }).optional(),
  }).optional(),
});

const owner = z.object({ data: z.object({ type: z.enum(["account", "organization"]) }) });

/** The built-in API token, and the built-in role, that may do everything. */
const ADMIN = "admin";

/**
 * What the API token's role may read only a part of, as far as it is told: listings leave out, without a word,
 * what a role may not read.
 *
 * @param client Reads the API.
 * @param of The name of the environment that is read, the models whose records are, whether uploads are, and
 * the signal.
 * @return Such as `records of article, page` and `uploads`; `undefined` if the API doesn't tell.
 * @throws The signal's reason.
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/user/me}
 */
export async function readRestrictions(
  client: CmaClient,
  { environment, models, uploads, signal }: {
    readonly environment: string;
    readonly models: readonly ItemType[];
    readonly uploads: boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<string[] | undefined> {
  const body = await ask(client, "/users/me", { include: "role" }, signal);
  if (owner.safeParse(body).success) return [];
  const { data: found } = me.safeParse(body);
  if (found === undefined) return undefined;
  if (found.data.attributes?.hardcoded_type === ADMIN) return [];
  const { id } = found.data.relationships.role.data;
  const mine = found.included?.map((one) => role.safeParse(one).data).find((one) => one?.id === id);
  const known = told(mine) ?? told(await readRole(client, id, signal));
  if (known === undefined || known === "all") return known && [];
  const hidden = hiddenModels(known, environment, models)
    .map(({ attributes: { api_key: key } }) => key);
  return [
    ...hidden.length > 0 ? [`records of ${fewNames(hidden)}`] : [],
    ...uploads && hidesUploads(known, environment) ? ["uploads"] : [],
  ];
}

type Role = z.infer<typeof role>;

/** What a role may do: `all`, or its permissions; `undefined` if it doesn't tell. */
function told(
  mine: Role | undefined,
): "all" | NonNullable<NonNullable<Role["meta"]>["final_permissions"]> | undefined {
  return mine?.attributes?.hardcoded_type === ADMIN ? "all" : mine?.meta?.final_permissions;
}

/** The included form of a role may lack its permissions. */
async function readRole(
  client: CmaClient,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Role | undefined> {
  const body = await ask(client, `/roles/${encodeURIComponent(id)}`, {}, signal);
  return z.object({ data: role }).safeParse(body).data?.data;
}

async function ask(
  client: CmaClient,
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  try {
    return (await client.get(path, query, { signal })).body;
  } catch (error) {
    signal?.throwIfAborted();
    // Nothing that is exported depends on it, and not every token may ask this.
    if (!(error instanceof CmaError)) throw error;
    return undefined;
  }
}

/**
 * Whether there may be uploads that the API token's role may not read, which look like deleted ones: the API
 * leaves them out without a word.
 *
 * @param client Asks the API.
 * @param environment The environment's name, if the API told it.
 * @param signal Aborts the request.
 * @return `undefined` if the API doesn't tell.
 * @throws The signal's reason.
 */
export async function mayHideUploads(
  client: CmaClient,
  environment: string | undefined,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  if (environment === undefined) return undefined;
  const asked = { environment, models: [], uploads: true, signal };
  const restrictions = await readRestrictions(client, asked);
  return restrictions && restrictions.length > 0;
}
