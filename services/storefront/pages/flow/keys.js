// Names that nothing else has.

/** 32 hexadecimal digits; also where the page was not loaded over a secure connection. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
