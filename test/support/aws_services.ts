import { serveHttp, type TestServer } from "./http_server.ts";

/** The keys that the services hand out. */
export interface HandedOut {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The services that the AWS SDK asks for keys, on this machine. */
export interface AwsServices extends TestServer {
  /** What was asked, in turn: `sts AssumeRole arn:aws:iam::1:role/backup`, `imds role`. */
  readonly asked: readonly string[];
}

/** The token of an SSO session. */
export const SSO_TOKEN = "sso-access-token";
/** The token that a container is given for its keys. */
export const CONTAINER_TOKEN = "container-token";
/** The token of a web identity. */
export const WEB_IDENTITY_TOKEN = "web.identity.token";

const METADATA_TOKEN = "metadata-token";
const SESSION_TOKEN = "session-token";
const HOUR_MS = 3_600_000;

/**
 * Serves the part of STS, of the SSO portal and its token endpoint, of a container's credentials endpoint and
 * of an instance's metadata that the AWS SDK takes keys from. All hand out the same keys, and only to who
 * shows the token that belongs there.
 *
 * @param keys The keys.
 * @see {@link https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html}
 * @see {@link https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html}
 * @see {@link https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html}
 * @see {@link https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html}
 */
export function startAwsServices({ accessKeyId, secretAccessKey }: HandedOut): AwsServices {
  const asked: string[] = [];
  const expiration = new Date(Date.now() + HOUR_MS);
  const server = serveHttp(async (request, { pathname, searchParams }) => {
    const header = (name: string) => request.headers.get(name);
    if (pathname === "/" && request.method === "POST") {
      return sts(new URLSearchParams(await request.text()), header("authorization") ?? "");
    }
    if (pathname === "/federation/credentials") {
      asked.push(`sso ${searchParams.get("account_id")} ${searchParams.get("role_name")}`);
      if (header("x-amz-sso_bearer_token") !== SSO_TOKEN) return refused();
      const times = { expiration: expiration.getTime() };
      return Response.json({
        roleCredentials: { accessKeyId, secretAccessKey, sessionToken: SESSION_TOKEN, ...times },
      });
    }
    if (pathname === "/token" && request.method === "POST") {
      const { refreshToken } = await request.json();
      asked.push(`sso-oidc ${refreshToken}`);
      return Response.json({ accessToken: SSO_TOKEN, expiresIn: 3600, tokenType: "Bearer" });
    }
    if (pathname === "/container") {
      asked.push("container");
      return header("authorization") === CONTAINER_TOKEN ? Response.json(metadata()) : refused();
    }
    if (pathname === "/latest/api/token" && request.method === "PUT") {
      return new Response(METADATA_TOKEN);
    }
    if (pathname.startsWith("/latest/meta-data/iam/security-credentials/")) {
      if (header("x-aws-ec2-metadata-token") !== METADATA_TOKEN) return refused();
      const role = pathname.split("/").at(-1)!;
      if (role === "") return new Response("backup");
      asked.push(`imds ${role}`);
      return Response.json({ Code: "Success", ...metadata() });
    }
    return new Response("There is nothing like that.", { status: 404 });
  });

  function metadata(): Record<string, string> {
    return {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: SESSION_TOKEN,
      Expiration: expiration.toISOString(),
    };
  }

  function sts(form: URLSearchParams, authorization: string): Response {
    const action = form.get("Action") ?? "";
    asked.push(`sts ${action} ${form.get("RoleArn")}`);
    const isAllowed = action === "AssumeRole"
      // Signed with the keys of the source profile.
      ? authorization.includes(`Credential=${accessKeyId}/`)
      : form.get("WebIdentityToken") === WEB_IDENTITY_TOKEN;
    if (!isAllowed) return refused();
    const body = `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` +
      `<${action}Result><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId>` +
      `<SecretAccessKey>${secretAccessKey}</SecretAccessKey>` +
      `<SessionToken>${SESSION_TOKEN}</SessionToken>` +
      `<Expiration>${expiration.toISOString()}</Expiration></Credentials>` +
      `</${action}Result></${action}Response>`;
    return new Response(body, { headers: { "content-type": "text/xml" } });
  }

  return { ...server, asked };
}

function refused(): Response {
  return new Response("<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", {
    status: 403,
    headers: { "content-type": "text/xml" },
  });
}
