import * as z from "zod";
import { hiddenModels, hidesUploads } from "../content/permissions.ts";
import type { ItemType } from "../content/resource.ts";
import { fewNames } from "../text/few_names.ts";
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

const answer = z.object({
  data: z.object({
    type: z.string(),
    relationships: z.object({
      role: z.object({ data: z.object({ id: z.string() }) }),
    }),
  }),
  included: z.array(z.object({
    id: z.string(),
    meta: z.object({
      final_permissions: z.object({
        positive_item_type_permissions: permissions,
        negative_item_type_permissions: permissions,
        positive_upload_permissions: permissions,
        negative_upload_permissions: permissions,
      }),
    }),
  })),
});

const owner = z.object({ data: z.object({ type: z.enum(["account", "organization"]) }) });

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
  const body = await ask(client, signal);
  if (owner.safeParse(body).success) return [];
  const { data: found } = answer.safeParse(body);
  const role = found?.included.find(({ id }) => id === found.data.relationships.role.data.id);
  if (role === undefined) return undefined;
  const { final_permissions: permissions } = role.meta;
  const hidden = hiddenModels(permissions, environment, models)
    .map(({ attributes: { api_key: key } }) => key);
  return [
    ...hidden.length > 0 ? [`records of ${fewNames(hidden)}`] : [],
    ...uploads && hidesUploads(permissions, environment) ? ["uploads"] : [],
  ];
}

async function ask(client: CmaClient, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    return (await client.get("/users/me", { include: "role" }, { signal })).body;
  } catch (error) {
    signal?.throwIfAborted();
    // Nothing that is exported depends on it, and not every token may ask this.
    if (!(error instanceof CmaError)) throw error;
    return undefined;
  }
}
