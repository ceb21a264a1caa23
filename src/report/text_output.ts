/** Where text goes. Writing waits until the text is taken. */
export interface TextOutput {
  /** Writes text; nothing is added to it. */
  write(text: string): void;
}
