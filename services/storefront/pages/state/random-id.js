// Identifiers for what is made in the browser: idempotency keys, and entries of its history.

/** 32 random hexadecimal digits; `crypto.randomUUID` is missing where the page came over HTTP. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
