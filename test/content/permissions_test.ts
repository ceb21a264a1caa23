import assert from "node:assert/strict";
import {
  hiddenModels,
  hidesUploads,
  type Permission,
  type RolePermissions,
} from "../../src/content/permissions.ts";
import { sampleProject } from "../../src/demo/sample/sample_project.ts";

const MODELS = sampleProject().primary.itemTypes.filter(({ attributes }) => {
  return !attributes.modular_block;
});
const KEYS = MODELS.map(({ attributes }) => attributes.api_key);
const ARTICLE = MODELS.find(({ attributes }) => attributes.api_key === "article")!;

function role(
  kind: "item_type" | "upload",
  positive: Partial<Permission>[],
  negative: Partial<Permission>[] = [],
): RolePermissions {
  const full = (entry: Partial<Permission>) => ({ environment: "main", action: "all", ...entry });
  return {
    positive_item_type_permissions: [],
    negative_item_type_permissions: [],
    positive_upload_permissions: [],
    negative_upload_permissions: [],
    [`positive_${kind}_permissions`]: positive.map(full),
    [`negative_${kind}_permissions`]: negative.map(full),
  };
}

function hidden(positive: Partial<Permission>[], negative?: Partial<Permission>[]): string[] {
  return hiddenModels(role("item_type", positive, negative), "main", MODELS)
    .map(({ attributes }) => attributes.api_key);
}

Deno.test("hiddenModels() knows a role that may read everything", () => {
  assert.deepEqual(hidden([{}]), []);
  assert.deepEqual(hidden([{ action: "read", item_type: null, on_creator: "anyone" }]), []);
  assert.deepEqual(hidden(MODELS.map(({ id }) => ({ item_type: id }))), []);
  assert.deepEqual(hidden([{}], [{ action: "delete" }, { environment: "other" }]), []);
});

Deno.test("hiddenModels() finds what a role may read only a part of", () => {
  assert.deepEqual(hidden([]), KEYS);
  for (
    const entry of [
      { environment: "other" },
      { action: "update" },
      { on_creator: "self" },
      { on_creator: "role" },
      { on_stage: "draft", workflow: "1" },
    ]
  ) {
    assert.deepEqual(hidden([entry]), KEYS, JSON.stringify(entry));
  }
  const others = KEYS.filter((key) => key !== "article");
  assert.deepEqual(hidden([{ item_type: ARTICLE.id }]), others);
  assert.deepEqual(hidden([{}], [{ action: "read", item_type: ARTICLE.id }]), ["article"]);
  assert.deepEqual(hidden([{}], [{ on_creator: "role" }]), KEYS);
});

Deno.test("hiddenModels() takes an entry for a workflow for the models that have it", () => {
  const { data } = ARTICLE.relationships!.workflow!;
  assert.ok(data && "id" in data);
  assert.deepEqual(hidden([{ workflow: data.id }]), KEYS.filter((key) => key !== "article"));
  assert.deepEqual(hidden([{}], [{ workflow: data.id }]), ["article"]);
  assert.deepEqual(hidden([{}], [{ workflow: data.id, on_stage: "x" }]), ["article"]);
});

Deno.test("hidesUploads() goes by collections and creators", () => {
  const hides = (positive: Partial<Permission>[], negative?: Partial<Permission>[]) =>
    hidesUploads(role("upload", positive, negative), "main");
  assert.equal(hides([{}]), false);
  assert.equal(hides([{ action: "read", upload_collection: null }]), false);
  assert.equal(hides([{}], [{ action: "delete" }]), false);
  assert.equal(hides([]), true);
  assert.equal(hides([{ upload_collection: "7" }]), true);
  assert.equal(hides([{ on_creator: "self" }]), true);
  assert.equal(hides([{}], [{ upload_collection: "7" }]), true);
});
