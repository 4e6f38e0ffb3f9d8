// One HTTP call with a JSON answer, and the one kind of error that it throws.

/** A call that was rejected, or had no answer (`code` "unreachable", `status` 0). */
export class ApiError extends Error {
  constructor(status, problem, retryAfter = null) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.code = problem.code || (status ? `http_${status}` : "unreachable");
    this.errors = problem.errors || [];
    this.problem = problem;
    /** Seconds after which the call may be tried again, or null. */
    this.retryAfter = retryAfter;
  }

  /** Whether the same call may get through later. */
  get isTransient() {
    return (
      [0, 408, 429, 502, 503, 504, 507].includes(this.status) ||
      ["request_in_progress", "payment_in_progress"].includes(this.code)
    );
  }
}

/** Milliseconds by which the server's clock is ahead of this browser's clock. */
let clockOffset = 0;

/** The server's time in milliseconds, by the Date header of its last answer. */
export function serverNow() {
  return Date.now() + clockOffset;
}

/**
 * Sends one request. Returns `{status, data, headers}`; throws an ApiError, or an AbortError if
 * `signal` aborted it. No answer within `timeoutSeconds` counts as unreachable.
 */
export async function send(method, path, { headers = {}, body, signal, timeoutSeconds = 20 } = {}) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, timeoutSeconds * 1000);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  try {
    const response = await fetch(path, {
      method,
      headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: controller.signal,
      credentials: "omit",
    });
    const text = await response.text();
    adjustClock(response.headers.get("Date"));
    const data = parseJson(text);
    if (response.ok && data !== null) {
      return { status: response.status, data, headers: response.headers };
    }
    if (response.ok) throw new ApiError(502, { detail: "An answer that was cut short" });
    const wait = Number.parseFloat(response.headers.get("Retry-After"));
    throw new ApiError(response.status, data || {}, Number.isFinite(wait) ? wait : null);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (signal?.aborted) throw new DOMException("No longer wanted", "AbortError");
    throw new ApiError(0, { detail: "No answer" });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function adjustClock(date) {
  const ahead = date ? Date.parse(date) - Date.now() : Number.NaN;
  // The header has whole seconds: for a smaller difference our own clock is better.
  if (Number.isFinite(ahead)) clockOffset = Math.abs(ahead) > 1500 ? ahead : 0;
}
