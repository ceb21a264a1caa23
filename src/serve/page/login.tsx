/** @jsxImportSource hono/jsx */
import { Layout } from "./layout.tsx";

/** Where somebody logs in with a token. */
export function LoginPage({ next, formToken, problem }: {
  /** Where they go then. */
  readonly next: string;
  /** What the form carries. */
  readonly formToken: string;
  /** Why they aren't let in. */
  readonly problem?: string | undefined;
}) {
  return (
    <Layout view={null} title="Log in">
      <form class="login card" method="post" action="/login">
        <h1>Log in</h1>
        {problem === undefined ? null : <p class="problem" role="alert" id="problem">{problem}</p>}
        <input type="hidden" name="form" value={formToken} />
        <input type="hidden" name="next" value={next} />
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          required
          autofocus
          autocomplete="current-password"
          spellcheck={false}
          maxlength={200}
          aria-describedby={problem === undefined ? "hint" : "problem hint"}
          aria-invalid={problem === undefined ? undefined : "true"}
        />
        <p class="soft" id="hint">
          <code>sluice serve token create</code> makes one; without a token file,{" "}
          <code>sluice serve</code> prints one when it starts.
        </p>
        <button type="submit" class="primary">Log in</button>
      </form>
    </Layout>
  );
}
