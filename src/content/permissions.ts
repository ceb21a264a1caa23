import { relatedId } from "./attributes.ts";
import type { ItemType } from "./resource.ts";

/** An entry of a role's permissions, as far as reading goes. What it doesn't name isn't restricted. */
export interface Permission {
  /** The environment that it is for. */
  readonly environment: string;
  /** What it is about: `read`, or `all`. */
  readonly action: string;
  /** The only model. */
  readonly item_type?: string | null | undefined;
  /** The only workflow. */
  readonly workflow?: string | null | undefined;
  /** The only stage of the workflow. */
  readonly on_stage?: string | null | undefined;
  /** Whose records or uploads: `anyone`, `self` or `role`. */
  readonly on_creator?: string | null | undefined;
  /** The only collection of uploads. */
  readonly upload_collection?: string | null | undefined;
}

/**
 * What a role may do with records and uploads, inherited permissions included. What is forbidden goes before
 * what is allowed.
 *
 * @see {@link https://www.datocms.com/docs/content-management-api/resources/role}
 */
export interface RolePermissions {
  /** What it may do with records. */
  readonly positive_item_type_permissions: readonly Permission[];
  /** What it may not do with records. */
  readonly negative_item_type_permissions: readonly Permission[];
  /** What it may do with uploads. */
  readonly positive_upload_permissions: readonly Permission[];
  /** What it may not do with uploads. */
  readonly negative_upload_permissions: readonly Permission[];
}

/**
 * The models of whose records a role may not read all.
 *
 * @param permissions What the role may do.
 * @param environment The environment that is read.
 * @param models The environment's models.
 */
export function hiddenModels(
  permissions: RolePermissions,
  environment: string,
  models: readonly ItemType[],
): ItemType[] {
  const allowed = permissions.positive_item_type_permissions
    .filter((entry) => isToRead(entry, environment) && isWhole(entry));
  const denied = permissions.negative_item_type_permissions
    .filter((entry) => isToRead(entry, environment));
  return models.filter((model) => {
    const isMeant = (entry: Permission) => isAbout(entry, model);
    return !allowed.some(isMeant) || denied.some(isMeant);
  });
}

/**
 * Whether there may be uploads that a role may not read.
 *
 * @param permissions What the role may do.
 * @param environment The environment that is read.
 */
export function hidesUploads(permissions: RolePermissions, environment: string): boolean {
  const isMeant = (entry: Permission) => isToRead(entry, environment);
  return permissions.negative_upload_permissions.some(isMeant) ||
    !permissions.positive_upload_permissions.some((entry) => isMeant(entry) && isWhole(entry));
}

function isToRead({ environment, action }: Permission, of: string): boolean {
  return environment === of && (action === "read" || action === "all");
}

/** Whether it is about all records of a model, or all uploads. */
function isWhole({ on_creator, on_stage, upload_collection }: Permission): boolean {
  return (on_creator ?? "anyone") === "anyone" && !on_stage && !upload_collection;
}

function isAbout({ item_type, workflow }: Permission, model: ItemType): boolean {
  if (item_type) return item_type === model.id;
  if (!workflow) return true;
  return relatedId(model, "workflow") === workflow;
}
