/** What the API answers. */
export interface Answer {
  /** The HTTP status. */
  readonly status: number;
  /** The response's body: anything that JSON can hold. */
  readonly body: unknown;
}
