// The registry's routes that this page uses, called with the operator key.

import { ApiError, send } from "/shared/api.js";
import { readEvents } from "./server-sent-events.js";

const CALL_SECONDS = 3;
const HISTORY_PAGE = 200;

export class RegistryClient {
  #key;

  constructor(key) {
    this.#key = key;
  }

  /** Every service with its instances, and `at`: when that was so. */
  async services() {
    const { data } = await this.#call("GET", "/services");
    return { ...data, at: new Date() };
  }

  /** A page of `events`, newest first; `after` is the `next` of the page before it. */
  async history(after = null) {
    const query = new URLSearchParams({ limit: HISTORY_PAGE, ...(after && { after }) });
    const { data, headers } = await this.#call("GET", `/history?${query}`);
    return { events: data, next: nextOf(headers.get("Link")) };
  }

  /** Say as the operator that an instance is to be `up` or `draining`; gives the instance. */
  async setState({ service, instance_id }, state) {
    const path = [service, instance_id].map(encodeURIComponent).join("/");
    const { data } = await this.#call("PUT", `/services/${path}/state`, { body: { state } });
    return data;
  }

  /** What happens from now on, as it happens, until `signal`. */
  async events(signal) {
    // The limit is for the beginning: a stream has no end of its own.
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, CALL_SECONDS * 1000);
    signal.addEventListener("abort", abort, { once: true });
    try {
      const answer = await fetch("/events", { headers: this.#headers, signal: controller.signal });
      if (!answer.ok) throw new ApiError(answer.status, {});
      return readEvents(answer.body);
    } finally {
      clearTimeout(timer);
    }
  }

  #call(method, path, options) {
    return send(method, path, { ...options, headers: this.#headers, timeoutSeconds: CALL_SECONDS });
  }

  get #headers() {
    return { "X-API-Key": this.#key };
  }
}

/** Why the key of a call was refused, in words; null if it was not the key. */
export function keyRefusal({ status }) {
  switch (status) {
    case 401:
      return "That is not the operator key. It is the API_KEY that the shop was started with.";
    case 403:
      return "That is a customer’s token. This page takes the operator key.";
    default:
      return null;
  }
}

function nextOf(link) {
  const query = link?.match(/<[^?>]*\?([^>]*)>; rel="next"/)?.[1];
  return query ? new URLSearchParams(query).get("after") : null;
}
