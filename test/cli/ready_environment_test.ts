import assert from "node:assert/strict";
import { homedir } from "node:os";
import { envNames, readyEnvironment } from "../../src/cli/ready_environment.ts";

/** An environment with these variables, and nothing else. */
function envOf(variables: Readonly<Record<string, string>>) {
  const values = new Map(Object.entries(variables));
  return {
    get: (name: string) => values.get(name),
    set: (name: string, value: string) => void values.set(name, value),
    delete: (name: string) => void values.delete(name),
    toObject: () => Object.fromEntries(values),
  };
}

function readied(variables: Readonly<Record<string, string>>): Record<string, string> {
  const env = envOf({ HOME: "/home/me", ...variables });
  readyEnvironment(env);
  const { HOME: home, ...rest } = env.toObject();
  assert.equal(home, "/home/me");
  return rest;
}

Deno.test("readyEnvironment() takes blanks away that would be taken at their word", () => {
  assert.deepEqual(
    readied({
      AWS_ACCESS_KEY_ID: "key\n",
      AWS_SECRET_ACCESS_KEY: " \n",
      AWS_REGION: " ",
      AWS_DEFAULT_REGION: " eu-west-1 ",
      HTTPS_PROXY: "http://proxy:3128\r\n",
      OTHER: " kept ",
    }),
    {
      AWS_ACCESS_KEY_ID: "key",
      AWS_SECRET_ACCESS_KEY: "",
      AWS_DEFAULT_REGION: "eu-west-1",
      HTTPS_PROXY: "http://proxy:3128",
      OTHER: " kept ",
    },
  );
});

Deno.test("readyEnvironment() uses no proxy if NO_PROXY says so of all hosts", () => {
  const proxies = { HTTPS_PROXY: "http://proxy", http_proxy: "http://proxy", ALL_PROXY: "proxy" };
  for (const name of ["NO_PROXY", "no_proxy"]) {
    for (const list of ["*", " * ", "a.com, *"]) {
      assert.deepEqual(readied({ ...proxies, [name]: list }), { [name]: list });
    }
    assert.deepEqual(readied({ ...proxies, [name]: "*.a.com" }), { ...proxies, [name]: "*.a.com" });
  }
});

Deno.test("readyEnvironment() finds the home directory where there is none, or an empty one", () => {
  const expected = homedir() || "/";
  for (const variables of [{}, { HOME: "" }, { HOME: "", USERPROFILE: "" }]) {
    const env = envOf(variables);
    readyEnvironment(env);
    assert.equal(env.get("HOME"), expected);
  }
  const env = envOf({ USERPROFILE: "C:\\Users\\me" });
  readyEnvironment(env);
  assert.deepEqual(env.toObject(), { USERPROFILE: "C:\\Users\\me" });
});

Deno.test("readyEnvironment() leaves alone what may not be read or set", {
  permissions: { env: false },
}, () => {
  readyEnvironment(Deno.env);
  assert.deepEqual(envNames(Deno.env), []);
});
