// One order: its receipt, what happened to it, and what can still be done.

import { ApiError } from "/shared/api.js";
import { minorOf, money } from "/shared/format.js";
import { useStore } from "/shared/state.js";
import {
  html,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "/vendor/preact/standalone.module.js";
import { ErrorNote } from "../components/notices.js";
import { OrderReceipt, StatusStamp } from "../components/order-receipt.js";
import { PurchaseSteps } from "../components/purchase-steps.js";
import { ReceiptPlaceholder } from "../components/receipt.js";
import { ReceiptLink } from "../components/receipt-link.js";
import { TimeLeft } from "../components/time-left.js";
import { announce } from "../state/announce.js";
import { cancelOrder, useOrder } from "../state/orders.js";
import { outcome, payOrder, purchase, useOutcome } from "../state/purchase.js";
import { randomId } from "../state/random-id.js";
import { navigate, useRouteArrival } from "../state/router.js";
import { describeError, explainStatus } from "../texts.js";

export function OrderView({ id }) {
  const { data, error } = useOrder(id);
  const ended = useOutcome();
  useRouteArrival(Boolean(data || error), "Your order");
  useEffect(() => () => outcome.set(null), [id]);
  useLayoutEffect(() => {
    if (ended?.paid && ended.order_id === id) navigate(`/orders/${id}/thanks`, { replace: true });
  }, [ended]);
  if (error) {
    return html`<div class="column">
      <h1 tabindex="-1">No such order</h1>
      <${ErrorNote} error=${error}><a class="button" href="/orders">My orders</a><//>
    </div>`;
  }
  return html`<div class="column">
    <p class="crumb"><a href="/orders">My orders</a></p>
    <h1 tabindex="-1">Your order</h1>
    ${ended?.error && ended.order_id === id && html`<${ErrorNote} error=${ended.error} />`}
    ${
      data
        ? html`<${Standing} order=${data.order} /><${OrderReceipt} order=${data.order} events=${data.events} />
          ${data.order.payment_id && html`<${ReceiptLink} orderId=${id} />`}`
        : html`<${ReceiptPlaceholder} />`
    }
  </div>`;
}

function Standing({ order }) {
  const step = useStore(purchase);
  const mine = step?.stage === "pay" && step.body.order_id === order.order_id;
  return html`<div class="standing">
    <p class="standing-status" role="status"><${StatusStamp} status=${order.status} />${" "}${explainStatus(order)}</p>
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
        Pay ${money(minorOf(order.total_amount, order.currency), order.currency)}
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
    key.current ??= randomId();
    setState({ busy: true, error: null });
    try {
      await cancelOrder(order.order_id, key.current);
      announce("The order is cancelled, and everything is back on the shelf.");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      key.current = null;
      setState({ busy: false, error });
    }
  };
  if (!asking) {
    return html`<button class="button quiet" type="button" onClick=${() => setAsking(true)}>Cancel the order</button>`;
  }
  return html`<div class="sure" role="group" aria-label="Cancel the order?">
    <p>Cancel it? Everything goes back on the shelf.</p>
    ${state.error && html`<p role="alert">${describeError(state.error).title}. ${describeError(state.error).text}</p>`}
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
