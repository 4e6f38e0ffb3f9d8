// One order: its receipt, what happened to it, and what can still be done.

import { Refusal } from "/shared/api.js";
import { cents, money } from "/shared/format.js";
import { useValue } from "/shared/state.js";
import {
  html,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "/vendor/preact/standalone.module.js";
import { announce } from "../flow/announce.js";
import { newKey } from "../flow/keys.js";
import { cancelOrder, useOrder } from "../flow/orders.js";
import { go, useArrival } from "../flow/place.js";
import { outcome, payOrder, purchase, useOutcome } from "../flow/purchase.js";
import { RefusalNote } from "../parts/notices.js";
import { OrderReceipt, StatusStamp } from "../parts/order-receipt.js";
import { PurchaseSteps } from "../parts/purchase-steps.js";
import { ReceiptToCome } from "../parts/receipt.js";
import { TimeLeft } from "../parts/time-left.js";
import { inWords, standingInWords } from "../words.js";

export function OrderView({ id }) {
  const { data, error } = useOrder(id);
  const ended = useOutcome();
  useArrival(Boolean(data || error), "Your order");
  useEffect(() => () => outcome.set(null), [id]);
  useLayoutEffect(() => {
    if (ended?.paid && ended.order_id === id) go(`/orders/${id}/thanks`, { replace: true });
  }, [ended]);
  if (error) {
    return html`<div class="column">
      <h1 tabindex="-1">No such order</h1>
      <${RefusalNote} error=${error}><a class="button" href="/orders">My orders</a><//>
    </div>`;
  }
  return html`<div class="column">
    <p class="crumb"><a href="/orders">My orders</a></p>
    <h1 tabindex="-1">Your order</h1>
    ${ended?.error && ended.order_id === id && html`<${RefusalNote} error=${ended.error} />`}
    ${
      data
        ? html`<${Standing} order=${data.order} /><${OrderReceipt} order=${data.order} events=${data.events} />`
        : html`<${ReceiptToCome} />`
    }
  </div>`;
}

function Standing({ order }) {
  const step = useValue(purchase);
  const mine = step?.stage === "pay" && step.body.order_id === order.order_id;
  return html`<div class="standing">
    <p class="standing-status" role="status"><${StatusStamp} status=${order.status} />${" "}${standingInWords(order)}</p>
    ${mine && html`<${PurchaseSteps} step=${step} />`}
    ${order.status === "CREATED" && html`<${StillOpen} order=${order} paying=${mine} />`}
  </div>`;
}

function StillOpen({ order, paying }) {
  const held = order.stock_state === "HELD";
  return html`<p>
      ${held ? "Your things are put aside until it is paid. " : "Your things are being put aside. "}
      <${TimeLeft} until=${order.expires_at} />
    </p>
    <div class="actions">
      ${
        held &&
        !paying &&
        html`<button class="button" type="button" onClick=${() => payOrder(order)}>
        Pay ${money(cents(order.total_amount), order.currency)}
      </button>`
      }
      <${Cancel} order=${order} />
    </div>`;
}

function Cancel({ order }) {
  const [asking, setAsking] = useState(false);
  const [state, setState] = useState({ busy: false, error: null });
  const key = useRef(null);
  const sure = useRef(null);
  useEffect(() => {
    if (asking) sure.current?.focus();
  }, [asking]);
  const cancel = async () => {
    key.current ??= newKey();
    setState({ busy: true, error: null });
    try {
      await cancelOrder(order.order_id, key.current);
      announce("The order is cancelled, and everything is back on the shelf.");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      key.current = null;
      setState({ busy: false, error });
    }
  };
  if (!asking) {
    return html`<button class="button quiet" type="button" onClick=${() => setAsking(true)}>Cancel the order</button>`;
  }
  return html`<div class="sure" role="group" aria-label="Cancel the order?">
    <p>Cancel it? Everything goes back on the shelf.</p>
    ${state.error && html`<p role="alert">${inWords(state.error).title}. ${inWords(state.error).text}</p>`}
    <div class="actions">
      <button
        ref=${sure}
        class="button"
        type="button"
        aria-disabled=${state.busy ? "true" : undefined}
        onClick=${() => state.busy || cancel()}
      >
        ${state.busy ? "Cancelling…" : "Yes, cancel it"}
      </button>
      <button class="button quiet" type="button" onClick=${() => setAsking(false)}>Keep it</button>
    </div>
  </div>`;
}
